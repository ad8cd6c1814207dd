//! The beginning of the way out: everything that is known when a debt is to be placed, and the start
//! of one that a batch has taken.

use std::collections::BTreeMap;

use calendar::{Date, Timestamp};
use postgres::{DbError, TenantId, Tx, retried};
use serde_json::json;

use super::{DriveError, Driving, batch, count};
use crate::domain::agency::Agency;
use crate::domain::agreement::{Agreement, AgreementError, in_force};
use crate::domain::commission_terms::TermsError;
use crate::domain::identity::InvoiceId;
use crate::domain::placement::{HoldStart, PlacementError};
use crate::jobs::locked::{Cause, LockedPlacement};
use crate::store;

/// What is known when a debt is to be placed.
#[derive(Debug)]
pub struct StartFacts {
    agency: Agency,
    agreement: Agreement,
    earlier_placements: BTreeMap<InvoiceId, i32>,
    placed_elsewhere: Vec<InvoiceId>,
}

impl StartFacts {
    /// Reads them; a rule says no where the agency has no agreement for the currency today.
    ///
    /// # Errors
    /// [`DbError`] of the statements.
    pub async fn read_in_tx(
        tx: &mut Tx,
        tenant: TenantId,
        locked: &LockedPlacement,
        today: Date,
    ) -> Result<Result<Self, PlacementError>, DbError> {
        let placement = &locked.placement;
        let no_agreement = |error| PlacementError::Terms(TermsError::Agreement(error));
        let agencies = [placement.agency_id];
        let agency = store::agency::find_in_tx(tx, tenant, placement.agency_id).await?;
        let Some(agency) = agency else {
            return Ok(Err(no_agreement(AgreementError::None)));
        };
        let agreements = store::agreement::of_agencies_in_tx(tx, tenant, &agencies).await?;
        let agreement = match in_force(&agreements, today, placement.currency()) {
            Ok(agreement) => agreement.clone(),
            Err(error) => return Ok(Err(no_agreement(error))),
        };
        let ids: Vec<InvoiceId> = locked.invoices.iter().map(|one| one.invoice_id).collect();
        let id = placement.placement_id;
        let earlier =
            store::placement_invoice::earlier_placements_in_tx(tx, tenant, id, &ids).await?;
        let elsewhere =
            store::placement_invoice::held_elsewhere_in_tx(tx, tenant, id, &ids).await?;
        Ok(Ok(Self {
            agency,
            agreement,
            earlier_placements: earlier,
            placed_elsewhere: elsewhere,
        }))
    }

    /// The same for the domain; looked at again at `next_check_time` if the driver dies.
    #[must_use]
    pub fn hold_start(&self, next_check_time: Timestamp) -> HoldStart<'_> {
        HoldStart {
            agency: &self.agency,
            agreement: &self.agreement,
            earlier_placements: &self.earlier_placements,
            placed_elsewhere: &self.placed_elsewhere,
            next_check_time,
        }
    }
}

/// Whether the database found that another placement holds one of the invoices (P19).
#[must_use]
pub fn is_held_elsewhere(error: &DbError) -> bool {
    error.constraint() == Some("placement_invoice_held")
}

/// Starts a placement that a batch has taken; one that cannot be started is withdrawn, and the batch
/// goes on without it.
pub(super) async fn start(of: &Driving<'_>) -> Result<(), DriveError> {
    let begun = retried(|| begin(of)).await;
    match begun {
        // Somebody was faster by a moment: seen before the next try.
        Err(DriveError::Db(error)) if is_held_elsewhere(&error) => Ok(()),
        begun => begun,
    }
}

async fn begin(of: &Driving<'_>) -> Result<(), DriveError> {
    let (app, tenant) = (of.app, of.tenant);
    let at = app.clock.now();
    let mut tx = app.db.begin(tenant).await?;
    let locked = LockedPlacement::lock_in_tx(&mut tx, tenant, of.placement_id).await?;
    let Some(mut locked) = locked else {
        return Ok(());
    };
    let known = store::known_tenant::find_in_tx(&mut tx, tenant).await?;
    let zone = known
        .ok_or(DriveError::Missing("the tenant's profile"))?
        .zone;
    let today = zone.local_date(at);
    let facts = StartFacts::read_in_tx(&mut tx, tenant, &locked, today).await?;
    let LockedPlacement {
        placement,
        invoices,
        ..
    } = &mut locked;
    let started =
        facts.and_then(|facts| placement.start_hold_in_batch(invoices, &facts.hold_start(at)));
    let told = match started {
        Ok(()) => Vec::new(),
        // It moved on meanwhile.
        Err(PlacementError::NotApproved(_)) => return Ok(()),
        Err(why) => vec![placement.withdraw_unplaced(invoices, &why, at)?],
    };
    let cause = Cause {
        at,
        traceparent: "",
    };
    let scheduled = locked.save_in_tx(&mut tx, tenant, cause, &told).await?;
    let of_batch = batch::settled_in_tx(of, &mut tx, &locked.placement, at).await?;
    let state = locked.placement.state;
    of.audit_in_tx(&mut tx, json!({ "state": state.name() }), at)
        .await?;
    tx.commit().await?;
    app.wakeups.announce(scheduled.into_iter().chain(of_batch));
    count(app, &locked.placement);
    Ok(())
}
