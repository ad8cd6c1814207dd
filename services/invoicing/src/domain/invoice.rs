//! Owns the invoice: what it says, and where it stands from the draft to the end. What it says never
//! changes once it is issued (IS-3); what is owed on it is its [`Receivable`]. Must not draw numbers:
//! the number comes in, drawn only after the invoice was found fit to be issued.

use jiff::Timestamp;
use jiff::civil::Date;
use money::{Currency, MoneyError};

use super::{
    ClosingKind, CustomerId, DocumentTotals, Due, EarlyPaymentOffer, EntryKind, InvoiceId,
    InvoiceState, LedgerError, Line, Receivable, ReservationId, Stamp, receivable::Posting,
};

/// What an invoice says: everything that its writer decides. What was left open is filled in when
/// it is issued.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InvoiceContent {
    /// Who owes it.
    pub customer_id: CustomerId,
    /// The currency of every amount.
    pub currency: Currency,
    /// The date from which terms count; `None`: the day of issuing.
    pub invoice_date: Option<Date>,
    /// When it is due; `None`: by the terms granted to the customer.
    pub due: Option<Due>,
    /// The discount offered; `None`: what the customer is granted.
    pub early_payment_offer: Option<EarlyPaymentOffer>,
    /// What is charged, 1 to 500 lines.
    pub lines: Vec<Line>,
    /// The series that the number is drawn from.
    pub series_code: String,
    /// What the customer should quote; empty: the invoice number.
    pub payment_reference: String,
    /// The order it bills, as the customer knows it.
    pub order_reference: String,
    /// The credit reservation that it uses up.
    pub reservation_id: Option<ReservationId>,
    /// Free text printed on it. Personal data.
    pub note: String,
}

/// An invoice from the draft on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Invoice {
    /// Identity.
    pub invoice_id: InvoiceId,
    /// The foreign system's own identity, where it has one.
    pub external_id: Option<String>,
    /// What it says.
    pub content: InvoiceContent,
    /// Its sums, in a draft too.
    pub totals: DocumentTotals,
    /// Where it stands.
    pub standing: Standing,
    /// The credit policy whose terms or offer were used, for example `credit-policy/standard@3`.
    pub policy_version: Option<String>,
    /// When it was created.
    pub create_time: Timestamp,
    /// When it was issued.
    pub issued_time: Option<Timestamp>,
}

/// Where an invoice stands: before issuing nothing is owed, from then on the receivable tells.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Standing {
    /// Written, and open to change.
    Draft {
        /// Rises by one with every change, from 1 on.
        version: i64,
    },
    /// A draft that was voided: it never had a number.
    VoidDraft {
        /// As of the draft.
        version: i64,
    },
    /// Issued: numbered, and owed until it is closed or void.
    Owed(Box<Receivable>),
}

/// Why an invoice was not changed or voided.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum InvoiceError {
    /// It is issued or void, and immutable (IS-3).
    #[error("the invoice is no draft any more")]
    NotDraft,
    /// Money, credit or a write-off stands against it (IS-3).
    #[error("money, credit or a write-off stands against the invoice")]
    HasAllocations,
    /// It is void already.
    #[error("the invoice is void already")]
    AlreadyVoid,
    /// The books cannot hold it.
    #[error(transparent)]
    Ledger(#[from] LedgerError),
}

impl From<MoneyError> for InvoiceError {
    fn from(error: MoneyError) -> Self {
        Self::Ledger(error.into())
    }
}

impl Invoice {
    /// Writes a draft. Nothing is owed until it is issued.
    ///
    /// # Errors
    /// [`MoneyError::Overflow`] when the sums are too large.
    pub fn draft(
        invoice_id: InvoiceId,
        external_id: Option<String>,
        content: InvoiceContent,
        create_time: Timestamp,
    ) -> Result<Self, MoneyError> {
        Ok(Self {
            invoice_id,
            external_id,
            totals: DocumentTotals::of(&content.lines, content.currency)?,
            content,
            standing: Standing::Draft { version: 1 },
            policy_version: None,
            create_time,
            issued_time: None,
        })
    }

    /// Changes what a draft says.
    ///
    /// # Errors
    /// [`InvoiceError::NotDraft`] (IS-3), or [`InvoiceError::Ledger`] when the sums are too large.
    pub fn revise(&mut self, content: InvoiceContent) -> Result<(), InvoiceError> {
        let Standing::Draft { version } = self.standing else {
            return Err(InvoiceError::NotDraft);
        };
        self.totals = DocumentTotals::of(&content.lines, content.currency)?;
        self.content = content;
        self.standing = Standing::Draft {
            version: version.saturating_add(1),
        };
        Ok(())
    }

    /// Where it stands in its life.
    #[must_use]
    pub fn state(&self) -> InvoiceState {
        match &self.standing {
            Standing::Draft { .. } => InvoiceState::Draft,
            Standing::VoidDraft { .. } => InvoiceState::Void,
            Standing::Owed(receivable) => receivable.state,
        }
    }

    /// Rises with every change of the invoice or of what is open; the etag.
    #[must_use]
    pub fn version(&self) -> i64 {
        match &self.standing {
            Standing::Draft { version } | Standing::VoidDraft { version } => *version,
            Standing::Owed(receivable) => receivable.version,
        }
    }

    /// What is owed on it, once it was issued.
    #[must_use]
    pub fn receivable(&self) -> Option<&Receivable> {
        match &self.standing {
            Standing::Owed(receivable) => Some(receivable),
            _ => None,
        }
    }

