//! Messages to debtors: what became of each step that fell due (P14).
//!
//! Owns the states of a message, its lease and its fence. The states:
//!
//! ```text
//! QUEUED ── claim ──► CLAIMED ── hand off ──► HANDING_OFF ── accepted ──► SENT
//!    ▲                  │ │                     │  │  └─ refused for good ─► PARKED
//!    └── put off ───────┘ │                     │  └─ certainly not taken ─► QUEUED
//!                         │                     └─ lost ─► UNKNOWN ─ resolve ─► SENT, ABANDONED
//!                         └─ to a person ─► WITH_PERSON ── done ──► SENT
//! ```
//!
//! QUEUED, CLAIMED and WITH_PERSON also end as SUPPRESSED (a rule forbids it) or SUPERSEDED (the
//! facts changed; the step is judged anew as another message).
//!
//! Two things fence a sender off. The lease: whoever holds an older token than the message can do
//! nothing more with it. The epoch: a message claimed under a lower epoch than the case has by now
//! is never handed off (P19); both are compared in the transaction that commits HANDING_OFF, under
//! the lock of the case's row.
//!
//! Must not decide whether a step is due or a contact permitted; must not talk to a provider.

mod delivery;
mod resolution;
mod timing;

use calendar::{Date, Timestamp};

pub use delivery::MessageError;
pub use resolution::{MessageResolution, Resolved};
pub use timing::{LOOK_VALID, SendTiming, TimingError};

use crate::domain::case::Case;
use crate::domain::decision::Decision;
use crate::domain::event::DomainEvent;
use crate::domain::id::{CaseId, CustomerId, DunningRunId, InvoiceId, MessageId, TaskId};
use crate::domain::judgement::KeptOut;
use crate::domain::letter::{Letter, Line, StepReference, Total, invoice_ids, totals};
use crate::domain::named::named;
use crate::domain::reason::Reason;
use crate::domain::situation::MessageOnCase;

named! {
    /// Where a message stands.
    pub enum MessageState {
        /// Due; waits for its turn or for a permitted hour.
        Queued = "QUEUED",
        /// A sender has it under a lease; content and frequency counters are fixed.
        Claimed = "CLAIMED",
        /// Committed immediately before the connection to the provider.
        HandingOff = "HANDING_OFF",
        /// A task for a person is open.
        WithPerson = "WITH_PERSON",
        /// The provider accepted it, the letter was posted, the call was made.
        Sent = "SENT",
        /// It may have left or not; a person finds out (P15).
        Unknown = "UNKNOWN",
        /// The facts changed; the step was judged anew.
        Superseded = "SUPERSEDED",
        /// A rule forbade it.
        Suppressed = "SUPPRESSED",
        /// Refused for good, tried too often, or without an address; a task is open.
        Parked = "PARKED",
        /// A person decided that it did not leave and is not sent any more.
        Abandoned = "ABANDONED",
    }
}

impl MessageState {
    /// Whether nothing becomes of it any more.
    #[must_use]
    pub fn is_final(self) -> bool {
        matches!(self, Self::Sent) || self.left_no_trace()
    }

    /// Whether it ended without reaching anybody, so that its step does not count as taken.
    #[must_use]
    pub fn left_no_trace(self) -> bool {
        matches!(self, Self::Superseded | Self::Suppressed | Self::Abandoned)
    }

    /// Whether it will leave, or not, without anybody's doing: a case has one such message at most.
    #[must_use]
    pub fn is_under_way(self) -> bool {
        matches!(self, Self::Queued | Self::Claimed | Self::HandingOff)
    }
}

/// A sender's hold on a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Lease {
    /// Rises with every claim; an older one is worth nothing.
    pub token: i64,
    /// Until when, in real time, not business time.
    pub until: Timestamp,
}

