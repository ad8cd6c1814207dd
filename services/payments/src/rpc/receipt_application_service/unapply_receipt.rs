//! UnapplyReceipt: takes one application back, by an entry of its own with its own day (CA-7).

use std::sync::Arc;

use contracts::payments::{UnapplyReceiptRequest, UnapplyReceiptResponse};
use jiff::civil::Date;
use postgres::operations::{self, Started};
use postgres::{Tx, audit, retried};
use runtime::{Answer, Call, Refusal};
use serde_json::json;

use crate::app::App;
use crate::domain::{ApplicationId, ReceiptId};
use crate::jobs::operation::{self, Progress, Unapply, Work};
use crate::rpc::error;
use crate::rpc::known::{today_in_tx, until_known};
use crate::rpc::wire::receipt_order::unapply_from_wire;
use crate::store;
use crate::store::ledger::Change;

/// 1. Parse; 2. start the operation of the request, or find it; 3. of a new one lock the receipt and
///    mark the application as being taken back; 4. outside of the transaction drive the operation to
///    its end.
pub async fn handle(
    app: Arc<App>,
    call: Call,
    request: UnapplyReceiptRequest,
) -> Result<Answer<UnapplyReceiptResponse>, Refusal> {
    let (application_id, reversal_date) = unapply_from_wire(&request)?;
    let key = call.key(&request)?;
    let start = || async {
        let now = app.clock.now();
        let mut tx = app.db.begin(&call).await?;
        let kind = operation::UNAPPLY;
        let started = operations::start_in_tx(&mut tx, &key, kind, &json!({}), now).await?;
        let Started::New(mut operation) = started else {
            return Ok(started);
        };
        let receipt_id = marked_in_tx(&app, &call, &mut tx, application_id, reversal_date).await?;
        let progress = Progress {
            traceparent: call.traceparent().to_owned(),
            work: Work::Unapply(Unapply {
                receipt_id,
                application_id,
            }),
        };
        let scheduled = operation::watch_in_tx(&mut tx, &mut operation, &progress, now).await?;
        let subject = format!("receipt/{}", receipt_id.0);
        let facts = json!({ "unapplied": application_id });
        audit::record_in_tx(&mut tx, &call.audit(subject, facts, now)).await?;
        tx.commit().await?;
        app.wakeups.announce([scheduled]);
        Ok(Started::New(operation))
    };
    let started = until_known(|| retried(start)).await?;
    operation::answered(&app, &call, started).await
}

/// Marks the application under the lock of its receipt, which is returned.
async fn marked_in_tx(
    app: &App,
    call: &Call,
    tx: &mut Tx,
    application_id: ApplicationId,
    reversal_date: Option<Date>,
) -> Result<ReceiptId, Refusal> {
    let tenant = call.tenant();
    let not_found = || error::application_not_found(application_id.0);
    // Whose it is never changes; what became of it is read again under the lock.
    let found = store::receipt_application::find_in_tx(tx, tenant, application_id).await?;
    let receipt_id = found.ok_or_else(not_found)?.receipt_id;
    let receipt = store::receipt::lock_in_tx(tx, tenant, receipt_id).await?;
    let mut receipt = receipt.ok_or_else(not_found)?;
    let found = store::receipt_application::find_in_tx(tx, tenant, application_id).await?;
    let mut application = found.ok_or_else(not_found)?;
    let today = today_in_tx(app, tx, tenant).await?;
    let day = reversal_date.unwrap_or(today.max(receipt.receipt_date));
    let before = receipt.share();
    let marked = app.stamped(|stamp| application.start_reversal(&mut receipt, day, today, stamp));
    marked.map_err(|refused| error::unapply_refused(application_id.0, receipt_id, refused))?;
    let change = Change {
        receipt: &receipt,
        before,
        entries: &[],
    };
    store::ledger::change_in_tx(tx, tenant, &[change]).await?;
    store::receipt_application::update_all_in_tx(tx, tenant, &[&application]).await?;
    Ok(receipt_id)
}
