//! Owns what is told to others: one alternative for everything that the service announces, with the
//! full facts, so that the one exhaustive match that makes announcements of them forgets none. Must
//! not know how they are encoded.
//!
//! Notes, addresses, names and words are in some of the facts; they are never announced.

use crate::domain::case::CaseReference;
use crate::domain::code::{Code, Level};
use crate::domain::communication::Communication;
use crate::domain::consent::Consent;
use crate::domain::contact::ContactPolicy;
use crate::domain::decision::Decision;
use crate::domain::dunning_run::{DunningRun, DunningRunSummary};
use crate::domain::hold::Hold;
use crate::domain::id::{HoldId, InvoiceId, MessageId, PromiseId, TaskId};
use crate::domain::letter::Total;
use crate::domain::message::Message;
use crate::domain::promise::{Promise, PromiseResult};
use crate::domain::strategy::StrategyVersion;
use crate::domain::task::{Overtaken, Task, TaskKind};

use calendar::Date;
use money::Money;

/// Something that happened here and matters to others.
#[derive(Debug, Clone, PartialEq, Eq)]
#[expect(
    missing_docs,
    reason = "the fields are what the contract's event of the same name says"
)]
pub enum DomainEvent {
    /// A customer's first invoice came, and with it the case.
    CaseOpened {
        case: CaseReference,
        segment: String,
    },
    /// Nothing is owed on a case any more.
    CaseCleared {
        case: CaseReference,
        level: Level,
        step_code: Option<Code>,
    },
    /// Something is owed again.
    CaseReopened {
        case: CaseReference,
        invoice_id: InvoiceId,
        open_amount: Money,
    },
    /// A message left; its step is taken for every invoice on it.
    MessageSent {
        case: CaseReference,
        message: Box<Message>,
        sent_local_time: String,
    },
    /// A step fell due and a rule forbade it.
    MessageSuppressed {
        case: CaseReference,
        message: Box<Message>,
        decision: Box<Decision>,
    },
    /// A message waits for a person.
    MessageParked {
        case: CaseReference,
        message: Box<Message>,
    },
    /// A person decided that a message did not leave.
    MessageAbandoned {
        case: CaseReference,
        message_id: MessageId,
        step_skipped: bool,
        invoice_ids: Vec<InvoiceId>,
    },
    /// The last step of the ladder was taken for an invoice.
    LadderCompleted {
        case: CaseReference,
        invoice_id: InvoiceId,
        invoice_number: String,
        open_amount: Money,
        oldest_due_date: Date,
        step_code: Code,
        level: Level,
    },
    /// A hold is in force.
    HoldPlaced {
        case: CaseReference,
        hold: Box<Hold>,
        case_epoch: i64,
    },
    /// A hold is no longer in force, or bears on fewer invoices.
    HoldReleased {
        case: CaseReference,
        hold: Box<Hold>,
        released_invoice_ids: Vec<InvoiceId>,
        successor_hold_id: Option<HoldId>,
        released_by: String,
        case_epoch: i64,
    },
    /// A promise was recorded.
    PromiseMade {
        case: CaseReference,
        promise: Box<Promise>,
        superseded_promise_id: Option<PromiseId>,
    },
    /// Enough came in time.
    PromiseKept {
        case: CaseReference,
        result: Box<PromiseResult>,
    },
    /// The term passed and too little had come.
    PromiseBroken {
        case: CaseReference,
        result: Box<PromiseResult>,
        case_priority: i32,
    },
    /// A promise that had been kept runs again.
    PromiseReopened {
        case: CaseReference,
        promise: Box<Promise>,
        received_amount: Money,
    },
    /// A person took a running promise back.
    PromiseCancelled {
        case: CaseReference,
        promise: Box<Promise>,
        cancelled_by: String,
    },
    /// A task was opened.
    TaskOpened {
        case: CaseReference,
        task: Box<Task>,
        totals: Vec<Total>,
    },
    /// A task was done, or found to be impossible.
    TaskCompleted {
        case: CaseReference,
        task: Box<Task>,
    },
    /// A task was overtaken by facts.
    TaskCancelled {
        case: CaseReference,
        task_id: TaskId,
        kind: TaskKind,
        reason: Overtaken,
    },
    /// A contact entered the communication record.
    CommunicationRecorded {
        case: CaseReference,
        communication: Box<Communication>,
    },
    /// A customer said something about a channel.
    ConsentRecorded(Box<Consent>),
    /// Every case of a dunning run was judged.
    DunningRunCompleted {
        run: Box<DunningRun>,
        summary: Box<DunningRunSummary>,
    },
    /// A version of a strategy is in force.
    StrategyVersionActivated {
        version: Box<StrategyVersion>,
        previous_version: Option<i32>,
        activated_by: String,
    },
    /// A contact policy was added.
    ContactPolicyCreated(Box<ContactPolicy>),
}