    /// As [`Self::receivable`], to change it.
    pub fn receivable_mut(&mut self) -> Option<&mut Receivable> {
        match &mut self.standing {
            Standing::Owed(receivable) => Some(receivable),
            _ => None,
        }
    }

    /// Takes the invoice back as a whole. A draft ends without a number; an issued one keeps its
    /// number, and the caller ends its open disputes ([`super::Dispute::end_by_void`]).
    ///
    /// # Errors
    /// [`InvoiceError::HasAllocations`] (IS-3) or [`InvoiceError::AlreadyVoid`].
    pub fn void(&mut self, today: Date, stamp: &mut Stamp) -> Result<(), InvoiceError> {
        match &mut self.standing {
            Standing::VoidDraft { .. } => Err(InvoiceError::AlreadyVoid),
            Standing::Draft { version } => {
                let version = version.saturating_add(1);
                self.standing = Standing::VoidDraft { version };
                Ok(())
            }
            Standing::Owed(receivable) => receivable.void(today, stamp),
        }
    }
}

impl Receivable {
    /// Takes back all that is owed, if nothing stands against it (IS-3).
    fn void(&mut self, today: Date, stamp: &mut Stamp) -> Result<(), InvoiceError> {
        if self.state == InvoiceState::Void {
            return Err(InvoiceError::AlreadyVoid);
        }
        let untouched = |item: &super::OpenItem| item.open_amount == item.original_amount;
        if !self.items.iter().all(untouched) {
            return Err(InvoiceError::HasAllocations);
        }
        for place in self.settling_order() {
            let Some(item) = self.items.get(place) else {
                continue;
            };
            let posting = Posting {
                kind: EntryKind::Void,
                amount: item.open_amount.negated(),
                date: today,
                cause: None,
                reversed: None,
            };
            self.post(place, posting, stamp)?;
        }
        self.disputed = super::DisputedPart::none(self.currency);
        self.state = InvoiceState::Void;
        self.conclude(ClosingKind::Void);
        self.closing_kind = Some(ClosingKind::Void);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;
    use crate::domain::code::assert_complete;
    use crate::domain::samples::{
        Desk, assert_sums_hold, draft, eur, issued, line, pay_named, stamp_at,
    };

    #[test]
    fn is_3_a_draft_changes_and_an_issued_invoice_does_not() {
        let mut desk = Desk::default();
        let mut invoice = draft(&mut desk, &[line("1", "100", "0.19")]);
        let mut content = invoice.content.clone();
        content.lines = vec![line("2", "100", "0.19")];
        invoice.revise(content.clone()).unwrap();
        assert_eq!(
            (invoice.version(), invoice.totals.gross_amount),
            (2, eur("238.00"))
        );
        let mut invoice = issued(&mut desk, "100.00", "net 30", date(2026, 1, 1));
        let before = invoice.clone();
        assert_eq!(invoice.revise(content), Err(InvoiceError::NotDraft));
        assert_eq!(invoice, before);
    }

    #[test]
    fn is_3_void_takes_back_what_nothing_stands_against() {
        let mut desk = Desk::default();
        let mut invoice = issued(
            &mut desk,
            "100.00",
            "50%: net 5; rest: net 10",
            date(2026, 1, 1),
        );
        invoice
            .void(date(2026, 1, 3), &mut stamp_at(&mut desk, date(2026, 1, 3)))
            .unwrap();
        assert_eq!(invoice.state(), InvoiceState::Void);
        let receivable = invoice.receivable().unwrap();
        assert_eq!(receivable.closing_kind, Some(ClosingKind::Void));
        assert_eq!(receivable.closed_date, Some(date(2026, 1, 3)));
        assert!(receivable.open_amount().unwrap().is_zero());
        assert_sums_hold(receivable, &receivable.new_entries);
        let again = invoice.void(date(2026, 1, 4), &mut stamp_at(&mut desk, date(2026, 1, 4)));
        assert_eq!(again, Err(InvoiceError::AlreadyVoid));
    }

    #[test]
    fn is_3_no_void_after_an_allocation_not_even_of_a_cent() {
        let mut desk = Desk::default();
        let mut invoice = issued(&mut desk, "100.00", "net 30", date(2026, 1, 1));
        let receivable = invoice.receivable_mut().unwrap();
        pay_named(&mut desk, receivable, "0.01", date(2026, 1, 2)).unwrap();
        let refused = invoice.void(date(2026, 1, 3), &mut stamp_at(&mut desk, date(2026, 1, 3)));
        assert_eq!(refused, Err(InvoiceError::HasAllocations));
        assert_eq!(invoice.state(), InvoiceState::Issued);
    }

    #[test]
    fn is_1_a_void_draft_has_no_number_and_stays_void() {
        let mut desk = Desk::default();
        let mut invoice = draft(&mut desk, &[line("1", "100", "0.19")]);
        invoice
            .void(date(2026, 1, 3), &mut stamp_at(&mut desk, date(2026, 1, 3)))
            .unwrap();
        assert_eq!(
            (invoice.state(), invoice.version()),
            (InvoiceState::Void, 2)
        );
        assert_eq!(invoice.receivable(), None);
        let again = invoice.void(date(2026, 1, 3), &mut stamp_at(&mut desk, date(2026, 1, 3)));
        assert_eq!(again, Err(InvoiceError::AlreadyVoid));
    }

    #[test]
    fn codes() {
        assert_complete::<InvoiceState>(4);
        assert_complete::<ClosingKind>(5);
    }
}
