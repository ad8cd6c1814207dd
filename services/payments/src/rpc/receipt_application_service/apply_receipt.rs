//! ApplyReceipt: money of a receipt goes to invoices, by name or by rule.

use std::sync::Arc;

use contracts::payments::{ApplyReceiptRequest, ApplyReceiptResponse};
use jiff::Timestamp;
use postgres::operations::{self, Operation, Started};
use postgres::{TenantId, Tx, audit, retried};
use prost::Message as _;
use runtime::{Answer, Call, Refusal, fault};
use serde_json::json;

use crate::app::App;
use crate::domain::{
    CustomerId, NamedInvoice, PlannedApplication, Receipt, lookup_keys, named_invoices,
};
use crate::jobs::booking::Books;
use crate::jobs::operation::{self, Apply, Progress, Work};
use crate::rpc::error;
use crate::rpc::wire::field;
use crate::rpc::wire::receipt::receipt_to_wire;
use crate::rpc::wire::receipt_order::{ApplyOrder, OrderTarget, apply_from_wire};
use crate::store;
use crate::store::receipt_application::Driver;

/// 1. Parse; 2. start the operation of the request, or find it; 3. of a new one lock the receipt,
///    compare the etag, resolve references, set the money aside; 4. outside of the transaction drive
///    the operation to its end: invoicing is asked, its answers are booked.
pub async fn handle(
    app: Arc<App>,
    call: Call,
    request: ApplyReceiptRequest,
) -> Result<Answer<ApplyReceiptResponse>, Refusal> {
    let order = apply_from_wire(&request)?;
    let key = call.key(&request)?;
    let start = || async {
        let now = app.clock.now();
        fault::point("payments.apply.before_begin");
        let mut tx = app.db.begin(&call).await?;
        let kind = operation::APPLY;
        let started = operations::start_in_tx(&mut tx, &key, kind, &json!({}), now).await?;
        let Started::New(mut operation) = started else {
            return Ok(started);
        };
        let receipt = store::receipt::lock_in_tx(&mut tx, call.tenant(), order.receipt_id).await?;
        let mut receipt = receipt.ok_or_else(|| error::receipt_not_found(order.receipt_id.0))?;
        error::check_etag(&request.etag, &field::etag(receipt.version))?;
        let planned = planned_in_tx(&mut tx, call.tenant(), &order, &receipt).await?;
        let books = Books::new(&app, call.tenant(), call.traceparent());
        let scheduled = if planned.is_empty() {
            found_nothing_in_tx(&mut tx, &mut operation, &receipt, now).await?;
            None
        } else {
            let apply = first_in_tx(&books, &mut tx, &operation, &mut receipt, &order, planned);
            let progress = Progress {
                traceparent: call.traceparent().to_owned(),
                work: Work::Apply(apply.await?),
            };
            Some(operation::watch_in_tx(&mut tx, &mut operation, &progress, now).await?)
        };
        let subject = format!("receipt/{}", receipt.receipt_id.0);
        let facts = json!({ "operation_id": operation.operation_id });
        audit::record_in_tx(&mut tx, &call.audit(subject, facts, now)).await?;
        fault::point("payments.apply.before_commit");
        tx.commit().await?;
        fault::point("payments.apply.reserved");
        app.wakeups.announce(scheduled);
        Ok(Started::New(operation))
    };
    let started = retried::<_, Refusal, _, _>(start).await?;
    operation::answered(&app, &call, started).await
}

/// What is to be asked of invoicing. References are resolved here; what is open and what fits is
/// decided there (CA-1).
async fn planned_in_tx(
    tx: &mut Tx,
    tenant: TenantId,
    order: &ApplyOrder,
    receipt: &Receipt,
) -> Result<Vec<PlannedApplication>, Refusal> {
    Ok(match &order.target {
        OrderTarget::Named(invoices) => PlannedApplication::of_named(invoices.clone()),
        OrderTarget::Rule(rule) => {
            let customer_id = order.customer_id.or(receipt.customer_id);
            let quoted = match customer_id {
                Some(customer_id) if rule.asks_for_references() => {
                    quoted_in_tx(tx, tenant, customer_id, receipt).await?
                }
                _ => Vec::new(),
            };
            PlannedApplication::of_rule(rule, &quoted)
        }
    })
}

/// The invoices of the customer that the remittance names. Closed ones too: what was written off is
/// open to money (IS-6).
async fn quoted_in_tx(
    tx: &mut Tx,
    tenant: TenantId,
    customer_id: CustomerId,
    receipt: &Receipt,
) -> Result<Vec<NamedInvoice>, Refusal> {
    let keys = lookup_keys(&receipt.remittance);
    let mut invoices = store::invoice::by_references_in_tx(tx, tenant, &keys).await?;
    invoices.retain(|one| one.customer_id == customer_id && one.currency() == receipt.currency());
    Ok(named_invoices(&receipt.remittance, &invoices))
}

/// Sets the money aside for the first of the planned applications.
async fn first_in_tx(
    books: &Books<'_>,
    tx: &mut Tx,
    operation: &Operation,
    receipt: &mut Receipt,
    order: &ApplyOrder,
    mut planned: Vec<PlannedApplication>,
) -> Result<Apply, Refusal> {
    let first = planned.remove(0);
    let (amount, customer_id) = (order.amount, order.customer_id);
    let reserve = books.stamped(|stamp| first.order(amount, customer_id, stamp));
    let driver = Driver {
        operation_id: Some(operation.operation_id),
        bank_line_id: None,
    };
    let reserved = books.reserve_in_tx(tx, receipt, reserve, driver).await?;
    Ok(Apply {
        receipt_id: receipt.receipt_id,
        customer_id,
        application_ids: vec![reserved.application_id],
        planned,
    })
}

/// The rule asks for references alone, and the remittance names none: nothing is applied.
async fn found_nothing_in_tx(
    tx: &mut Tx,
    operation: &mut Operation,
    receipt: &Receipt,
    now: Timestamp,
) -> Result<(), Refusal> {
    let answer = ApplyReceiptResponse {
        applications: Vec::new(),
        receipt: Some(receipt_to_wire(receipt)),
    };
    let answer = answer.encode_to_vec();
    operations::finish_in_tx(tx, operation, &answer, now).await?;
    operation.answer = Some(answer);
    Ok(())
}
