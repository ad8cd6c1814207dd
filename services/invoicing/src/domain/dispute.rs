//! Owns disputes: a customer's objection to an invoice or a part of it, from opening to resolution.
//! The disputed part is held back from reminders and from money that nobody directed; it is never
//! more than what is open. Must not lower what is owed: that is a credit note's doing.

use jiff::Timestamp;
use jiff::civil::Date;
use money::{Currency, Money, MoneyError};

use super::{
    Coded, CreditNoteId, CustomerId, DisputeId, InvoiceId, InvoiceState, Receivable, Stamp,
};

/// Where a dispute stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum DisputeState {
    /// Raised and not decided.
    Open,
    /// Decided. Final; a new objection is a new dispute.
    Resolved,
}

impl Coded for DisputeState {
    const CODES: &'static [(Self, &'static str)] =
        &[(Self::Open, "OPEN"), (Self::Resolved, "RESOLVED")];
}

/// What the customer objects to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum DisputeReason {
    /// The price.
    Price,
    /// The quantity.
    Quantity,
    /// Damaged or not as agreed.
    Quality,
    /// It was not delivered.
    NotDelivered,
    /// It was not ordered, or cancelled in time.
    NotOrdered,
    /// It is paid already.
    AlreadyPaid,
    /// It was charged twice.
    Duplicate,
    /// Address, order number or tax on the document are wrong.
    WrongDetails,
    /// The tax.
    Tax,
    /// Anything else; the note says what.
    Other,
}

impl Coded for DisputeReason {
    const CODES: &'static [(Self, &'static str)] = &[
        (Self::Price, "PRICE"),
        (Self::Quantity, "QUANTITY"),
        (Self::Quality, "QUALITY"),
        (Self::NotDelivered, "NOT_DELIVERED"),
        (Self::NotOrdered, "NOT_ORDERED"),
        (Self::AlreadyPaid, "ALREADY_PAID"),
        (Self::Duplicate, "DUPLICATE"),
        (Self::WrongDetails, "WRONG_DETAILS"),
        (Self::Tax, "TAX"),
        (Self::Other, "OTHER"),
    ];
}

/// How a dispute ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum DisputeResolution {
    /// All that was disputed was credited.
    Credited,
    /// Some of it was credited.
    PartlyCredited,
    /// All of it is owed.
    Rejected,
    /// The customer took the objection back.
    Withdrawn,
    /// The customer paid what was disputed.
    Paid,
    /// The invoice was voided.
    InvoiceVoided,
}

impl Coded for DisputeResolution {
    const CODES: &'static [(Self, &'static str)] = &[
        (Self::Credited, "CREDITED"),
        (Self::PartlyCredited, "PARTLY_CREDITED"),
        (Self::Rejected, "REJECTED"),
        (Self::Withdrawn, "WITHDRAWN"),
        (Self::Paid, "PAID"),
        (Self::InvoiceVoided, "INVOICE_VOIDED"),
    ];
}

impl DisputeResolution {
    /// Whether a credit note must settle it; with the others none may.
    #[must_use]
    pub fn needs_credit_note(self) -> bool {
        matches!(self, Self::Credited | Self::PartlyCredited)
    }
}

/// What of an invoice is under open disputes, all of them together.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DisputedPart {
    /// Whether one of them is of the whole invoice.
    pub whole: bool,
    /// Sum of the parts stated in the others.
    pub parts_amount: Money,
}

impl DisputedPart {
    /// No dispute.
    #[must_use]
    pub fn none(currency: Currency) -> Self {
        Self {
            whole: false,
            parts_amount: Money::zero(currency),
        }
    }

    /// Whether any dispute is open.
    #[must_use]
    pub fn any(&self) -> bool {
        self.whole || self.parts_amount.is_positive()
    }

    /// What of `open_amount` is disputed: never more than that.
    ///
    /// # Errors
    /// [`MoneyError::CurrencyMismatch`].
    pub fn of(&self, open_amount: Money) -> Result<Money, MoneyError> {
        if self.whole {
            return Ok(open_amount);
        }
        self.parts_amount.min_with(open_amount)
    }
}

/// How much of an invoice is disputed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DisputeExtent {
    /// All that is open, now and later.
    Whole,
    /// This part.
    Part(Money),
}

