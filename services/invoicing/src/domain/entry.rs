//! Owns the entry: one step in the history of what is open. Entries are never changed; a
//! correction is a new entry that names the one it takes back (P8). Must not sum them: see
//! [`super::Receivable`] for now and [`super::history`] for any day.

use jiff::Timestamp;
use jiff::civil::Date;
use money::Money;
use uuid::Uuid;

use super::{
    ApplicationId, Coded, CreditNoteId, CustomerCreditApplicationId, EntryId, InvoiceId,
    OpenItemId, ReversalId, WriteOffId,
};

/// Why an entry changed what is open.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum EntryKind {
    /// The invoice was issued.
    Issue,
    /// A fee came to be owed.
    Fee,
    /// Interest came to be owed.
    Interest,
    /// Money was applied.
    Allocation,
    /// Discount for paying early was granted.
    Discount,
    /// A small rest was let go.
    Tolerance,
    /// A credit note or customer credit was applied.
    Credit,
    /// It was written off.
    WriteOff,
    /// What was written off is owed again (IS-6).
    Reinstatement,
    /// The invoice was voided.
    Void,
}

impl Coded for EntryKind {
    const CODES: &'static [(Self, &'static str)] = &[
        (Self::Issue, "ISSUE"),
        (Self::Fee, "FEE"),
        (Self::Interest, "INTEREST"),
        (Self::Allocation, "ALLOCATION"),
        (Self::Discount, "DISCOUNT"),
        (Self::Tolerance, "TOLERANCE"),
        (Self::Credit, "CREDIT"),
        (Self::WriteOff, "WRITE_OFF"),
        (Self::Reinstatement, "REINSTATEMENT"),
        (Self::Void, "VOID"),
    ];
}

/// What kind of document caused an entry; the name of the cause in the tables.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum CauseKind {
    /// An application of money.
    Application,
    /// The reversal of an application.
    Reversal,
    /// A credit note.
    CreditNote,
    /// An application of customer credit.
    CustomerCredit,
    /// A write-off, or its reversal.
    WriteOff,
}

impl Coded for CauseKind {
    const CODES: &'static [(Self, &'static str)] = &[
        (Self::Application, "APPLICATION"),
        (Self::Reversal, "REVERSAL"),
        (Self::CreditNote, "CREDIT_NOTE"),
        (Self::CustomerCredit, "CUSTOMER_CREDIT"),
        (Self::WriteOff, "WRITE_OFF"),
    ];
}

/// What caused an entry, where it was not issuing or voiding.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EntryCause {
    /// An application of money.
    Application(ApplicationId),
    /// The reversal of an application.
    Reversal(ReversalId),
    /// A credit note.
    CreditNote(CreditNoteId),
    /// An application of customer credit.
    CustomerCredit(CustomerCreditApplicationId),
    /// A write-off, or its reversal.
    WriteOff(WriteOffId),
}

impl EntryCause {
    /// The cause of a kind with the identity of its document.
    #[must_use]
    pub fn new(kind: CauseKind, id: Uuid) -> Self {
        match kind {
            CauseKind::Application => Self::Application(ApplicationId(id)),
            CauseKind::Reversal => Self::Reversal(ReversalId(id)),
            CauseKind::CreditNote => Self::CreditNote(CreditNoteId(id)),
            CauseKind::CustomerCredit => Self::CustomerCredit(CustomerCreditApplicationId(id)),
            CauseKind::WriteOff => Self::WriteOff(WriteOffId(id)),
        }
    }

    /// Its kind and the identity of its document.
    #[must_use]
    pub fn parts(self) -> (CauseKind, Uuid) {
        match self {
            Self::Application(id) => (CauseKind::Application, id.0),
            Self::Reversal(id) => (CauseKind::Reversal, id.0),
            Self::CreditNote(id) => (CauseKind::CreditNote, id.0),
            Self::CustomerCredit(id) => (CauseKind::CustomerCredit, id.0),
            Self::WriteOff(id) => (CauseKind::WriteOff, id.0),
        }
    }
}

/// One step in the history of an open item.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InvoiceEntry {
    /// Identity.
    pub entry_id: EntryId,
    /// The invoice.
    pub invoice_id: InvoiceId,
    /// Place in the history of the invoice, from 1 on.
    pub entry_number: i64,
    /// The item that changed.
    pub open_item_id: OpenItemId,
    /// Why.
    pub kind: EntryKind,
    /// By how much the open amount changed: negative when less is owed.
    pub amount: Money,
    /// The day from which it counts in anything as of a date (AG-4, CA-7).
    pub entry_date: Date,
    /// The entry that this one takes back, in all or in part.
    pub reversed_entry_id: Option<EntryId>,
    /// What caused it; `None` for issuing and voiding.
    pub cause: Option<EntryCause>,
    /// When it was written.
    pub create_time: Timestamp,
}

impl InvoiceEntry {
    /// The application of money that wrote it, if one did.
    #[must_use]
    pub fn application_id(&self) -> Option<ApplicationId> {
        match self.cause {
            Some(EntryCause::Application(id)) => Some(id),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::code::assert_complete;

    #[test]
    fn codes() {
        assert_complete::<EntryKind>(10);
        assert_complete::<CauseKind>(5);
        for (kind, _) in CauseKind::CODES {
            let id = Uuid::from_u128(7);
            assert_eq!(EntryCause::new(*kind, id).parts(), (*kind, id));
        }
    }
}
