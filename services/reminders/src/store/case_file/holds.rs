//! Holds of a case that come and go (P18, P19).

use std::collections::BTreeSet;

use postgres::{DbError, Tx};

use super::CaseFile;
use crate::domain::event::DomainEvent;
use crate::domain::hold::{Hold, HoldReason};
use crate::domain::id::InvoiceId;
use crate::domain::placement_hold::{PlacementHoldError, ReleaseHold, release};
use crate::domain::reason::Reason;
use crate::domain::task::{Overtaken, Task};
use crate::store::hold;

impl CaseFile {
    /// Stores a hold that was placed, with its announcement, and takes back the tasks that it bears
    /// on (P18).
    ///
    /// # Errors
    /// [`DbError`] of the statements.
    pub async fn add_hold_in_tx(
        &mut self,
        tx: &mut Tx,
        placed: Hold,
        event: DomainEvent,
    ) -> Result<(), DbError> {
        hold::insert_in_tx(tx, self.tenant, &placed).await?;
        self.events.push(event);
        let overtaken = match placed.reason {
            HoldReason::Placement => Overtaken::Placed,
            _ => Overtaken::Held,
        };
        let whole = placed.held_amount.is_none();
        let reason = Reason::from(placed.reason);
        let bears = |task: &Task| whole && task.is_held_by(&placed.scope);
        self.overtake_in_tx(tx, overtaken, reason, bears).await?;
        self.holds.push(placed);
        Ok(())
    }

    /// Stores what became of a hold, with its announcement: ended, or bearing on fewer invoices.
    ///
    /// # Errors
    /// [`DbError`] of the statements.
    pub async fn change_hold_in_tx(
        &mut self,
        tx: &mut Tx,
        changed: Hold,
        event: DomainEvent,
    ) -> Result<(), DbError> {
        hold::update_in_tx(tx, self.tenant, &changed, self.now).await?;
        self.events.push(event);
        self.holds.retain(|one| one.hold_id != changed.hold_id);
        if changed.ended.is_none() {
            self.holds.push(changed);
        }
        Ok(())
    }

    /// Ends the holds whose last day has passed.
    ///
    /// # Errors
    /// [`DbError`] of the statements.
    pub async fn expire_holds_in_tx(&mut self, tx: &mut Tx) -> Result<(), DbError> {
        let today = self.today();
        for mut one in self.holds.clone() {
            if let Some(event) = one.expire(&self.case, today, self.now) {
                self.change_hold_in_tx(tx, one, event).await?;
            }
        }
        Ok(())
    }

    /// Gives invoices of a placement back, with the successor where one is asked for; answers the
    /// hold as it is then, and the successor. `original` are the invoices it was placed with.
    ///
    /// # Errors
    /// [`DbError`] of the statements, and within it what the rules refuse.
    pub async fn release_placement_in_tx(
        &mut self,
        tx: &mut Tx,
        mut held: Hold,
        asked: ReleaseHold,
        original: &BTreeSet<InvoiceId>,
    ) -> Result<Result<(Hold, Option<Hold>), PlacementHoldError>, DbError> {
        let released = match release(&mut self.case, &mut held, asked, original) {
            Ok(released) => released,
            Err(refused) => return Ok(Err(refused)),
        };
        // The successor's announcement comes first: between the two nothing is ever free.
        let mut events = released.events.into_iter();
        if let Some(successor) = released.successor.clone()
            && let Some(event) = events.next()
        {
            self.add_hold_in_tx(tx, successor, event).await?;
        }
        if let Some(event) = events.next() {
            self.change_hold_in_tx(tx, held.clone(), event).await?;
        }
        Ok(Ok((held, released.successor)))
    }
}