/// An objection to an invoice or a part of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Dispute {
    /// Identity.
    pub dispute_id: DisputeId,
    /// The invoice.
    pub invoice_id: InvoiceId,
    /// Its number.
    pub invoice_number: String,
    /// The customer.
    pub customer_id: CustomerId,
    /// What the customer objects to.
    pub reason: DisputeReason,
    /// What was said. Personal data.
    pub note: String,
    /// Whether the whole invoice is disputed.
    pub whole_invoice: bool,
    /// Of a part what was stated, of a whole what was open when it was opened.
    pub amount: Money,
    /// The day on which the customer raised it.
    pub disputed_date: Date,
    /// When it was opened.
    pub opened_time: Timestamp,
    /// How it ended; `None` while it is open.
    pub ending: Option<DisputeEnding>,
    /// Rises by one with every change, from 1 on.
    pub version: i64,
}

/// How and when a dispute ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DisputeEnding {
    /// How.
    pub resolution: DisputeResolution,
    /// What was decided. Personal data.
    pub note: String,
    /// The credit note that settles it.
    pub credit_note_id: Option<CreditNoteId>,
    /// The day.
    pub resolved_date: Date,
    /// The instant.
    pub resolved_time: Timestamp,
}

/// Why a dispute was not opened or resolved.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum DisputeError {
    /// Nothing of the invoice is open.
    #[error("nothing of the invoice is open")]
    InvoiceNotOpen,
    /// All of it is disputed already, or with a dispute of the whole any of it.
    #[error("the invoice is disputed already")]
    AlreadyDisputed,
    /// More would be disputed than is open.
    #[error("only {undisputed} of the invoice is open and not disputed")]
    ExceedsOpenAmount {
        /// What can still be disputed.
        undisputed: Money,
    },
    /// The dispute is resolved.
    #[error("the dispute is resolved already")]
    NotOpen,
    /// The resolution needs a credit note, or may not have one.
    #[error("a credit note is named with a resolution that credits, and only then")]
    CreditNoteNeeded,
    /// The credit note is for another invoice.
    #[error("the credit note is for another invoice")]
    CreditNoteMismatch,
    /// Another currency, or too large an amount.
    #[error(transparent)]
    Money(#[from] MoneyError),
}

/// What a customer objects to, as it is opened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Objection {
    /// Identity for the dispute.
    pub dispute_id: DisputeId,
    /// How much of the invoice.
    pub extent: DisputeExtent,
    /// What the customer objects to.
    pub reason: DisputeReason,
    /// What was said. Personal data.
    pub note: String,
    /// The day on which it was raised.
    pub disputed_date: Date,
}

impl Receivable {
    /// Opens a dispute of the invoice or a part of it.
    ///
    /// # Errors
    /// [`DisputeError`]; nothing has changed then.
    pub fn open_dispute(
        &mut self,
        objection: Objection,
        stamp: &Stamp,
    ) -> Result<Dispute, DisputeError> {
        let amount = self.disputable(objection.extent)?;
        let whole_invoice = objection.extent == DisputeExtent::Whole;
        if whole_invoice {
            self.disputed.whole = true;
        } else {
            self.disputed.parts_amount = self.disputed.parts_amount.checked_add(amount)?;
        }
        self.version = self.version.saturating_add(1);
        Ok(Dispute {
            dispute_id: objection.dispute_id,
            invoice_id: self.invoice_id,
            invoice_number: self.invoice_number.clone(),
            customer_id: self.customer_id,
            reason: objection.reason,
            note: objection.note,
            whole_invoice,
            amount,
            disputed_date: objection.disputed_date,
            opened_time: stamp.time,
            ending: None,
            version: 1,
        })
    }

    /// The amount a dispute would be of, if it may be opened.
    fn disputable(&self, extent: DisputeExtent) -> Result<Money, DisputeError> {
        let open_amount = self.open_amount()?;
        if self.state != InvoiceState::Issued || open_amount.is_zero() {
            return Err(DisputeError::InvoiceNotOpen);
        }
        let undisputed = open_amount.checked_sub(self.disputed.of(open_amount)?)?;
        match extent {
            _ if undisputed.is_zero() => Err(DisputeError::AlreadyDisputed),
            DisputeExtent::Whole if self.disputed.any() => Err(DisputeError::AlreadyDisputed),
            DisputeExtent::Whole => Ok(open_amount),
            DisputeExtent::Part(amount) if amount.try_cmp(&undisputed)?.is_gt() => {
                Err(DisputeError::ExceedsOpenAmount { undisputed })
            }
            DisputeExtent::Part(amount) => Ok(amount),
        }
    }
}

