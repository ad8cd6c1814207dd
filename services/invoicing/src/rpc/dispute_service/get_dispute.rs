//! GetDispute: one dispute.

use contracts::invoicing::{GetDisputeRequest, GetDisputeResponse};
use runtime::{Call, Refusal};

use crate::app::App;
use crate::domain::DisputeId;
use crate::rpc::error;
use crate::rpc::wire::dispute::dispute_to_wire;
use crate::rpc::wire::field;
use crate::store;

/// One read transaction.
pub async fn handle(
    app: &App,
    call: Call,
    request: GetDisputeRequest,
) -> Result<GetDisputeResponse, Refusal> {
    let id = DisputeId(field::only_id("dispute_id", &request.dispute_id)?);
    let mut tx = app.db.begin_read(&call).await?;
    let found = store::dispute::find_in_tx(&mut tx, call.tenant(), id).await?;
    tx.commit().await?;
    let dispute = found.ok_or_else(|| error::dispute_not_found(id))?;
    Ok(GetDisputeResponse {
        dispute: Some(dispute_to_wire(&dispute)),
    })
}
