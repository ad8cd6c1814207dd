//! What we do with the events of reminders: keep the case of each customer, how far reminding has
//! come with each invoice, what holds debts, and which channels customers opted out of. The policy
//! judges by them; what decides about a placement is asked in reminders itself.

use std::collections::BTreeMap;

use contracts::common::Event;
use contracts::reminders as wire;
use events::ApplyError;
use futures_util::FutureExt as _;
use futures_util::future::BoxFuture;
use postgres::{TenantId, Tx};

use super::facts;
use crate::app::App;
use crate::domain::debt::HoldReason;
use crate::domain::identity::{CustomerId, InvoiceId};
use crate::rpc::wire::mirror::Mirror as _;
use crate::store;

/// Applies one event in the transaction of its batch.
pub fn apply<'a>(
    app: &'a App,
    tx: &'a mut Tx,
    event: &'a Event,
) -> BoxFuture<'a, Result<(), ApplyError>> {
    async move {
        let tenant: TenantId = facts::parsed(&event.tenant_id, "tenant_id")?;
        if facts::is::<wire::CaseOpened>(event) {
            case_opened(tx, tenant, event).await?;
        } else if facts::is::<wire::MessageSent>(event) {
            message_sent(tx, tenant, event).await?;
        } else if facts::is::<wire::LadderCompleted>(event) {
            ladder_completed(tx, tenant, event).await?;
        } else if facts::is::<wire::HoldPlaced>(event) {
            hold_placed(tx, tenant, event).await?;
        } else if facts::is::<wire::HoldReleased>(event) {
            hold_released(tx, tenant, event).await?;
        } else if facts::is::<wire::ConsentRecorded>(event) {
            consent_recorded(tx, tenant, event).await?;
        } else {
            return Ok(());
        }
        facts::count(app, event);
        Ok(())
    }
    .boxed()
}

async fn case_opened(tx: &mut Tx, tenant: TenantId, event: &Event) -> Result<(), ApplyError> {
    let told: wire::CaseOpened = facts::read(event)?;
    let case = facts::needed(told.case, "case")?;
    let customer_id = facts::parsed(&case.customer_id, "customer_id")?;
    let case_id = facts::parsed(&case.case_id, "case_id")?;
    store::known_case::insert_in_tx(tx, tenant, customer_id, case_id).await?;
    Ok(())
}

/// Several lines are of one invoice where it has instalments: the gravest counts.
async fn message_sent(tx: &mut Tx, tenant: TenantId, event: &Event) -> Result<(), ApplyError> {
    let told: wire::MessageSent = facts::read(event)?;
    let step_date = facts::date(told.step_date.as_ref(), "step_date")?;
    let mut levels: BTreeMap<InvoiceId, i32> = BTreeMap::new();
    for line in &told.lines {
        let invoice_id = facts::parsed(&line.invoice_id, "invoice_id")?;
        let level = levels.entry(invoice_id).or_default();
        *level = line.level.max(*level);
    }
    store::known_case::step_taken_in_tx(tx, tenant, &levels, step_date).await?;
    Ok(())
}

async fn ladder_completed(tx: &mut Tx, tenant: TenantId, event: &Event) -> Result<(), ApplyError> {
    let told: wire::LadderCompleted = facts::read(event)?;
    let invoice_id = facts::parsed(&told.invoice_id, "invoice_id")?;
    store::known_case::ladder_completed_in_tx(tx, tenant, invoice_id, told.level).await?;
    Ok(())
}

async fn hold_placed(tx: &mut Tx, tenant: TenantId, event: &Event) -> Result<(), ApplyError> {
    let told: wire::HoldPlaced = facts::read(event)?;
    let case = facts::needed(told.case, "case")?;
    let hold_id = facts::parsed(&told.hold_id, "hold_id")?;
    let customer_id: CustomerId = facts::parsed(&case.customer_id, "customer_id")?;
    let reason = facts::needed(HoldReason::of(told.reason), "reason")?;
    let invoices = facts::parsed_all(&told.invoice_ids, "invoice_ids")?;
    let hold = (hold_id, customer_id);
    store::known_hold::insert_in_tx(tx, tenant, hold, reason, &invoices).await?;
    Ok(())
}

async fn hold_released(tx: &mut Tx, tenant: TenantId, event: &Event) -> Result<(), ApplyError> {
    let told: wire::HoldReleased = facts::read(event)?;
    let hold_id = facts::parsed(&told.hold_id, "hold_id")?;
    if told.state() == wire::HoldState::Active {
        let released = facts::parsed_all(&told.released_invoice_ids, "released_invoice_ids")?;
        store::known_hold::release_invoices_in_tx(tx, tenant, hold_id, &released).await?;
    } else {
        store::known_hold::delete_in_tx(tx, tenant, hold_id).await?;
    }
    Ok(())
}

async fn consent_recorded(tx: &mut Tx, tenant: TenantId, event: &Event) -> Result<(), ApplyError> {
    let told: wire::ConsentRecorded = facts::read(event)?;
    let customer_id = facts::parsed(&told.customer_id, "customer_id")?;
    let channel = told.channel().as_str_name();
    let channel = channel.trim_start_matches("CHANNEL_");
    let opted_out = told.state() == wire::ConsentState::OptedOut;
    let effective = facts::instant(told.effective_time.as_ref(), "effective_time")?;
    let said = (channel, opted_out);
    store::known_case::upsert_consent_in_tx(tx, tenant, customer_id, said, effective).await?;
    Ok(())
}