impl Dispute {
    /// Where it stands.
    #[must_use]
    pub fn state(&self) -> DisputeState {
        if self.ending.is_none() {
            DisputeState::Open
        } else {
            DisputeState::Resolved
        }
    }

    /// Ends the dispute; what is still open of the disputed part is collected again.
    /// `credit_note` is the note that settles it with the invoice it corrects.
    ///
    /// # Errors
    /// [`DisputeError::NotOpen`], [`DisputeError::CreditNoteNeeded`] or
    /// [`DisputeError::CreditNoteMismatch`].
    pub fn resolve(
        &mut self,
        resolution: DisputeResolution,
        note: String,
        credit_note: Option<(CreditNoteId, Option<InvoiceId>)>,
        receivable: &mut Receivable,
        today: Date,
        stamp: &Stamp,
    ) -> Result<(), DisputeError> {
        if self.ending.is_some() {
            return Err(DisputeError::NotOpen);
        }
        if resolution.needs_credit_note() != credit_note.is_some() {
            return Err(DisputeError::CreditNoteNeeded);
        }
        if credit_note.is_some_and(|(_, invoice_id)| invoice_id != Some(self.invoice_id)) {
            return Err(DisputeError::CreditNoteMismatch);
        }
        if self.whole_invoice {
            receivable.disputed.whole = false;
        } else {
            let parts = receivable.disputed.parts_amount.checked_sub(self.amount)?;
            receivable.disputed.parts_amount = parts;
        }
        receivable.version = receivable.version.saturating_add(1);
        self.end(DisputeEnding {
            resolution,
            note,
            credit_note_id: credit_note.map(|(id, _)| id),
            resolved_date: today,
            resolved_time: stamp.time,
        });
        Ok(())
    }

    /// Ends the dispute because its invoice was voided; the receivable knows already. One that is
    /// resolved stays as it was.
    pub fn end_by_void(&mut self, today: Date, stamp: &Stamp) {
        if self.ending.is_none() {
            self.end(DisputeEnding {
                resolution: DisputeResolution::InvoiceVoided,
                note: String::new(),
                credit_note_id: None,
                resolved_date: today,
                resolved_time: stamp.time,
            });
        }
    }

    fn end(&mut self, ending: DisputeEnding) {
        self.ending = Some(ending);
        self.version = self.version.saturating_add(1);
    }
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;
    use uuid::Uuid;

    use super::*;
    use crate::domain::code::assert_complete;
    use crate::domain::samples::{Desk, eur, owed, pay_named, stamp_at};

    const TODAY: Date = date(2026, 2, 1);

    fn object(
        desk: &mut Desk,
        receivable: &mut Receivable,
        extent: DisputeExtent,
    ) -> Result<Dispute, DisputeError> {
        let mut stamp = stamp_at(desk, TODAY);
        let objection = Objection {
            dispute_id: DisputeId(stamp.id()),
            extent,
            reason: DisputeReason::Quality,
            note: String::new(),
            disputed_date: TODAY,
        };
        receivable.open_dispute(objection, &stamp)
    }

    fn part(amount: &str) -> DisputeExtent {
        DisputeExtent::Part(eur(amount))
    }

    fn withdraw(
        desk: &mut Desk,
        dispute: &mut Dispute,
        receivable: &mut Receivable,
    ) -> Result<(), DisputeError> {
        let stamp = stamp_at(desk, TODAY);
        let how = DisputeResolution::Withdrawn;
        dispute.resolve(how, String::new(), None, receivable, TODAY, &stamp)
    }

    #[test]
    fn parts_add_up_to_the_open_amount_at_most() {
        let mut desk = Desk::default();
        let mut debt = owed(&mut desk, "100.00", "net 30", date(2026, 1, 1));
        object(&mut desk, &mut debt, part("60.00")).unwrap();
        let refused = object(&mut desk, &mut debt, part("40.01"));
        let undisputed = eur("40.00");
        assert_eq!(refused, Err(DisputeError::ExceedsOpenAmount { undisputed }));
        let refused = object(&mut desk, &mut debt, DisputeExtent::Whole);
        assert_eq!(refused, Err(DisputeError::AlreadyDisputed));
        object(&mut desk, &mut debt, part("40.00")).unwrap();
        let refused = object(&mut desk, &mut debt, part("0.01"));
        assert_eq!(refused, Err(DisputeError::AlreadyDisputed));
        assert_eq!(debt.collectable_amount(), Ok(eur("0.00")));
    }

