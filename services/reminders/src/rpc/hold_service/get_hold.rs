//! GetHold.

use contracts::reminders::{GetHoldRequest, GetHoldResponse};
use runtime::{Call, Refusal};

use crate::app::App;
use crate::domain::id::HoldId;
use crate::rpc::error;
use crate::rpc::wire::field;
use crate::rpc::wire::hold::hold_to_wire;
use crate::store;

/// One read transaction.
pub async fn handle(
    app: &App,
    call: Call,
    request: GetHoldRequest,
) -> Result<GetHoldResponse, Refusal> {
    let id = field::only_id("hold_id", &request.hold_id, HoldId::new)?;
    let mut tx = app.db.begin_read(&call).await?;
    let found = store::hold::find_in_tx(&mut tx, call.tenant(), id).await?;
    tx.commit().await?;
    let hold = found.ok_or_else(|| error::hold::not_found(id))?;
    Ok(GetHoldResponse {
        hold: Some(hold_to_wire(&hold)),
    })
}
