//! Owns a placement: invoices of one customer in one currency, handed to an agency to collect; its
//! states and what may happen in each. Must not talk to reminders or invoicing: it says what is to
//! be asked next ([`HoldStep`], [`ReleaseStep`]) and takes the answers.
//!
//! ```text
//! PROPOSED ─ approve ─ APPROVED ─ start_hold ─ PENDING_HOLD ─ activate ─ ACTIVE
//!    └──── reject ────────┘                        │                    │  │
//!       REJECTED                                   │              recall│  │close
//!                                   recall, refused│                    │  │
//!                                                  │       PENDING_RECALL  │
//!                                                  └─────────┬──────┴──────┘
//!                                                     PENDING_RELEASE
//!                                                     │      │      │
//!                                             WITHDRAWN  RECALLED  CLOSED
//! ```
//!
//! The protocol with reminders (P19): the hold is asked for, and its answer says when it is quiet
//! there; after that instant invoicing is asked what is owed; only then is the placement ACTIVE.
//! Whatever fails leads to PENDING_RELEASE, so that no hold is ever forgotten, and an answer that
//! does not come leaves the state as it is, to be asked again (P9).
//!
//! | module | owns |
//! |---|---|
//! | `amounts` | placed = recovered + direct + adjusted + open |
//! | `invoice` | one invoice of it |
//! | `approval` | proposed, approved, rejected |
//! | `hold` | the way to PENDING_HOLD and through it |
//! | `activation` | the last look and what it leads to |
//! | `recall` | the way back |
//! | `ending` | closing, and giving the hold back |
//! | `close_code` | how it ended and what follows (AY-8) |
//! | `ledger` | what happens to the debt meanwhile |

mod activation;
mod amounts;
mod approval;
mod close_code;
mod ending;
mod hold;
mod invoice;
mod ledger;
mod recall;

use calendar::{Date, DateOutOfRange, Timestamp, ZoneError};
use money::{Currency, Money, MoneyError};

use super::commission_terms::{CommissionTerms, TermsError};
use super::event::{Event, Fact, PlacementReference, Subject};
use super::identity::{
    AgencyId, AgreementId, CaseId, CustomerId, DecisionId, InvoiceId, PlacementBatchId,
    PlacementId, ProposalRunId,
};
use super::named::named;

pub use activation::{Activated, Activation, LOOK_VALID_MS, Look};
pub use amounts::{PlacementAmounts, Unbalanced};
pub use approval::{MAX_INVOICES, NewPlacement};
pub use close_code::{CloseCode, NextAction, SuccessorHold};
pub use ending::ReleaseStep;
pub use hold::{HoldProgress, HoldStart, HoldStep};
pub use invoice::{ExclusionReason, PlacementInvoice, PlacementInvoiceState};
pub use ledger::{
    BalanceChange, Cash, CashKind, CashPart, DirectPayment, EntryKind, Followed, Movement, Origin,
    PlacementEntry,
};
pub use recall::{Recall, RecallReason};

named! {
    /// Where a placement stands.
    pub enum PlacementState {
        /// Waits for a person's approval.
        Proposed = "PROPOSED",
        /// A person said no. Final.
        Rejected = "REJECTED",
        /// May be placed.
        Approved = "APPROVED",
        /// Reminders is asked to hold, or has not fallen quiet yet.
        PendingHold = "PENDING_HOLD",
        /// With the agency: nothing leaves us any more about its invoices.
        Active = "ACTIVE",
        /// Recalled; the agency has still to confirm that it has stopped.
        PendingRecall = "PENDING_RECALL",
        /// Ended, and reminders has still to end its hold.
        PendingRelease = "PENDING_RELEASE",
        /// Taken back before its end. Final.
        Recalled = "RECALLED",
        /// Ended with the agency. Final.
        Closed = "CLOSED",
        /// Never became ACTIVE, and its hold is released. Final.
        Withdrawn = "WITHDRAWN",
    }
}

impl PlacementState {
    /// Whether a placement in this state keeps its invoices from every other (P19).
    #[must_use]
    pub fn is_exclusive(self) -> bool {
        matches!(
            self,
            Self::PendingHold | Self::Active | Self::PendingRecall | Self::PendingRelease
        )
    }

