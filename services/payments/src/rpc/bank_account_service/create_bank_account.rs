//! CreateBankAccount: an account of the tenant whose statements will be read.

use std::sync::Arc;

use contracts::payments::{CreateBankAccountRequest, CreateBankAccountResponse};
use postgres::idempotency::{self, Begun};
use postgres::{audit, retried};
use prost::Message as _;
use runtime::{Answer, Call, Refusal};
use serde_json::json;

use crate::app::App;
use crate::rpc::error;
use crate::rpc::wire::bank_account::{account_to_wire, brought_account};
use crate::store;

/// 1. Parse; 2. take the request id, or answer as the first time; 3. store the account unless its
///    identity or number is taken.
pub async fn handle(
    app: Arc<App>,
    call: Call,
    request: CreateBankAccountRequest,
) -> Result<Answer<CreateBankAccountResponse>, Refusal> {
    let now = app.clock.now();
    let fresh = app.stamped(|stamp| stamp.id());
    let account = brought_account(&request)?.into_account(fresh, now);
    let key = call.key(&request)?;
    retried(|| async {
        let mut tx = app.db.begin(&call).await?;
        let first = match idempotency::begin_in_tx(&mut tx, &key).await? {
            Begun::Replay(stored) => return Ok(Answer::replayed(stored)),
            Begun::First(first) => first,
        };
        if !store::bank_account::insert_in_tx(&mut tx, call.tenant(), &account).await? {
            return Err(error::bank_account_exists(account.bank_account_id));
        }
        let subject = format!("bank_account/{}", account.bank_account_id.0);
        let facts = json!({ "currency_code": account.currency.code() });
        audit::record_in_tx(&mut tx, &call.audit(subject, facts, now)).await?;
        let answer = CreateBankAccountResponse {
            bank_account: Some(account_to_wire(&account)),
        };
        first.finish_in_tx(&mut tx, &answer.encode_to_vec()).await?;
        tx.commit().await?;
        Ok(Answer::new(answer))
    })
    .await
}
