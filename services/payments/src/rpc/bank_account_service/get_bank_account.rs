//! GetBankAccount: one account.

use contracts::payments::{GetBankAccountRequest, GetBankAccountResponse};
use runtime::{Call, Refusal};

use crate::app::App;
use crate::domain::BankAccountId;
use crate::rpc::error;
use crate::rpc::wire::bank_account::account_to_wire;
use crate::rpc::wire::field;
use crate::store;

/// One read transaction.
pub async fn handle(
    app: &App,
    call: Call,
    request: GetBankAccountRequest,
) -> Result<GetBankAccountResponse, Refusal> {
    let id = BankAccountId(field::only_id("bank_account_id", &request.bank_account_id)?);
    let mut tx = app.db.begin_read(&call).await?;
    let account = store::bank_account::find_in_tx(&mut tx, call.tenant(), id).await?;
    tx.commit().await?;
    let account = account.ok_or_else(|| error::bank_account_not_found(id))?;
    Ok(GetBankAccountResponse {
        bank_account: Some(account_to_wire(&account)),
    })
}