    /// Whether nothing can change it any more.
    #[must_use]
    pub fn is_final(self) -> bool {
        matches!(
            self,
            Self::Rejected | Self::Recalled | Self::Closed | Self::Withdrawn
        )
    }
}

/// Invoices of one customer in one currency, handed to an agency to collect. Its invoices are kept
/// apart: most of what happens concerns a few of them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Placement {
    /// Identity; the unique transaction id towards the agency (AY-2).
    pub placement_id: PlacementId,
    /// Its identity in the tenant's own system.
    pub external_id: Option<String>,
    /// The agency.
    pub agency_id: AgencyId,
    /// The agency's identity in the tenant's own system.
    pub agency_external_id: Option<String>,
    /// The agency's own file number.
    pub agency_reference: Option<String>,
    /// The customer.
    pub customer_id: CustomerId,
    /// The customer's identity in the tenant's own system.
    pub customer_external_id: Option<String>,
    /// The customer's case in reminders, once known.
    pub case_id: Option<CaseId>,
    /// Where it stands.
    pub state: PlacementState,
    /// The n-th placement of these debts, the highest over its invoices.
    pub placement_number: i32,
    /// Number of invoices, those that were dropped left out.
    pub invoice_count: i32,
    /// What was placed, what came of it, what is open.
    pub amounts: PlacementAmounts,
    /// What the agency earned: the sum of its commission entries.
    pub commission_amount: Money,
    /// The payments on which it earned: what marginal slices are filled with.
    pub commissioned_amount: Money,
    /// The agreement it is placed under; none before PENDING_HOLD.
    pub agreement_id: Option<AgreementId>,
    /// The terms, fixed when it became ACTIVE.
    pub commission_terms: Option<CommissionTerms>,
    /// The proposal run it came from; none: proposed by a person.
    pub proposal_run_id: Option<ProposalRunId>,
    /// The batch it is handed over in.
    pub placement_batch_id: Option<PlacementBatchId>,
    /// Why it was proposed.
    pub proposal_decision_id: DecisionId,
    /// The last look at the facts.
    pub activation_decision_id: Option<DecisionId>,
    /// What the person who proposed it noted.
    pub note: Option<String>,
    /// Who proposed it.
    pub proposed_by: String,
    /// When it was proposed.
    pub proposed_time: Timestamp,
    /// Who approved or rejected it.
    pub judged_by: Option<String>,
    /// When it was approved or rejected.
    pub judged_time: Option<Timestamp>,
    /// How far the hold in reminders has come.
    pub hold: HoldProgress,
    /// When it became ACTIVE.
    pub activated_time: Option<Timestamp>,
    /// The day of it, in the tenant's zone.
    pub placement_date: Option<Date>,
    /// How it was recalled.
    pub recall: Option<Recall>,
    /// How it ended.
    pub close_code: Option<CloseCode>,
    /// When it ended.
    pub ended_time: Option<Timestamp>,
    /// Why it was rejected, withdrawn or closed, in words.
    pub end_note: Option<String>,
    /// When it is looked at next, while it waits for something by itself (P9).
    pub next_check_time: Option<Timestamp>,
    /// Entries written for it so far; the number of the last one.
    pub entry_count: i32,
    /// Counts its changes from 1, at least one an event.
    pub version: i64,
}

