//! GetCommission: one entry with its decision.

use contracts::agency::{GetCommissionRequest, GetCommissionResponse};
use runtime::{Call, Refusal};

use crate::app::App;
use crate::domain::identity::CommissionId;
use crate::rpc::error;
use crate::rpc::wire::commission::commission_to_wire;
use crate::rpc::wire::field;
use crate::store;

/// One read transaction.
pub async fn handle(
    app: &App,
    call: Call,
    request: GetCommissionRequest,
) -> Result<GetCommissionResponse, Refusal> {
    let id = CommissionId::new(field::only_id("commission_id", &request.commission_id)?);
    let tenant = call.tenant();
    let mut tx = app.db.begin_read(&call).await?;
    let found = store::commission::find_in_tx(&mut tx, tenant, id).await?;
    let entry = found.ok_or_else(|| error::commission::not_found(id))?;
    let decision = store::decision::find_in_tx(&mut tx, tenant, Some(entry.decision_id)).await?;
    tx.commit().await?;
    Ok(GetCommissionResponse {
        commission: Some(commission_to_wire(&entry, decision.as_ref())),
    })
}
