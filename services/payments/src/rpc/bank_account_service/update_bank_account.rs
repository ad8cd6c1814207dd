//! UpdateBankAccount: changes what describes an account; its number and currency never change.

use std::sync::Arc;

use contracts::payments::{UpdateBankAccountRequest, UpdateBankAccountResponse};
use postgres::idempotency::{self, Begun};
use postgres::{audit, retried};
use prost::Message as _;
use runtime::{Answer, Call, Refusal};
use serde_json::json;

use crate::app::App;
use crate::domain::BankAccountId;
use crate::rpc::error;
use crate::rpc::wire::bank_account::{CHANGEABLE, account_to_wire, change_account};
use crate::rpc::wire::field;
use crate::store;

/// 1. Check identity and mask; 2. take the request id, or answer as the first time; 3. lock the
///    account, compare the etag, put the masked fields in.
pub async fn handle(
    app: Arc<App>,
    call: Call,
    request: UpdateBankAccountRequest,
) -> Result<Answer<UpdateBankAccountResponse>, Refusal> {
    let now = app.clock.now();
    let tenant = call.tenant();
    let bank_account_id = field::only_id("bank_account_id", &request.bank_account_id)?;
    let paths = field::mask(request.update_mask.as_ref(), CHANGEABLE)?;
    let key = call.key(&request)?;
    retried(|| async {
        let mut tx = app.db.begin(&call).await?;
        let first = match idempotency::begin_in_tx(&mut tx, &key).await? {
            Begun::Replay(stored) => return Ok(Answer::replayed(stored)),
            Begun::First(first) => first,
        };
        let id = BankAccountId(bank_account_id);
        let account = store::bank_account::lock_in_tx(&mut tx, tenant, id).await?;
        let mut account = account.ok_or_else(|| error::bank_account_not_found(id))?;
        error::check_etag(&request.etag, &field::etag(account.version))?;
        if change_account(&mut account, request.bank_account.as_ref(), &paths)? {
            store::bank_account::update_in_tx(&mut tx, tenant, &account).await?;
            let facts = json!({ "fields": &paths });
            let subject = format!("bank_account/{bank_account_id}");
            audit::record_in_tx(&mut tx, &call.audit(subject, facts, now)).await?;
        }
        let answer = UpdateBankAccountResponse {
            bank_account: Some(account_to_wire(&account)),
        };
        first.finish_in_tx(&mut tx, &answer.encode_to_vec()).await?;
        tx.commit().await?;
        Ok(Answer::new(answer))
    })
    .await
}
