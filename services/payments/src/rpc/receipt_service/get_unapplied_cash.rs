//! GetUnappliedCash: what a customer has left, by currency (CA-6).

use contracts::payments::{GetUnappliedCashRequest, GetUnappliedCashResponse};
use runtime::{Call, Refusal};

use crate::app::App;
use crate::domain::CustomerId;
use crate::rpc::wire::field;
use crate::rpc::wire::receipt::unapplied_cash_to_wire;
use crate::store;

/// All entries of the customer in one read transaction.
pub async fn handle(
    app: &App,
    call: Call,
    request: GetUnappliedCashRequest,
) -> Result<GetUnappliedCashResponse, Refusal> {
    let customer_id = CustomerId(field::only_id("customer_id", &request.customer_id)?);
    let mut tx = app.db.begin_read(&call).await?;
    let left =
        store::unapplied_cash::of_customer_in_tx(&mut tx, call.tenant(), customer_id).await?;
    tx.commit().await?;
    Ok(GetUnappliedCashResponse {
        unapplied_cash: left.iter().map(unapplied_cash_to_wire).collect(),
    })
}
