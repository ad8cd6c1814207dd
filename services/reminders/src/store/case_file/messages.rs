//! What a message that left, or waits for a person, means for its case.

use std::collections::BTreeSet;

use postgres::{DbError, Tx};
use uuid::Uuid;

use super::CaseFile;
use crate::domain::communication::{Communication, CommunicationOutcome, Direction};
use crate::domain::debtor::DebtorKind;
use crate::domain::event::DomainEvent;
use crate::domain::hold::SERVICE;
use crate::domain::id::{CommunicationId, TaskId};
use crate::domain::ladder::Ladder;
use crate::domain::message::Message;
use crate::domain::step_taking::take_steps;
use crate::domain::strategy::{PromiseTerms, StepTrigger, StrategyDefinition};
use crate::domain::task::{NewTask, TaskKind};
use crate::store::{communication, message, strategy_version};

impl CaseFile {
    /// Stores a message that left: its steps are taken for every invoice on it, by the version of the
    /// strategy that chose them.
    ///
    /// # Errors
    /// [`DbError`] of the statements.
    pub async fn left_in_tx(&mut self, tx: &mut Tx, sent: &Message) -> Result<(), DbError> {
        message::update_in_tx(tx, self.tenant, sent).await?;
        self.note(sent);
        let invoice_ids = sent.invoice_ids();
        self.look_up_in_tx(tx, &invoice_ids).await?;
        let name = &sent.strategy_version;
        let version = strategy_version::named_in_tx(tx, self.tenant, name).await?;
        let definition = version.map_or_else(no_steps, |version| version.definition);
        let (kind, country) = match &self.debtor {
            Some(debtor) => (debtor.kind, debtor.country_code.as_str()),
            None => (DebtorKind::Consumer, ""),
        };
        let ladder = Ladder::new(&definition, kind, country);
        let (case, invoices) = (&mut self.case, &mut self.invoices);
        let events = take_steps(case, sent, invoices, &ladder, &self.zones);
        self.tell(events);
        self.touch_all(invoice_ids);
        self.follow_levels();
        Ok(())
    }

    /// Enters a mail that left to `recipient` into the communication record, with its announcement.
    /// For the caps it counts already: it was reserved.
    ///
    /// # Errors
    /// [`DbError`] of the statements.
    pub async fn enter_sent_in_tx(
        &mut self,
        tx: &mut Tx,
        sent: &Message,
        recipient: Option<String>,
    ) -> Result<(), DbError> {
        let entry = Communication {
            communication_id: CommunicationId::new(Uuid::now_v7()),
            case_id: sent.case_id,
            customer_id: sent.customer_id,
            direction: Direction::Outbound,
            channel: sent.step.channel,
            outcome: CommunicationOutcome::Sent,
            // A time that a person told may lie after the entry: the record knows no future.
            occurred_time: sent.sent_time.unwrap_or(self.now).min(self.now),
            address: recipient,
            invoice_ids: sent.invoice_ids(),
            message_id: Some(sent.message_id),
            task_id: None,
            step_code: Some(sent.step.step_code.clone()),
            note: String::new(),
            recorded_by: SERVICE.to_owned(),
            recorded_time: self.now,
        };
        // Refused is what cannot be: a mail from us that came to nothing, or one from the future.
        if let Ok((entry, event)) = entry.record(&self.case) {
            communication::insert_in_tx(tx, self.tenant, &entry).await?;
            self.tell([event]);
        }
        Ok(())
    }

    /// The case stands where its furthest open invoice does.
    pub fn follow_levels(&mut self) {
        let open = self.invoices.iter().filter(|one| one.climb().is_some());
        let furthest = open.max_by_key(|one| one.level());
        self.case.level = furthest.map(|one| one.level()).unwrap_or_default();
        let step = furthest.and_then(|one| one.step());
        self.case.step_code = step.map(|step| step.step_code.clone());
    }

    /// Stores a message that waits for a person, with the task that says so, and announces both.
    /// `event` is what the message's own change announces.
    ///
    /// # Errors
    /// [`DbError`] of the statements.
    pub async fn parked_in_tx(
        &mut self,
        tx: &mut Tx,
        parked: &Message,
        kind: TaskKind,
        mut event: DomainEvent,
    ) -> Result<Option<TaskId>, DbError> {
        message::update_in_tx(tx, self.tenant, parked).await?;
        self.note(parked);
        let new = NewTask {
            message_id: Some(parked.message_id),
            step_code: Some(parked.step.step_code.clone()),
            invoice_ids: parked.invoice_ids(),
            ..self.new_task(kind)
        };
        let totals = Self::totals(parked.totals())?;
        let task_id = self.open_task_in_tx(tx, new, totals).await?;
        if let DomainEvent::MessageParked { message, .. } = &mut event {
            message.task_id = task_id;
        }
        self.tell([event]);
        Ok(task_id)
    }
}

/// A version that is not there any more: it takes no step to the top.
fn no_steps() -> StrategyDefinition {
    StrategyDefinition {
        segments: BTreeSet::new(),
        step_trigger: StepTrigger::Timer,
        steps: Vec::new(),
        promise_terms: PromiseTerms {
            grace_days: 0,
            tolerance: money::Rate::ZERO,
            max_days_ahead: 1,
            escalate_when_broken: false,
        },
    }
}
