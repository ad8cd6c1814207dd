//! What we do with the events of payments: keep what came in of each customer's money and is still
//! with us, and look at their holds again. What of it was applied is told by invoicing.

use contracts::common::Event;
use contracts::payments as wire;
use events::{ApplyError, Applying};
use futures_util::FutureExt as _;
use opentelemetry::KeyValue;
use postgres::Tx;
use prost::Name as _;

use super::{
    Changed, customer, facts, id, lock_in_tx, missing, money, poison, review_in_tx, tenant,
};
use crate::app::App;
use crate::store;
use crate::store::known_cash::KnownReceipt;

/// Applies events in the transaction of their batch, then reviews each customer's holds once.
pub fn apply<'a>(app: &'a App, tx: &'a mut Tx, events: &'a [&'a Event]) -> Applying<'a> {
    async move {
        let tenant = tenant(events)?;
        let mut changed = Changed::new();
        for event in events {
            let Some(receipt) = receipt(event)? else {
                continue;
            };
            let known = known(&receipt, event.subject_version)?;
            let before = store::known_cash::owner_in_tx(tx, tenant, known.receipt_id).await?;
            let mut owners: Vec<_> = before.into_iter().chain(known.customer_id).collect();
            owners.sort_unstable();
            owners.dedup();
            for owner in &owners {
                lock_in_tx(tx, tenant, *owner).await?;
            }
            if !store::known_cash::keep_receipt_in_tx(tx, tenant, &known).await? {
                continue;
            }
            for owner in owners {
                changed.insert(owner, &event.traceparent);
            }
            let kind = KeyValue::new("type", event.r#type.clone());
            app.metrics.applied_events.add(1, &[kind]);
        }
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
