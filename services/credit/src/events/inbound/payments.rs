//! What we do with the events of payments: keep what came in of each customer's money and is still
//! with us, and look at their holds again. What of it was applied is told by invoicing.

use contracts::common::Event;
use contracts::payments as wire;
use events::{ApplyError, Applying};
use futures_util::FutureExt as _;
use opentelemetry::KeyValue;
use postgres::Tx;
use prost::Name as _;
use uuid::Uuid;

use super::{
    Changed, customer, facts, id, lock_in_tx, missing, money, poison, review_in_tx, tenant,
};
use crate::app::App;
use crate::store;
use crate::store::known_cash::KnownReceipt;

/// Applies events in the transaction of their batch, all receipts at once, then reviews each
/// customer's holds once.
pub fn apply<'a>(app: &'a App, tx: &'a mut Tx, events: &'a [&'a Event]) -> Applying<'a> {
    async move {
        let tenant = tenant(events)?;
        let mut told = Vec::new();
        let mut changed = Changed::new();
        for event in events {
            let Some(receipt) = receipt(event)? else {
                continue;
            };
            let known = known(&receipt, event.subject_version)?;
            changed.extend(
                known
                    .customer_id
                    .map(|owner| (owner, event.traceparent.as_str())),
            );
            told.push(known);
            let kind = KeyValue::new("type", event.r#type.clone());
            app.metrics.applied_events.add(1, &[kind]);
        }
        let Some(last) = events.last().filter(|_| !told.is_empty()) else {
            return Ok(());
        };
        let receipts: Vec<Uuid> = told.iter().map(|known| known.receipt_id).collect();
        for owner in store::known_cash::owners_in_tx(tx, tenant, &receipts).await? {
            changed.entry(owner).or_insert(&last.traceparent);
        }
        lock_in_tx(tx, tenant, &changed).await?;
        store::known_cash::keep_receipts_in_tx(tx, tenant, &told).await?;
        Ok(review_in_tx(app, tx, tenant, &changed).await?)
    }
    .boxed()
}

/// The receipt whose money or owner changed; `None`: of no use here.
fn receipt(event: &Event) -> Result<Option<wire::Receipt>, ApplyError> {
    let kind = event.r#type.as_str();
    let receipt = if kind == wire::ReceiptRecorded::full_name() {
        facts::<wire::ReceiptRecorded>(event)?.receipt
    } else if kind == wire::ReceiptAssigned::full_name() {
        facts::<wire::ReceiptAssigned>(event)?.receipt
    } else if kind == wire::ReceiptReversed::full_name() {
        facts::<wire::ReceiptReversed>(event)?.receipt
    } else if kind == wire::UnappliedCashRefunded::full_name() {
        facts::<wire::UnappliedCashRefunded>(event)?.receipt
    } else {
        return Ok(None);
    };
    receipt.ok_or_else(|| missing("receipt")).map(Some)
}

fn known(receipt: &wire::Receipt, version: i64) -> Result<KnownReceipt, ApplyError> {
    let amount = money(receipt.amount.as_ref(), "amount")?;
    let refunded = money(receipt.refunded_amount.as_ref(), "refunded_amount")?;
    let returned = money(receipt.returned_amount.as_ref(), "returned_amount")?;
    let kept = amount
        .checked_sub(refunded)
        .and_then(|kept| kept.checked_sub(returned));
    let owner = Some(receipt.customer_id.as_str()).filter(|id| !id.is_empty());
    Ok(KnownReceipt {
        receipt_id: id(&receipt.receipt_id, "receipt_id")?,
        customer_id: owner.map(customer).transpose()?,
        kept_amount: kept.map_err(|error| poison(error.to_string()))?,
        version,
    })
}
