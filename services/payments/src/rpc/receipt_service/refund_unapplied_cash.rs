//! RefundUnappliedCash: gives unapplied money back to where it came from (CA-6).

use std::sync::Arc;

use contracts::payments::{RefundUnappliedCashRequest, RefundUnappliedCashResponse};
use events::append_in_tx;
use jiff::Timestamp;
use postgres::idempotency::{self, Begun};
use postgres::{Tx, audit, retried};
use prost::Message as _;
use runtime::{Answer, Call, Refusal};
use serde_json::json;

use crate::app::App;
use crate::domain::{DomainEvent, Receipt, ReceiptEntry, Refund, RefundOrder, Share};
use crate::events::outbound::{announce, announce_cash};
use crate::rpc::error;
use crate::rpc::known::{today_in_tx, until_known};
use crate::rpc::wire::field;
use crate::rpc::wire::receipt::{receipt_to_wire, refund_to_wire};
use crate::rpc::wire::receipt_request::{BroughtRefund, brought_refund};
use crate::store;
use crate::store::ledger::Change;

/// 1. Parse; 2. take the request id, or answer as the first time; 3. lock the receipt, compare the
///    etag, refund; 4. store the refund with the receipt it came from, and tell it.
pub async fn handle(
    app: Arc<App>,
    call: Call,
    request: RefundUnappliedCashRequest,
) -> Result<Answer<RefundUnappliedCashResponse>, Refusal> {
    let brought = brought_refund(&request)?;
    let key = call.key(&request)?;
    let refund = || async {
        let now = app.clock.now();
        let mut tx = app.db.begin(&call).await?;
        let first = match idempotency::begin_in_tx(&mut tx, &key).await? {
            Begun::Replay(stored) => return Ok(Answer::replayed(stored)),
            Begun::First(first) => first,
        };
        let receipt = store::receipt::lock_in_tx(&mut tx, call.tenant(), brought.receipt_id);
        let receipt = receipt.await?;
        let mut receipt = receipt.ok_or_else(|| error::receipt_not_found(brought.receipt_id.0))?;
        error::check_etag(&request.etag, &field::etag(receipt.version))?;
        let before = receipt.share();
        let entry = decided_in_tx(&app, &call, &mut tx, &mut receipt, brought.clone()).await?;
        let refund = receipt.refunds.last();
        let refund = refund.ok_or_else(|| Refusal::internal("a refund that left no trace"))?;
        refunded_in_tx(&mut tx, &call, (before, &receipt, entry), refund, now).await?;
        let answer = RefundUnappliedCashResponse {
            refund: Some(refund_to_wire(refund)),
            receipt: Some(receipt_to_wire(&receipt)),
        };
        first.finish_in_tx(&mut tx, &answer.encode_to_vec()).await?;
        tx.commit().await?;
        Ok(Answer::new(answer))
    };
    until_known(|| retried(refund)).await
}

async fn decided_in_tx(
    app: &App,
    call: &Call,
    tx: &mut Tx,
    receipt: &mut Receipt,
    brought: BroughtRefund,
) -> Result<ReceiptEntry, Refusal> {
    let today = today_in_tx(app, tx, call.tenant()).await?;
    let order = RefundOrder {
        amount: brought.amount,
        note: brought.note,
        refund_date: brought
            .refund_date
            .unwrap_or(today.max(receipt.receipt_date)),
    };
    let refunded = app.stamped(|stamp| receipt.refund(order, today, stamp));
    refunded.map_err(|refused| error::receipt_refused(brought.receipt_id, &refused, "refund_date"))
}

async fn refunded_in_tx(
    tx: &mut Tx,
    call: &Call,
    (before, receipt, entry): (Share, &Receipt, ReceiptEntry),
    refund: &Refund,
    now: Timestamp,
) -> Result<(), Refusal> {
    let tenant = call.tenant();
    let change = Change {
        receipt,
        before,
        entries: &[entry],
    };
    let cash = store::ledger::change_in_tx(tx, tenant, &[change]).await?;
    store::refund::insert_in_tx(tx, tenant, receipt.receipt_id, refund).await?;
    let event = DomainEvent::UnappliedCashRefunded { refund, receipt };
    let mut told = vec![announce(now, &event)];
    told.extend(announce_cash(now, &cash));
    append_in_tx(tx, tenant, call.traceparent(), &told).await?;
    let subject = format!("receipt/{}", receipt.receipt_id.0);
    let facts = json!({ "refund_id": refund.refund_id, "amount": refund.amount });
    audit::record_in_tx(tx, &call.audit(subject, facts, now)).await?;
    Ok(())
}
