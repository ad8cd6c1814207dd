//! What we do with the events of payments: keep what came in from each customer and what of it
//! lowers no invoice, and take lines of remittances back whose receipts were. How money lowered a
//! debt is told by invoicing.

use contracts::common::Event;
use contracts::payments as wire;
use events::ApplyError;
use futures_util::FutureExt as _;
use futures_util::future::BoxFuture;
use postgres::{TenantId, Tx};

use super::{booking, facts};
use crate::app::App;
use crate::jobs::locked::Cause;
use crate::store;
use crate::store::known_cash::KnownReceipt;

/// Applies one event in the transaction of its batch.
pub fn apply<'a>(
    app: &'a App,
    tx: &'a mut Tx,
    event: &'a Event,
) -> BoxFuture<'a, Result<(), ApplyError>> {
    async move {
        let tenant: TenantId = facts::parsed(&event.tenant_id, "tenant_id")?;
        if facts::is::<wire::UnappliedCashChanged>(event) {
            unapplied_changed(tx, tenant, event).await?;
        } else if facts::is::<wire::ReceiptRecorded>(event) {
            let told: wire::ReceiptRecorded = facts::read(event)?;
            receipt_known(tx, tenant, event, told.receipt).await?;
        } else if facts::is::<wire::ReceiptAssigned>(event) {
            let told: wire::ReceiptAssigned = facts::read(event)?;
            receipt_known(tx, tenant, event, told.receipt).await?;
        } else if facts::is::<wire::ReceiptReversed>(event) {
            receipt_reversed(app, tx, tenant, event).await?;
        } else {
            return Ok(());
        }
        facts::count(app, event);
        Ok(())
    }
    .boxed()
}

async fn unapplied_changed(tx: &mut Tx, tenant: TenantId, event: &Event) -> Result<(), ApplyError> {
    let told: wire::UnappliedCashChanged = facts::read(event)?;
    let left = facts::needed(told.unapplied_cash, "unapplied_cash")?;
    let customer_id = facts::parsed(&left.customer_id, "customer_id")?;
    let amount = facts::money(left.unapplied_amount.as_ref(), "unapplied_amount")?;
    let version = left.version;
    store::known_cash::upsert_unapplied_in_tx(tx, tenant, customer_id, amount, version).await?;
    Ok(())
}

async fn receipt_known(
    tx: &mut Tx,
    tenant: TenantId,
    event: &Event,
    receipt: Option<wire::Receipt>,
) -> Result<(), ApplyError> {
    let receipt = facts::needed(receipt, "receipt")?;
    let customer_id = facts::known(receipt.customer_id.clone());
    let customer_id = customer_id.map(|id| facts::parsed(&id, "customer_id"));
    let known = KnownReceipt {
        receipt_id: facts::parsed(&receipt.receipt_id, "receipt_id")?,
        customer_id: customer_id.transpose()?,
        amount: facts::money(receipt.amount.as_ref(), "amount")?,
        receipt_date: facts::date(receipt.receipt_date.as_ref(), "receipt_date")?,
        reversed: receipt.state() == wire::ReceiptState::Reversed,
    };
    let version = event.subject_version;
    store::known_cash::upsert_receipt_in_tx(tx, tenant, &known, version).await?;
    Ok(())
}

async fn receipt_reversed(
    app: &App,
    tx: &mut Tx,
    tenant: TenantId,
    event: &Event,
) -> Result<(), ApplyError> {
    let told: wire::ReceiptReversed = facts::read(event)?;
    receipt_known(tx, tenant, event, told.receipt.clone()).await?;
    let receipt = facts::needed(told.receipt, "receipt")?;
    let reversal = facts::needed(receipt.reversal.as_ref(), "reversal")?;
    let date = facts::date(reversal.reversal_date.as_ref(), "reversal_date")?;
    let receipt_id = facts::parsed(&receipt.receipt_id, "receipt_id")?;
    let cause = Cause {
        at: app.clock.now(),
        traceparent: &event.traceparent,
    };
    booking::receipt_reversed_in_tx(app, tx, tenant, (receipt_id, date), cause).await
}
