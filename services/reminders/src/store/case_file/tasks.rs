//! What a task that a person completed means for the message that it carried out, for the
//! communication record and for the frequency caps.

use calendar::Timestamp;
use postgres::{DbError, Tx};

use super::CaseFile;
use crate::domain::communication::Communication;
use crate::domain::debtor::Channel;
use crate::domain::event::DomainEvent;
use crate::domain::id::MessageId;
use crate::domain::message::{Message, MessageState};
use crate::domain::reason::Reason;
use crate::domain::task::{StepEffect, TaskKind};
use crate::store::frequency::{Contact, enter_in_tx, give_back_in_tx};
use crate::store::{communication, message};

impl CaseFile {
    /// Carries out what the outcome of a task means for its step. `at` is when the call was made or
    /// the letter posted.
    ///
    /// # Errors
    /// [`DbError`] of the statements.
    pub async fn carry_out_in_tx(
        &mut self,
        tx: &mut Tx,
        message_id: MessageId,
        effect: StepEffect,
        at: Timestamp,
    ) -> Result<(), DbError> {
        let found = message::find_in_tx(tx, self.tenant, message_id).await?;
        // A call that is made once more after its step was taken takes no other.
        let Some(one) = found.filter(|one| one.state == MessageState::WithPerson) else {
            return Ok(());
        };
        match effect {
            StepEffect::Taken(_) => self.taken_in_tx(tx, one, at).await,
            StepEffect::Undeliverable => self.undeliverable_in_tx(tx, one).await,
            StepEffect::NotTaken => self.not_taken_in_tx(tx, one).await,
            StepEffect::None => Ok(()),
        }
    }

    async fn taken_in_tx(
        &mut self,
        tx: &mut Tx,
        mut carried_out: Message,
        at: Timestamp,
    ) -> Result<(), DbError> {
        if carried_out.carried_out(at).is_err() {
            return Ok(());
        }
        // The contact is counted by its entry in the record, from the day on which it was made.
        give_back_in_tx(tx, self.tenant, carried_out.message_id.uuid()).await?;
        self.left_in_tx(tx, &carried_out).await
    }

    /// The message is parked, and a person mends the address.
    async fn undeliverable_in_tx(
        &mut self,
        tx: &mut Tx,
        mut parked: Message,
    ) -> Result<(), DbError> {
        let Ok(event) = parked.park(&self.case, Reason::WrongAddress) else {
            return Ok(());
        };
        give_back_in_tx(tx, self.tenant, parked.message_id.uuid()).await?;
        let kind = TaskKind::Undeliverable;
        self.parked_in_tx(tx, &parked, kind, event).await?;
        Ok(())
    }

    /// The step is judged anew on another day.
    async fn not_taken_in_tx(&mut self, tx: &mut Tx, mut left: Message) -> Result<(), DbError> {
        let Ok(event) = left.not_done(&self.case) else {
            return Ok(());
        };
        self.events.push(event);
        self.ended_in_tx(tx, &left, None).await
    }

    /// Enters a contact into the record, with its announcement, and counts it for the caps.
    ///
    /// # Errors
    /// [`DbError`] of the statements.
    pub async fn enter_contact_in_tx(
        &mut self,
        tx: &mut Tx,
        entry: &Communication,
        event: DomainEvent,
    ) -> Result<(), DbError> {
        communication::insert_in_tx(tx, self.tenant, entry).await?;
        let local_date = self.zones.local_date(entry.occurred_time);
        if let Some(made) = entry.counts_as(local_date) {
            let contact = Contact {
                contact_id: entry.communication_id.uuid(),
                customer_id: entry.customer_id,
                made: &made,
            };
            enter_in_tx(tx, self.tenant, &contact).await?;
        }
        self.events.push(event);
        Ok(())
    }

    /// The first stretch from an instant on in which the hours permit a call; none where they never
    /// do.
    #[must_use]
    pub fn stretch(&self, from: Timestamp) -> Option<(Timestamp, Timestamp)> {
        let zones = self.zones.candidates();
        let rules = &self.policy(self.zones.local_date(from))?.definition;
        let begin = rules.first_permitted(Channel::Call, zones, from).ok()?;
        let end = rules.permitted_until(Channel::Call, zones, begin);
        (begin < end).then_some((begin, end))
    }
}
