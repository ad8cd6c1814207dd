//! What we do with the events of invoicing: keep what every invoice is worth, open a case with a
//! customer's first one, judge promises by what was paid, hold what is disputed (P13, P18).

mod told;

use std::collections::BTreeMap;

use contracts::common::Event;
use events::ApplyError;
use futures_util::FutureExt as _;
use futures_util::future::BoxFuture;
use opentelemetry::KeyValue;
use postgres::{TenantId, Tx};
use uuid::Uuid;

pub use self::told::balance_of;
use self::told::{Told, told};
use crate::app::App;
use crate::domain::case::Case;
use crate::domain::debtor::Debtor;
use crate::domain::hold::{Ended, Hold, HoldReason, HoldScope, NewHold, SERVICE};
use crate::domain::id::{CaseId, CustomerId, HoldId};
use crate::domain::invoice::Balance;
use crate::events::reading::parsed;
use crate::store::case_file::CaseFile;
use crate::store::dispute::Dispute;
use crate::store::{case, customer, dispute};

/// Applies one event in the transaction of its batch.
pub fn apply<'a>(
    app: &'a App,
    tx: &'a mut Tx,
    event: &'a Event,
) -> BoxFuture<'a, Result<(), ApplyError>> {
    async move {
        let tenant = parsed(&event.tenant_id, "tenant_id")?;
        let Some(told) = told(event)? else {
            return Ok(());
        };
        take_over(app, tx, tenant, told, &event.traceparent).await?;
        let labels = [KeyValue::new("type", event.r#type.clone())];
        app.metrics.applied_events.add(1, &labels);
        Ok(())
    }
    .boxed()
}

async fn take_over(
    app: &App,
    tx: &mut Tx,
    tenant: TenantId,
    told: Told,
    traceparent: &str,
) -> Result<(), ApplyError> {
    let mut customers: BTreeMap<CustomerId, Vec<Balance>> = BTreeMap::new();
    for (customer_id, balance) in told.balances {
        customers.entry(customer_id).or_default().push(balance);
    }
    for (customer_id, balances) in customers {
        let mut file = opened_in_tx(app, tx, tenant, customer_id).await?;
        for balance in balances {
            file.apply_in_tx(tx, balance).await?;
        }
        file.follow_facts_in_tx(tx, &told.facts, told.reversed)
            .await?;
        if let Some(dispute) = told.dispute.filter(|one| one.customer_id == customer_id) {
            follow_dispute_in_tx(&mut file, tx, &dispute).await?;
        }
        app.pending.add(file.save_in_tx(tx, traceparent).await?);
    }
    Ok(())
}

/// The case of a customer, locked; opened with the first invoice.
async fn opened_in_tx(
    app: &App,
    tx: &mut Tx,
    tenant: TenantId,
    customer_id: CustomerId,
) -> Result<CaseFile, ApplyError> {
    let now = app.clock.now();
    if let Some(file) = CaseFile::lock_of_customer_in_tx(tx, tenant, customer_id, now).await? {
        return Ok(file);
    }
    // Credit's feed may be behind: the case is there, and waits until the customer is known.
    let known = customer::find_in_tx(tx, tenant, customer_id).await?;
    let debtor = known.unwrap_or_else(|| Debtor::unknown(customer_id));
    let (opened, event) = Case::open(CaseId::new(Uuid::now_v7()), &debtor, now);
    case::insert_in_tx(tx, tenant, &opened).await?;
    let file = CaseFile::lock_in_tx(tx, tenant, opened.case_id, now).await?;
    let Some(mut file) = file else {
        return Err(ApplyError::Poison("the case vanished".to_owned()));
    };
    file.case = opened;
    file.tell([event]);
    Ok(file)
}

/// An open dispute holds its invoice or the disputed part of it; a resolved one no more (CC-10).
async fn follow_dispute_in_tx(
    file: &mut CaseFile,
    tx: &mut Tx,
    told: &Dispute,
) -> Result<(), ApplyError> {
    if !dispute::upsert_in_tx(tx, file.tenant, told).await? {
        return Ok(());
    }
    let of_dispute = |hold: &&Hold| {
        hold.reason == HoldReason::Dispute && hold.subject_id == Some(told.dispute_id)
    };
    let held = file.holds.iter().find(of_dispute).cloned();
    match (told.is_open, held) {
        (true, None) => {
            let part = (!told.whole_invoice && told.amount.is_positive()).then_some(told.amount);
            let new = NewHold {
                hold_id: HoldId::new(Uuid::now_v7()),
                scope: HoldScope::Invoices([told.invoice_id].into()),
                reason: HoldReason::Dispute,
                end_date: None,
                note: String::new(),
                by: SERVICE.to_owned(),
                at: file.now,
            };
            let (hold, event) = Hold::follow(&file.case, new, told.dispute_id, part);
            file.add_hold_in_tx(tx, hold, event).await?;
        }
        (false, Some(mut hold)) => {
            let ended = Ended {
                time: file.now,
                by: SERVICE.to_owned(),
                note: String::new(),
            };
            if let Some(event) = hold.end_with_facts(&file.case, ended) {
                file.change_hold_in_tx(tx, hold, event).await?;
            }
        }
        (true, Some(_)) | (false, None) => {}
    }
    Ok(())
}
