//! AssignReceipt: says whose money a receipt is.

use std::sync::Arc;

use contracts::payments::{AssignReceiptRequest, AssignReceiptResponse};
use postgres::idempotency::{self, Begun};
use postgres::{audit, retried};
use prost::Message as _;
use runtime::{Answer, Call, Refusal, Violations};
use serde_json::json;

use crate::app::App;
use crate::domain::{CustomerId, ReceiptId};
use crate::jobs::booking::Books;
use crate::rpc::error;
use crate::rpc::known::{customer_in_tx, until_known};
use crate::rpc::wire::field;
use crate::rpc::wire::receipt::receipt_to_wire;
use crate::store;

/// 1. Parse; 2. take the request id, or answer as the first time; 3. lock the receipt, compare the
///    etag, assign it: where that changes anything, its money moves to the customer's cash, and that
///    is told.
pub async fn handle(
    app: Arc<App>,
    call: Call,
    request: AssignReceiptRequest,
) -> Result<Answer<AssignReceiptResponse>, Refusal> {
    let mut violations = Violations::new();
    let receipt_id = field::id(&mut violations, "receipt_id", &request.receipt_id);
    let customer_id = field::id(&mut violations, "customer_id", &request.customer_id);
    let (receipt_id, customer_id) = violations.complete((receipt_id, customer_id))?;
    let (receipt_id, customer_id) = (ReceiptId(receipt_id), CustomerId(customer_id));
    let key = call.key(&request)?;
    let assign = || async {
        let now = app.clock.now();
        let tenant = call.tenant();
        let mut tx = app.db.begin(&call).await?;
        let first = match idempotency::begin_in_tx(&mut tx, &key).await? {
            Begun::Replay(stored) => return Ok(Answer::replayed(stored)),
            Begun::First(first) => first,
        };
        let receipt = store::receipt::lock_in_tx(&mut tx, tenant, receipt_id).await?;
        let mut receipt = receipt.ok_or_else(|| error::receipt_not_found(receipt_id.0))?;
        error::check_etag(&request.etag, &field::etag(receipt.version))?;
        customer_in_tx(&mut tx, tenant, customer_id).await?;
        let books = Books::new(&app, tenant, call.traceparent());
        books
            .assign_in_tx(&mut tx, &mut receipt, customer_id)
            .await?;
        let subject = format!("receipt/{}", receipt_id.0);
        let facts = json!({ "customer_id": customer_id });
        audit::record_in_tx(&mut tx, &call.audit(subject, facts, now)).await?;
        let answer = AssignReceiptResponse {
            receipt: Some(receipt_to_wire(&receipt)),
        };
        first.finish_in_tx(&mut tx, &answer.encode_to_vec()).await?;
        tx.commit().await?;
        Ok(Answer::new(answer))
    };
    until_known(|| retried(assign)).await
}
