//! Owns the entries of a receipt: each moves an amount from one place to another, so that nothing
//! comes or goes without both ends (P1). Entries are never changed; a correction is a new one (P8).

use jiff::Timestamp;
use jiff::civil::Date;
use money::Money;
use serde::{Deserialize, Serialize};

use super::{ApplicationId, Coded, ReceiptId, ReceiptReversalId, RefundId, ReversalId};

/// Where the money of a receipt can be.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Place {
    /// Left to apply.
    Unapplied,
    /// Promised to applications that invoicing has not answered yet.
    Reserved,
    /// Lowers invoices.
    Allocated,
    /// Kept as overpayment within the tolerance.
    OverpaymentTolerance,
    /// Given back to the payer.
    Refunded,
    /// Taken back by reversing the receipt.
    Returned,
}

/// What an entry did.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum EntryKind {
    /// The money came in.
    Received,
    /// It was set aside for an application.
    Reserved,
    /// Invoicing allocated it.
    Allocated,
    /// Invoicing kept it as overpayment within the tolerance.
    ToleranceKept,
    /// Invoicing did not take it.
    Released,
    /// An allocation was taken back.
    Unallocated,
    /// A kept overpayment was taken back.
    ToleranceUndone,
    /// It was given back to the payer.
    Refunded,
    /// It was taken back with the receipt.
    Returned,
}

impl Coded for EntryKind {
    const CODES: &'static [(Self, &'static str)] = &[
        (Self::Received, "RECEIVED"),
        (Self::Reserved, "RESERVED"),
        (Self::Allocated, "ALLOCATED"),
        (Self::ToleranceKept, "TOLERANCE_KEPT"),
        (Self::Released, "RELEASED"),
        (Self::Unallocated, "UNALLOCATED"),
        (Self::ToleranceUndone, "TOLERANCE_UNDONE"),
        (Self::Refunded, "REFUNDED"),
        (Self::Returned, "RETURNED"),
    ];
}

impl EntryKind {
    /// Where the money came from, `None` for outside, and where it went.
    #[must_use]
    pub fn places(self) -> (Option<Place>, Place) {
        match self {
            Self::Received => (None, Place::Unapplied),
            Self::Reserved => (Some(Place::Unapplied), Place::Reserved),
            Self::Allocated => (Some(Place::Reserved), Place::Allocated),
            Self::ToleranceKept => (Some(Place::Reserved), Place::OverpaymentTolerance),
            Self::Released => (Some(Place::Reserved), Place::Unapplied),
            Self::Unallocated => (Some(Place::Allocated), Place::Unapplied),
            Self::ToleranceUndone => (Some(Place::OverpaymentTolerance), Place::Unapplied),
            Self::Refunded => (Some(Place::Unapplied), Place::Refunded),
            Self::Returned => (Some(Place::Unapplied), Place::Returned),
        }
    }
}

/// What caused an entry.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum EntryCause {
    /// The receipt was recorded.
    Recording,
    /// An application was reserved, answered or refused.
    Application(ApplicationId),
    /// An application was taken back.
    ApplicationReversal(ApplicationId, ReversalId),
    /// A refund.
    Refund(RefundId),
    /// The receipt was taken back.
    ReceiptReversal(ReceiptReversalId),
}

/// One step in the history of a receipt.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReceiptEntry {
    /// The receipt.
    pub receipt_id: ReceiptId,
    /// Its place among the entries of the receipt, from 1 on, without gaps.
    pub entry_number: i32,
    /// What it did.
    pub kind: EntryKind,
    /// How much it moved; above 0.
    pub amount: Money,
    /// The day from which it counts in anything as of a date (AG-4, CA-7).
    pub entry_date: Date,
    /// What caused it.
    pub cause: EntryCause,
    /// When it was written.
    pub created_time: Timestamp,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::code::assert_complete;

    #[test]
    fn codes() {
        assert_complete::<EntryKind>(9);
    }

    #[test]
    fn p_1_only_recording_brings_money_in_and_every_other_entry_has_two_ends() {
        for (kind, _) in EntryKind::CODES {
            let (from, to) = kind.places();
            assert_eq!(from.is_none(), *kind == EntryKind::Received);
            assert_ne!(from, Some(to));
        }
    }
}
