//! The last look: what is owed after reminders has fallen quiet decides whether the agency gets the
//! debt (P19).

use std::collections::{BTreeMap, BTreeSet};

use money::Money;
use postgres::{Tx, retried};
use runtime::fault;
use serde_json::json;
use timers::Scheduled;

use super::{DriveError, Driving, answer, batch, count};
use crate::domain::agreement::Agreement;
use crate::domain::debt::HoldReason;
use crate::domain::excluded_fact::Exclusions;
use crate::domain::identity::InvoiceId;
use crate::domain::placement::{Activated, Activation, Look, PlacementError};
use crate::domain::placement_policy::PolicyInForce;
use crate::jobs::locked::{Cause, LockedPlacement};
use crate::store;

/// Takes the look and books what it leads to. One that was overtaken, or took too long, is taken
/// again.
pub(super) async fn take(of: &Driving<'_>, invoice_ids: &[InvoiceId]) -> Result<(), DriveError> {
    let (clients, real_clock) = (&of.app.clients, &of.app.real_clock);
    let look = clients
        .look(of.errand.clone(), invoice_ids, real_clock)
        .await?;
    fault::point("agency.place.looked");
    let scheduled = retried(|| judge(of, &look)).await?;
    of.app.wakeups.announce(scheduled);
    Ok(())
}

async fn judge(of: &Driving<'_>, look: &Look) -> Result<Vec<Scheduled>, DriveError> {
    let (app, tenant) = (of.app, of.tenant);
    let at = app.clock.now();
    let mut tx = app.db.begin(tenant).await?;
    let locked = LockedPlacement::lock_in_tx(&mut tx, tenant, of.placement_id).await?;
    let Some(mut locked) = locked else {
        return Ok(Vec::new());
    };
    let known = Known::read_in_tx(&mut tx, of, &locked).await?;
    let activation = Activation {
        exclusions: &known.exclusions,
        holds: &known.holds,
        unapplied: known.unapplied,
        agreement: &known.agreement,
        foreign: known.foreign,
        today: known.zone.local_date(at),
        at,
        real_now: app.real_clock.now(),
        look_stamp: app.stamp(at),
        terms_stamp: app.stamp(at),
    };
    let activated = locked
        .placement
        .activate(&mut locked.invoices, look, &activation);
    let cause = Cause {
        at,
        traceparent: "",
    };
    let scheduled = match activated {
        Err(PlacementError::NotPendingHold(_) | PlacementError::LookAgain) => {
            return Ok(Vec::new());
        }
        Err(error) => return Err(error.into()),
        Ok(Activated::NothingLeft(decision)) => {
            store::decision::insert_in_tx(&mut tx, tenant, &decision).await?;
            let saved = locked.save_in_tx(&mut tx, tenant, cause, &[]).await?;
            saved.into_iter().collect()
        }
        Ok(Activated::Active(handover)) => {
            for decision in [&handover.look, &handover.terms] {
                store::decision::insert_in_tx(&mut tx, tenant, decision).await?;
            }
            let told = [handover.event];
            let saved = locked.save_in_tx(&mut tx, tenant, cause, &told).await?;
            if let Some(terms) = &locked.placement.commission_terms {
                store::placement_terms::insert_in_tx(&mut tx, tenant, of.placement_id, terms)
                    .await?;
            }
            store::placement_entry::insert_all_in_tx(&mut tx, tenant, &handover.entries).await?;
            let batch = batch::settled_in_tx(of, &mut tx, &locked.placement, at).await?;
            answer::finish_in_tx(&mut tx, tenant, &locked, at).await?;
            let facts = json!({ "state": "ACTIVE", "decision_id": handover.look.decision_id });
            of.audit_in_tx(&mut tx, facts, at).await?;
            saved.into_iter().chain(batch).collect()
        }
    };
    fault::point("agency.place.before_active");
    tx.commit().await?;
    fault::point("agency.place.active");
    count(app, &locked.placement);
    Ok(scheduled)
}

/// What is known here at the moment of the look.
struct Known {
    exclusions: Exclusions,
    holds: BTreeMap<InvoiceId, BTreeSet<HoldReason>>,
    unapplied: Money,
    agreement: Agreement,
    foreign: bool,
    zone: calendar::Zone,
}

impl Known {
    async fn read_in_tx(
        tx: &mut Tx,
        of: &Driving<'_>,
        locked: &LockedPlacement,
    ) -> Result<Self, DriveError> {
        let (tenant, placement) = (of.tenant, &locked.placement);
        let missing = DriveError::Missing;
        let policy = store::placement_policy::active_version_in_tx(tx, tenant).await?;
        let policy = policy.as_ref().map(|policy| PolicyInForce {
            version: policy.version,
            definition: &policy.definition,
        });
        let ids: Vec<InvoiceId> = locked.invoices.iter().map(|one| one.invoice_id).collect();
        let debts = store::known_invoice::find_all_in_tx(tx, tenant, &ids).await?;
        let (customer_id, currency) = (placement.customer_id, placement.currency());
        let unapplied = store::known_cash::unapplied_in_tx(tx, tenant, customer_id).await?;
        let agreement_id = placement.agreement_id.ok_or(missing("the agreement"))?;
        let agreement = store::agreement::find_in_tx(tx, tenant, agreement_id).await?;
        let agency = store::agency::find_in_tx(tx, tenant, placement.agency_id).await?;
        let agency = agency.ok_or(missing("the agency"))?;
        let customers = store::known_customer::find_all_in_tx(tx, tenant, &[customer_id]).await?;
        let customer = customers
            .into_iter()
            .next()
            .ok_or(missing("the customer"))?;
        let known = store::known_tenant::find_in_tx(tx, tenant).await?;
        Ok(Self {
            exclusions: Exclusions::under(policy),
            holds: debts
                .into_iter()
                .map(|debt| (debt.invoice_id, debt.holds))
                .collect(),
            unapplied: unapplied
                .get(&currency)
                .copied()
                .unwrap_or(Money::zero(currency)),
            agreement: agreement.ok_or(missing("the agreement"))?,
            foreign: customer.country != agency.country,
            zone: known.ok_or(missing("the tenant's profile"))?.zone,
        })
    }
}