    #[test]
    fn the_disputed_amount_is_never_above_the_open_amount() {
        let mut desk = Desk::default();
        let mut debt = owed(&mut desk, "100.00", "net 30", date(2026, 1, 1));
        let mut dispute = object(&mut desk, &mut debt, part("60.00")).unwrap();
        pay_named(&mut desk, &mut debt, "70.00", TODAY).unwrap();
        assert_eq!(debt.disputed_amount(), Ok(eur("30.00")));
        withdraw(&mut desk, &mut dispute, &mut debt).unwrap();
        assert_eq!(debt.disputed_amount(), Ok(eur("0.00")));
        assert_eq!(debt.collectable_amount(), Ok(eur("30.00")));
    }

    #[test]
    fn a_dispute_of_the_whole_follows_what_is_open() {
        let mut desk = Desk::default();
        let mut debt = owed(&mut desk, "100.00", "net 30", date(2026, 1, 1));
        let dispute = object(&mut desk, &mut debt, DisputeExtent::Whole).unwrap();
        assert_eq!(
            (dispute.amount, dispute.state()),
            (eur("100.00"), DisputeState::Open)
        );
        pay_named(&mut desk, &mut debt, "30.00", TODAY).unwrap();
        assert_eq!(debt.disputed_amount(), Ok(eur("70.00")));
        pay_named(&mut desk, &mut debt, "70.00", TODAY).unwrap();
        assert_eq!(debt.disputed_amount(), Ok(eur("0.00")));
        let refused = object(&mut desk, &mut debt, part("1.00"));
        assert_eq!(refused, Err(DisputeError::InvoiceNotOpen));
    }

    #[test]
    fn a_dispute_is_resolved_once() {
        let mut desk = Desk::default();
        let mut debt = owed(&mut desk, "100.00", "net 30", date(2026, 1, 1));
        let mut dispute = object(&mut desk, &mut debt, DisputeExtent::Whole).unwrap();
        let version = debt.version;
        withdraw(&mut desk, &mut dispute, &mut debt).unwrap();
        assert_eq!(
            (dispute.state(), dispute.version),
            (DisputeState::Resolved, 2)
        );
        assert_eq!(debt.version, version + 1);
        let again = withdraw(&mut desk, &mut dispute, &mut debt);
        assert_eq!(again, Err(DisputeError::NotOpen));
        let ended = dispute.clone();
        dispute.end_by_void(TODAY, &stamp_at(&mut desk, TODAY));
        assert_eq!(dispute, ended);
    }

    #[test]
    fn crediting_needs_the_credit_note_of_this_invoice() {
        let mut desk = Desk::default();
        let mut debt = owed(&mut desk, "100.00", "net 30", date(2026, 1, 1));
        let mut dispute = object(&mut desk, &mut debt, part("10.00")).unwrap();
        let note = CreditNoteId(Uuid::from_u128(7));
        let mut resolve = |how, credit_note| {
            let stamp = stamp_at(&mut desk, TODAY);
            dispute.resolve(how, String::new(), credit_note, &mut debt, TODAY, &stamp)
        };
        let needed = Err(DisputeError::CreditNoteNeeded);
        let own = InvoiceId(Uuid::from_u128(1));
        assert_eq!(resolve(DisputeResolution::Credited, None), needed);
        assert_eq!(
            resolve(DisputeResolution::Rejected, Some((note, Some(own)))),
            needed
        );
        let mismatch = Err(DisputeError::CreditNoteMismatch);
        assert_eq!(
            resolve(DisputeResolution::Credited, Some((note, None))),
            mismatch
        );
        let other = InvoiceId(Uuid::from_u128(99));
        assert_eq!(
            resolve(DisputeResolution::Credited, Some((note, Some(other)))),
            mismatch
        );
    }

    #[test]
    fn codes() {
        assert_complete::<DisputeState>(2);
        assert_complete::<DisputeReason>(10);
        assert_complete::<DisputeResolution>(6);
    }
}
