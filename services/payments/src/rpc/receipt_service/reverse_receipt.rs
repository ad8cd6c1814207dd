//! ReverseReceipt: takes a receipt back as a whole, its applications first.

use std::sync::Arc;

use contracts::payments::{ReverseReceiptRequest, ReverseReceiptResponse};
use postgres::operations::{self, Started};
use postgres::{audit, retried};
use runtime::{Answer, Call, Refusal, fault};
use serde_json::json;

use crate::app::App;
use crate::domain::Coded as _;
use crate::jobs::booking::Books;
use crate::jobs::operation::{self, Progress, Reverse, Work};
use crate::rpc::error;
use crate::rpc::known::{today_in_tx, until_known};
use crate::rpc::wire::field;
use crate::rpc::wire::receipt_request::brought_reversal;
use crate::store;

/// 1. Parse; 2. start the operation of the request, or find it; 3. of a new one lock the receipt,
///    compare the etag, mark it and its applications as being taken back; 4. outside of the
///    transaction drive the operation to its end.
pub async fn handle(
    app: Arc<App>,
    call: Call,
    request: ReverseReceiptRequest,
) -> Result<Answer<ReverseReceiptResponse>, Refusal> {
    let brought = brought_reversal(&request)?;
    let key = call.key(&request)?;
    let start = || async {
        let now = app.clock.now();
        let mut tx = app.db.begin(&call).await?;
        let kind = operation::REVERSE;
        let started = operations::start_in_tx(&mut tx, &key, kind, &json!({}), now).await?;
        let Started::New(mut operation) = started else {
            return Ok(started);
        };
        let receipt = store::receipt::lock_in_tx(&mut tx, call.tenant(), brought.receipt_id);
        let receipt = receipt.await?;
        let mut receipt = receipt.ok_or_else(|| error::receipt_not_found(brought.receipt_id.0))?;
        error::check_etag(&request.etag, &field::etag(receipt.version))?;
        let today = today_in_tx(&app, &mut tx, call.tenant()).await?;
        let order = brought.order(today.max(receipt.receipt_date));
        let books = Books::new(&app, call.tenant(), call.traceparent());
        let id = operation.operation_id;
        books
            .start_reversal_in_tx(&mut tx, &mut receipt, order, today, id)
            .await?;
        let subject = format!("receipt/{}", receipt.receipt_id.0);
        let facts = json!({ "reason": brought.reason.code() });
        audit::record_in_tx(&mut tx, &call.audit(subject, facts, now)).await?;
        let receipt_id = receipt.receipt_id;
        let progress = Progress {
            traceparent: call.traceparent().to_owned(),
            work: Work::Reverse(Reverse { receipt_id }),
        };
        let scheduled = operation::watch_in_tx(&mut tx, &mut operation, &progress, now).await?;
        fault::point("payments.reverse.before_commit");
        tx.commit().await?;
        fault::point("payments.reverse.marked");
        app.wakeups.announce([scheduled]);
        Ok(Started::New(operation))
    };
    let started = until_known(|| retried(start)).await?;
    operation::answered(&app, &call, started).await
}
