//! Tasks: what people must do about a case.
//!
//! Owns their life, and what their outcome means for the step that they carry out and for the
//! communication record. Must not decide when a step is due.

mod outcome;

use std::collections::BTreeSet;

use calendar::{Date, Timestamp};

pub use outcome::{Overtaken, StepEffect, TaskKind, TaskOutcome};

use crate::domain::case::Case;
use crate::domain::code::Code;
use crate::domain::event::DomainEvent;
use crate::domain::hold::HoldScope;
use crate::domain::id::{CaseId, CustomerId, InvoiceId, MessageId, PromiseId, TaskId};
use crate::domain::letter::Total;
use crate::domain::message::MessageState;
use crate::domain::named::named;

named! {
    /// Where a task stands.
    pub enum TaskState {
        /// To be done.
        Open = "OPEN",
        /// Done, or found to be impossible.
        Completed = "COMPLETED",
        /// Overtaken by facts.
        Cancelled = "CANCELLED",
    }
}

/// Something that a person must do about a case.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Task {
    /// Which one.
    pub task_id: TaskId,
    /// The case.
    pub case_id: CaseId,
    /// The customer.
    pub customer_id: CustomerId,
    /// What is to be done.
    pub kind: TaskKind,
    /// Where it stands.
    pub state: TaskState,
    /// The case's urgency when it was opened.
    pub priority: i32,
    /// The day for which it is meant, in the debtor's zone.
    pub due_date: Date,
    /// The next stretch in which the contact rules permit a call, the end exclusive.
    pub permitted: Option<(Timestamp, Timestamp)>,
    /// The message it carries out or concerns.
    pub message_id: Option<MessageId>,
    /// The promise it concerns.
    pub promise_id: Option<PromiseId>,
    /// The step it carries out.
    pub step_code: Option<Code>,
    /// The invoices it is about.
    pub invoice_ids: Vec<InvoiceId>,
    /// How it ended.
    pub outcome: Option<TaskOutcome>,
    /// What the person noted; personal data.
    pub note: String,
    /// Who completed it.
    pub completed_by: Option<String>,
    /// Which facts overtook it.
    pub overtaken_by: Option<Overtaken>,
    /// When it was completed or cancelled.
    pub ended_time: Option<Timestamp>,
    /// The task that goes on from here.
    pub follow_up_task_id: Option<TaskId>,
    /// When it was opened.
    pub created_time: Timestamp,
    /// Rises with every change; the etag.
    pub revision: i64,
}

/// What a task is opened with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewTask {
    /// Its identity.
    pub task_id: TaskId,
    /// What is to be done.
    pub kind: TaskKind,
    /// The day for which it is meant, in the debtor's zone.
    pub due_date: Date,
    /// The next stretch in which a call is permitted.
    pub permitted: Option<(Timestamp, Timestamp)>,
    /// The message it carries out or concerns.
    pub message_id: Option<MessageId>,
    /// The promise it concerns.
    pub promise_id: Option<PromiseId>,
    /// The step it carries out.
    pub step_code: Option<Code>,
    /// The invoices it is about.
    pub invoice_ids: Vec<InvoiceId>,
    /// When.
    pub at: Timestamp,
}

/// What a person tells of a task.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Completion {
    /// How it ended.
    pub outcome: TaskOutcome,
    /// When the call was made or the letter posted.
    pub occurred_time: Timestamp,
    /// What is to be remembered; personal data.
    pub note: String,
    /// Who.
    pub by: String,
    /// Now.
    pub at: Timestamp,
    /// Open the same task again, under this identity, for this day.
    pub follow_up: Option<(TaskId, Date)>,
}

/// What completing a task came to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Completed {
    /// What it means for the step.
    pub effect: StepEffect,
    /// The task that goes on from it; give it its permitted stretch and open it.
    pub follow_up: Option<NewTask>,
    /// What is announced.
    pub event: DomainEvent,
}

/// Why a task was not completed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum TaskError {
    /// TASK_NOT_OPEN.
    #[error("the task is {0}")]
    NotOpen(TaskState),
    /// OUTCOME_NOT_FOR_KIND.
    #[error("a task of kind {kind} cannot end as {outcome}")]
    OutcomeNotForKind {
        /// The task's kind.
        kind: TaskKind,
        /// What was told.
        outcome: TaskOutcome,
    },
    /// MESSAGE_NOT_RESOLVED: resolve the message, and the task is completed with it.
    #[error("the message it concerns is still of unknown outcome")]
    MessageNotResolved,
    /// TIME_IN_THE_FUTURE.
    #[error("the contact would have taken place in the future")]
    TimeInTheFuture,
    /// A follow-up that is not after today.
    #[error("a follow-up is for a day after {today}")]
    FollowUpNotLater {
        /// Today in the debtor's zone.
        today: Date,
    },
}

