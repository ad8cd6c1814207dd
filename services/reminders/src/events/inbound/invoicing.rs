//! What we do with the events of invoicing: keep what every invoice is worth, open a case with a
//! customer's first one, judge promises by what was paid, hold what is disputed (P13, P18).

mod told;

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;

use contracts::common::Event;
use events::{ApplyError, Applying};
use futures_util::FutureExt as _;
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

/// The cases that a run of events bears on, each with the trace context of the last of them.
type Opened<'a> = BTreeMap<(TenantId, CustomerId), (CaseFile, &'a str)>;

/// Applies events in the transaction of their batch: each case is opened for the first that bears on
/// it, and saved once all have acted.
pub fn apply<'a>(app: &'a App, tx: &'a mut Tx, events: &'a [&'a Event]) -> Applying<'a> {
    async move {
        let mut opened = Opened::new();
        for event in events {
            let Some(told) = told(event)? else {
                continue;
            };
            take_over(app, tx, &mut opened, event, told).await?;
            let labels = [KeyValue::new("type", event.r#type.clone())];
            app.metrics.applied_events.add(1, &labels);
        }
        for (file, traceparent) in opened.into_values() {
            app.pending.add(file.save_in_tx(tx, traceparent).await?);
        }
        Ok(())
    }
    .boxed()
}

async fn take_over<'a>(
    app: &App,
    tx: &mut Tx,
    opened: &mut Opened<'a>,
    event: &'a Event,
    told: Told,
) -> Result<(), ApplyError> {
    let tenant = parsed(&event.tenant_id, "tenant_id")?;
    let mut customers: BTreeMap<CustomerId, Vec<Balance>> = BTreeMap::new();
    for (customer_id, balance) in told.balances {
        customers.entry(customer_id).or_default().push(balance);
    }
    for (customer_id, balances) in customers {
        let (file, traceparent) = match opened.entry((tenant, customer_id)) {
            Entry::Occupied(known) => known.into_mut(),
            Entry::Vacant(place) => {
                let file = opened_in_tx(app, tx, tenant, customer_id).await?;
                place.insert((file, ""))
            }
        };
        *traceparent = &event.traceparent;
        for balance in balances {
            file.apply_in_tx(tx, balance).await?;
        }
        file.follow_facts_in_tx(tx, &told.facts, told.reversed)
            .await?;
        if let Some(dispute) = told.dispute.filter(|one| one.customer_id == customer_id) {
            follow_dispute_in_tx(file, tx, &dispute).await?;
        }
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
