//! Promises that people record, replace and take back, each with its hold (PR-4).

use postgres::{DbError, Tx};
use uuid::Uuid;

use super::CaseFile;
use crate::domain::event::DomainEvent;
use crate::domain::hold::Ended;
use crate::domain::id::{HoldId, PromiseId};
use crate::domain::promise::Promise;
use crate::store::promise;

impl CaseFile {
    /// Stores a promise that was made, with its announcement, and pauses its invoices.
    ///
    /// # Errors
    /// [`DbError`] of the statements.
    pub async fn add_promise_in_tx(
        &mut self,
        tx: &mut Tx,
        made: Promise,
        event: DomainEvent,
    ) -> Result<(), DbError> {
        promise::insert_in_tx(tx, self.tenant, &made).await?;
        self.events.push(event);
        let hold_id = HoldId::new(Uuid::now_v7());
        let (hold, event) = made.hold(&self.case, hold_id, self.now);
        self.add_hold_in_tx(tx, hold, event).await?;
        self.promises.push(made);
        Ok(())
    }

    /// Stores a promise that was taken back or replaced; what it paused goes on, and its hold keeps
    /// who ended it and why.
    ///
    /// # Errors
    /// [`DbError`] of the statements.
    pub async fn end_promise_in_tx(
        &mut self,
        tx: &mut Tx,
        ended: Promise,
        how: Ended,
    ) -> Result<(), DbError> {
        let id = ended.promise_id;
        if let Some(before) = self.promise(id).cloned() {
            promise::update_in_tx(tx, self.tenant, &before, &ended, self.now).await?;
        }
        if let Some(mut hold) = self.hold_of(&ended)
            && let Some(event) = hold.end_with_facts(&self.case, how)
        {
            self.change_hold_in_tx(tx, hold, event).await?;
        }
        self.promises.retain(|one| one.promise_id != id);
        self.promises.push(ended);
        Ok(())
    }

    /// A promise of the case.
    #[must_use]
    pub fn promise(&self, promise_id: PromiseId) -> Option<&Promise> {
        self.promises
            .iter()
            .find(|one| one.promise_id == promise_id)
    }
}