impl Task {
    /// Opens a task; `totals` is what is to be asked for.
    #[must_use]
    pub fn open(case: &Case, new: NewTask, totals: Vec<Total>) -> (Self, DomainEvent) {
        let task = Self {
            task_id: new.task_id,
            case_id: case.case_id,
            customer_id: case.customer_id,
            kind: new.kind,
            state: TaskState::Open,
            priority: case.priority,
            due_date: new.due_date,
            permitted: new.permitted,
            message_id: new.message_id,
            promise_id: new.promise_id,
            step_code: new.step_code,
            invoice_ids: new.invoice_ids,
            outcome: None,
            note: String::new(),
            completed_by: None,
            overtaken_by: None,
            ended_time: None,
            follow_up_task_id: None,
            created_time: new.at,
            revision: 1,
        };
        let event = DomainEvent::TaskOpened {
            case: case.reference(),
            task: Box::new(task.clone()),
            totals,
        };
        (task, event)
    }

    /// A person tells how it ended. `message` is where the message it concerns stands.
    ///
    /// # Errors
    /// [`TaskError`].
    pub fn complete(
        &mut self,
        case: &Case,
        completion: Completion,
        message: Option<MessageState>,
        today: Date,
    ) -> Result<Completed, TaskError> {
        self.check(&completion, message, today)?;
        let effect = completion.outcome.effect(self.kind);
        let follow_up = completion
            .follow_up
            .map(|(task_id, due_date)| self.again(task_id, due_date, completion.at));
        self.state = TaskState::Completed;
        self.outcome = Some(completion.outcome);
        self.note = completion.note;
        self.completed_by = Some(completion.by);
        self.ended_time = Some(completion.at);
        self.follow_up_task_id = follow_up.as_ref().map(|next| next.task_id);
        self.revision = self.revision.saturating_add(1);
        let event = DomainEvent::TaskCompleted {
            case: case.reference(),
            task: Box::new(self.clone()),
        };
        Ok(Completed {
            effect,
            follow_up,
            event,
        })
    }

    fn check(
        &self,
        completion: &Completion,
        message: Option<MessageState>,
        today: Date,
    ) -> Result<(), TaskError> {
        if self.state != TaskState::Open {
            return Err(TaskError::NotOpen(self.state));
        }
        let (kind, outcome) = (self.kind, completion.outcome);
        if !outcome.is_for(kind) {
            return Err(TaskError::OutcomeNotForKind { kind, outcome });
        }
        if kind == TaskKind::UnknownMessage && message == Some(MessageState::Unknown) {
            return Err(TaskError::MessageNotResolved);
        }
        if completion.occurred_time > completion.at {
            return Err(TaskError::TimeInTheFuture);
        }
        if completion
            .follow_up
            .is_some_and(|(_, due_date)| due_date <= today)
        {
            return Err(TaskError::FollowUpNotLater { today });
        }
        Ok(())
    }

    fn again(&self, task_id: TaskId, due_date: Date, at: Timestamp) -> NewTask {
        NewTask {
            task_id,
            kind: self.kind,
            due_date,
            permitted: None,
            message_id: self.message_id,
            promise_id: self.promise_id,
            step_code: self.step_code.clone(),
            invoice_ids: self.invoice_ids.clone(),
            at,
        }
    }

    /// The message of unknown outcome that it concerned was resolved; none if it was not open.
    pub fn message_resolved(
        &mut self,
        case: &Case,
        by: &str,
        at: Timestamp,
    ) -> Option<DomainEvent> {
        let concerns = matches!(
            self.kind,
            TaskKind::UnknownMessage | TaskKind::Undeliverable
        );
        if self.state != TaskState::Open || !concerns {
            return None;
        }
        self.state = TaskState::Completed;
        self.outcome = Some(TaskOutcome::Done);
        self.completed_by = Some(by.to_owned());
        self.ended_time = Some(at);
        self.revision = self.revision.saturating_add(1);
        Some(DomainEvent::TaskCompleted {
            case: case.reference(),
            task: Box::new(self.clone()),
        })
    }

    /// Whether a hold keeps it from being carried out: it would turn to the debtor about something
    /// that is held now.
    #[must_use]
    pub fn is_held_by(&self, scope: &HoldScope) -> bool {
        let of_case = *scope == HoldScope::Case;
        let touched = self.invoice_ids.iter().any(|id| scope.covers(*id));
        self.kind.is_contact() && (of_case || touched)
    }

    /// Whether there is nothing left to turn to the debtor about: none of its invoices is among those
    /// on which something is owed.
    #[must_use]
    pub fn is_paid(&self, owed: &BTreeSet<InvoiceId>) -> bool {
        self.kind.is_contact() && !self.invoice_ids.iter().any(|id| owed.contains(id))
    }

