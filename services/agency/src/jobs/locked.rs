//! A placement with its invoices, locked: what every change of one begins and ends with. What it
//! waits for by itself and the timer that drives it on are always written together (P9).

use calendar::Timestamp;
use events::append_in_tx;
use postgres::{DbError, TenantId, Tx};
use timers::Scheduled;

use crate::domain::event::Event;
use crate::domain::identity::PlacementId;
use crate::domain::placement::{Placement, PlacementInvoice};
use crate::events::outbound::announce_all;
use crate::jobs::drive_placement;
use crate::store;

/// When and by what a change came.
#[derive(Debug, Clone, Copy)]
pub struct Cause<'a> {
    /// Now, by the business clock.
    pub at: Timestamp,
    /// The trace of the call, or of the event, that caused it; or empty.
    pub traceparent: &'a str,
}

/// A placement whose row this transaction holds.
#[derive(Debug)]
pub struct LockedPlacement {
    /// The placement.
    pub placement: Placement,
    /// Its invoices, the oldest due date first.
    pub invoices: Vec<PlacementInvoice>,
    /// When it was to be looked at, as it was found.
    found_check_time: Option<Timestamp>,
}

impl LockedPlacement {
    /// Locks a placement; none: there is no such one.
    ///
    /// # Errors
    /// [`DbError`] of the statements.
    pub async fn lock_in_tx(
        tx: &mut Tx,
        tenant: TenantId,
        placement_id: PlacementId,
    ) -> Result<Option<Self>, DbError> {
        let placement = store::placement::lock_in_tx(tx, tenant, placement_id).await?;
        let Some(placement) = placement else {
            return Ok(None);
        };
        let invoices = store::placement_invoice::of_in_tx(tx, tenant, placement_id).await?;
        Ok(Some(Self {
            found_check_time: placement.next_check_time,
            placement,
            invoices,
        }))
    }

    /// Stores the placement with its invoices, tells what happened, and moves the timer where what
    /// it waits for has changed: a timer that stays is not taken from the worker that is on it.
    /// Answers what is to be announced after the commit.
    ///
    /// # Errors
    /// [`DbError`] of the statements; by the constraint `placement_invoice_held` when another
    /// placement holds one of the invoices.
    pub async fn save_in_tx(
        &self,
        tx: &mut Tx,
        tenant: TenantId,
        cause: Cause<'_>,
        told: &[Event],
    ) -> Result<Option<Scheduled>, DbError> {
        let placement_id = self.placement.placement_id;
        store::placement::update_in_tx(tx, tenant, &self.placement).await?;
        let invoices = &self.invoices;
        store::placement_invoice::save_all_in_tx(tx, tenant, placement_id, invoices).await?;
        let told = announce_all(tenant, cause.at, told);
        append_in_tx(tx, tenant, cause.traceparent, &told).await?;
        let next = self.placement.next_check_time;
        if next == self.found_check_time {
            return Ok(None);
        }
        let (kind, subject) = (drive_placement::KIND, placement_id.uuid());
        match next {
            Some(due) => {
                let scheduled = timers::schedule_in_tx(tx, tenant, kind, subject, due).await?;
                Ok(Some(scheduled))
            }
            None => {
                timers::cancel_in_tx(tx, tenant, kind, subject).await?;
                Ok(None)
            }
        }
    }
}
