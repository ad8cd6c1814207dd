//! GetCreditHold: one hold with the decision behind it.

use contracts::credit::{GetCreditHoldRequest, GetCreditHoldResponse};
use runtime::{Call, Refusal};

use crate::app::App;
use crate::domain::CreditHoldId;
use crate::rpc::error;
use crate::rpc::wire::credit_hold::hold_to_wire;
use crate::rpc::wire::field;
use crate::store;

/// One read transaction.
pub async fn handle(
    app: &App,
    call: Call,
    request: GetCreditHoldRequest,
) -> Result<GetCreditHoldResponse, Refusal> {
    let id = field::only_id("credit_hold_id", &request.credit_hold_id)?;
    let mut tx = app.db.begin_read(&call).await?;
    let found = store::credit_hold::find_in_tx(&mut tx, call.tenant(), CreditHoldId(id)).await?;
    tx.commit().await?;
    let hold = found.ok_or_else(|| error::credit_hold_not_found(id))?;
    Ok(GetCreditHoldResponse {
        credit_hold: Some(hold_to_wire(&hold)),
    })
}