    /// Facts overtook it; none if it was not open.
    pub fn overtake(
        &mut self,
        case: &Case,
        reason: Overtaken,
        at: Timestamp,
    ) -> Option<DomainEvent> {
        if self.state != TaskState::Open {
            return None;
        }
        self.state = TaskState::Cancelled;
        self.overtaken_by = Some(reason);
        self.ended_time = Some(at);
        self.revision = self.revision.saturating_add(1);
        Some(DomainEvent::TaskCancelled {
            case: case.reference(),
            task_id: self.task_id,
            kind: self.kind,
            reason,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::communication::CommunicationOutcome;
    use crate::domain::samples::{self, instant, invoice_id};

    const TODAY: Date = Date::constant(2026, 3, 10);

    fn task(kind: TaskKind) -> Task {
        let new = NewTask {
            task_id: TaskId::new(samples::uuid(50)),
            kind,
            due_date: TODAY,
            permitted: None,
            message_id: Some(MessageId::new(samples::uuid(51))),
            promise_id: None,
            step_code: Some(samples::code("call-1")),
            invoice_ids: vec![invoice_id(1)],
            at: instant("2026-03-10T08:00Z"),
        };
        Task::open(&samples::case(), new, Vec::new()).0
    }

    fn completion(outcome: TaskOutcome) -> Completion {
        Completion {
            outcome,
            occurred_time: instant("2026-03-10T09:00Z"),
            note: String::new(),
            by: "ann".to_owned(),
            at: instant("2026-03-10T09:05Z"),
            follow_up: None,
        }
    }

    fn complete(kind: TaskKind, completion: Completion) -> Result<Completed, TaskError> {
        task(kind).complete(&samples::case(), completion, None, TODAY)
    }

    #[test]
    fn an_outcome_belongs_to_the_kind() {
        let posted = complete(TaskKind::Call, completion(TaskOutcome::Posted));
        assert!(matches!(posted, Err(TaskError::OutcomeNotForKind { .. })));
        let attempted = StepEffect::Taken(CommunicationOutcome::NoAnswer);
        let called = complete(TaskKind::Call, completion(TaskOutcome::NoAnswer));
        assert_eq!(called.unwrap().effect, attempted);
    }

    #[test]
    fn a_task_is_completed_once() {
        let mut call = task(TaskKind::Call);
        let done = completion(TaskOutcome::SpokeToDebtor);
        assert!(
            call.complete(&samples::case(), done.clone(), None, TODAY)
                .is_ok()
        );
        let again = call.complete(&samples::case(), done, None, TODAY);
        assert_eq!(again.unwrap_err(), TaskError::NotOpen(TaskState::Completed));
        assert_eq!(
            call.overtake(&samples::case(), Overtaken::Paid, Timestamp::UNIX_EPOCH),
            None
        );
    }

    #[test]
    fn a_follow_up_is_the_same_task_on_a_later_day() {
        let next = TaskId::new(samples::uuid(52));
        let again = |day| Completion {
            follow_up: Some((next, day)),
            ..completion(TaskOutcome::NoAnswer)
        };
        let refused = complete(TaskKind::Call, again(TODAY)).unwrap_err();
        assert_eq!(refused, TaskError::FollowUpNotLater { today: TODAY });
        let tomorrow = TODAY.tomorrow().unwrap();
        let follow_up = complete(TaskKind::Call, again(tomorrow))
            .unwrap()
            .follow_up
            .unwrap();
        assert_eq!((follow_up.task_id, follow_up.due_date), (next, tomorrow));
        assert_eq!(follow_up.step_code, task(TaskKind::Call).step_code);
    }

    #[test]
    fn p15_a_message_of_unknown_outcome_is_resolved_first() {
        let done = completion(TaskOutcome::Done);
        let mut look = task(TaskKind::UnknownMessage);
        let case = samples::case();
        let refused = look.complete(&case, done.clone(), Some(MessageState::Unknown), TODAY);
        assert_eq!(refused.unwrap_err(), TaskError::MessageNotResolved);
        assert!(
            look.clone()
                .complete(&case, done, Some(MessageState::Sent), TODAY)
                .is_ok()
        );
        assert!(
            look.message_resolved(&case, "ann", Timestamp::UNIX_EPOCH)
                .is_some()
        );
        assert_eq!(
            look.message_resolved(&case, "ann", Timestamp::UNIX_EPOCH),
            None
        );
    }

    #[test]
    fn nothing_took_place_in_the_future() {
        let early = Completion {
            occurred_time: instant("2026-03-10T09:06Z"),
            ..completion(TaskOutcome::SpokeToDebtor)
        };
        assert_eq!(
            complete(TaskKind::Call, early).unwrap_err(),
            TaskError::TimeInTheFuture
        );
    }

    #[test]
    fn p13_nobody_is_called_about_what_is_paid() {
        let owed = BTreeSet::from([invoice_id(2)]);
        assert!(task(TaskKind::Call).is_paid(&owed));
        assert!(!task(TaskKind::Call).is_paid(&BTreeSet::from([invoice_id(1)])));
        assert!(!task(TaskKind::UnappliedCash).is_paid(&owed));
    }

    #[test]
    fn p18_a_hold_overtakes_what_would_turn_to_the_debtor_about_it() {
        let one = HoldScope::Invoices(BTreeSet::from([invoice_id(1)]));
        let other = HoldScope::Invoices(BTreeSet::from([invoice_id(2)]));
        assert!(task(TaskKind::Call).is_held_by(&one));
        assert!(task(TaskKind::Letter).is_held_by(&HoldScope::Case));
        assert!(!task(TaskKind::Call).is_held_by(&other));
        assert!(!task(TaskKind::UnappliedCash).is_held_by(&HoldScope::Case));
    }
}