/// Why something cannot happen to a placement.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PlacementError {
    /// A placement has one invoice at least.
    #[error("a placement has one invoice at least")]
    NoInvoices,
    /// Only a proposed one can be approved (PLACEMENT_NOT_PROPOSED).
    #[error("the placement is {0}, not PROPOSED")]
    NotProposed(PlacementState),
    /// Only a proposed or approved one can be rejected (PLACEMENT_NOT_REJECTABLE).
    #[error("the placement is {0}, neither PROPOSED nor APPROVED")]
    NotRejectable(PlacementState),
    /// Only an approved one can be placed (PLACEMENT_NOT_APPROVED).
    #[error("the placement is {0}, not APPROVED")]
    NotApproved(PlacementState),
    /// A batch has taken it (PLACEMENT_IN_BATCH).
    #[error("a batch has taken the placement")]
    InBatch,
    /// Another placement holds one of its invoices (INVOICE_PLACED).
    #[error("another placement holds invoice {0}")]
    InvoicePlaced(InvoiceId),
    /// The agency gets no new placements (AGENCY_SUSPENDED).
    #[error("the agency is suspended")]
    AgencySuspended,
    /// The question belongs to a placement that waits for its hold: this one moved on meanwhile.
    #[error("the placement is {0}, not PENDING_HOLD")]
    NotPendingHold(PlacementState),
    /// The look at invoicing was asked before reminders was quiet, or is too old: look again.
    #[error("the last look was taken too early or too long ago")]
    LookAgain,
    /// It is not with the agency (PLACEMENT_NOT_ACTIVE).
    #[error("the placement is {0}, not ACTIVE")]
    NotActive(PlacementState),
    /// It never was with the agency (PLACEMENT_NEVER_ACTIVE).
    #[error("the placement never was ACTIVE")]
    NeverActive,
    /// It is not being recalled (PLACEMENT_NOT_PENDING_RECALL).
    #[error("the placement is {0}, not PENDING_RECALL")]
    NotPendingRecall(PlacementState),
    /// The agency cannot have stopped in the future.
    #[error("the agency cannot have stopped in the future")]
    StoppedInTheFuture,
    /// The code is set by the service itself, or does not fit what is owed
    /// (CLOSE_CODE_NOT_ALLOWED).
    #[error("a placement cannot be closed with {0}")]
    CloseCodeNotAllowed(CloseCode),
    /// It has no hold to give back.
    #[error("the placement is {0}, not PENDING_RELEASE")]
    NotPendingRelease(PlacementState),
    /// Terms could not be fixed (NO_AGREEMENT).
    #[error(transparent)]
    Terms(#[from] TermsError),
    /// Amounts do not add up, or are of several currencies (CURRENCY_MISMATCH).
    #[error(transparent)]
    Money(#[from] MoneyError),
    /// Amounts do not balance.
    #[error(transparent)]
    Unbalanced(#[from] Unbalanced),
    /// A day beyond the calendar.
    #[error(transparent)]
    Date(#[from] DateOutOfRange),
    /// A day that does not exist in the tenant's zone.
    #[error(transparent)]
    Zone(#[from] ZoneError),
}

impl Placement {
    /// The currency of all its amounts.
    #[must_use]
    pub fn currency(&self) -> Currency {
        self.amounts.currency()
    }

    /// Whether it was with the agency at some time.
    #[must_use]
    pub fn was_active(&self) -> bool {
        self.activated_time.is_some()
    }

    /// Whether the debt counts as placed: from ACTIVE until the hold is given back.
    #[must_use]
    pub fn is_placed(&self) -> bool {
        self.was_active() && self.state.is_exclusive()
    }

    /// What is to follow, by the code with which it ended.
    #[must_use]
    pub fn next_action(&self) -> Option<NextAction> {
        self.close_code.map(CloseCode::next_action)
    }

    /// How events name it.
    #[must_use]
    pub fn reference(&self) -> PlacementReference {
        PlacementReference {
            placement_id: self.placement_id,
            external_id: self.external_id.clone(),
            agency_id: self.agency_id,
            agency_external_id: self.agency_external_id.clone(),
            customer_id: self.customer_id,
            customer_external_id: self.customer_external_id.clone(),
            case_id: self.case_id,
            currency: self.currency(),
        }
    }

    /// Notes the agency's own file number; that no other placement with the agency has it is for
    /// the store to say (AGENCY_REFERENCE_TAKEN).
    pub fn set_agency_reference(&mut self, agency_reference: String) {
        self.agency_reference = Some(agency_reference);
        self.touch();
    }

    /// Counts a change that is not announced.
    pub(in crate::domain) fn touch(&mut self) {
        self.version = self.version.saturating_add(1);
    }

    /// Counts a change and tells of it. Versions rise from event to event, so that a consumer which
    /// drops what is not above what it has loses none.
    pub(in crate::domain) fn announce(&mut self, fact: Fact) -> Event {
        self.touch();
        Event {
            subject: Subject::Placement(self.placement_id),
            subject_version: self.version,
            fact,
        }
    }
}

#[cfg(test)]
pub(in crate::domain) mod tests;