/// One step, taken or not, towards a customer on one day.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Message {
    /// Which one; the mail's Message-ID is derived from it.
    pub message_id: MessageId,
    /// The case.
    pub case_id: CaseId,
    /// The customer.
    pub customer_id: CustomerId,
    /// The dunning run that asked for it.
    pub dunning_run_id: Option<DunningRunId>,
    /// The task of a call or a letter.
    pub task_id: Option<TaskId>,
    /// Where it stands.
    pub state: MessageState,
    /// The gravest step among its lines.
    pub step: StepReference,
    /// Who chose the step: `strategy/standard@3`.
    pub strategy_version: String,
    /// Who gave the words: `template/reminder@2`; none while it was not rendered.
    pub template_version: Option<String>,
    /// Language of the words, BCP 47.
    pub language: Option<String>,
    /// What it asks for.
    pub lines: Vec<Line>,
    /// The day for which the step was due, in the debtor's zone.
    pub step_date: Date,
    /// Not before this instant.
    pub not_before_time: Option<Timestamp>,
    /// When it left.
    pub sent_time: Option<Timestamp>,
    /// The look at invoicing on which it left.
    pub last_look_time: Option<Timestamp>,
    /// How often it was handed to its channel.
    pub attempt_count: i32,
    /// When it was last handed to its channel, by the business clock.
    pub handed_off_time: Option<Timestamp>,
    /// Why it was suppressed, superseded, put off, parked, abandoned or left unknown.
    pub reason: Option<Reason>,
    /// The case's epoch when it was claimed.
    pub case_epoch: i64,
    /// The hold of the sender who has it, or had it last.
    pub lease: Lease,
    /// When it was queued.
    pub created_time: Timestamp,
    /// Rises with every change; the etag.
    pub revision: i64,
}

/// What a message is made with, besides what it asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NewMessage {
    /// Its identity.
    pub message_id: MessageId,
    /// The dunning run that asked for it.
    pub dunning_run_id: Option<DunningRunId>,
    /// When.
    pub at: Timestamp,
}

impl Message {
    /// A message for a letter that is due; `not_before` where the contact rules put it off.
    #[must_use]
    pub fn queue(
        case: &Case,
        new: NewMessage,
        letter: Letter,
        not_before: Option<Timestamp>,
    ) -> Self {
        Self {
            message_id: new.message_id,
            case_id: case.case_id,
            customer_id: case.customer_id,
            dunning_run_id: new.dunning_run_id,
            task_id: None,
            state: MessageState::Queued,
            step: letter.step,
            strategy_version: letter.strategy_version,
            template_version: None,
            language: None,
            lines: letter.lines,
            step_date: letter.step_date,
            not_before_time: not_before,
            sent_time: None,
            last_look_time: None,
            attempt_count: 0,
            handed_off_time: None,
            reason: None,
            case_epoch: case.epoch,
            lease: Lease {
                token: 0,
                until: Timestamp::MIN,
            },
            created_time: new.at,
            revision: 1,
        }
    }

    /// The message that stands for due steps which a rule kept out: suppressed from the beginning.
    /// Give it what was kept out for one reason; none for nothing (P14).
    #[must_use]
    pub fn kept_out(
        case: &Case,
        new: NewMessage,
        kept: &[KeptOut],
        strategy_version: &str,
        step_date: Date,
        decision: Decision,
    ) -> Option<(Self, DomainEvent)> {
        let gravest = kept.iter().max_by_key(|kept| kept.step.level)?;
        let letter = Letter {
            step_date,
            step: gravest.step.clone(),
            lines: kept.iter().flat_map(|kept| kept.lines.clone()).collect(),
            strategy_version: strategy_version.to_owned(),
        };
        let mut message = Self::queue(case, new, letter, None);
        let event = message.end_suppressed(case, gravest.reason, decision);
        message.revision = 1;
        Some((message, event))
    }

    /// The mail's Message-ID, the same however often it is tried (P15).
    #[must_use]
    pub fn mail_id(&self, domain: &str) -> String {
        format!("<{}@{domain}>", self.message_id)
    }

    /// The invoices it asks for, each once.
    #[must_use]
    pub fn invoice_ids(&self) -> Vec<InvoiceId> {
        invoice_ids(&self.lines)
    }

    /// The sums of the lines, one a currency.
    ///
    /// # Errors
    /// [`money::MoneyError::Overflow`].
    pub fn totals(&self) -> Result<Vec<Total>, money::MoneyError> {
        totals(&self.lines)
    }

    /// As much of it as matters to the next message of the case.
    #[must_use]
    pub fn on_case(&self) -> MessageOnCase {
        MessageOnCase {
            state: self.state,
            step_date: self.step_date,
            invoice_ids: self.invoice_ids(),
        }
    }

    /// Whether a sender may still be on the way to the provider at an instant of real time.
    #[must_use]
    pub fn in_flight(&self, now_real: Timestamp) -> bool {
        self.state == MessageState::HandingOff && now_real < self.lease.until
    }
}
