//! Owns credit notes: corrections in the customer's favour, numbered and immutable like an invoice
//! (IS-3). In two steps, as an invoice is issued: the plan finds out whether the note is fit, then a
//! number is drawn, then it is issued (P12).
//!
//! A note lowers what is open of its invoice, costs before interest before principal, then what is
//! written off of it; only what exceeds both becomes customer credit. Where that was paid with a
//! discount or a tolerance, the note carries its share of them: the customer gets back what was
//! paid, not what was charged (ED-4).
//!
//! Must not change the invoice's document, and must not use the credit: see
//! [`super::CustomerCredit`].

use jiff::Timestamp;
use jiff::civil::Date;
use money::{Currency, Decimal, Money, MoneyError};

use super::credit_posting::Credited;
use super::{
    Allocation, Coded, CreditNoteId, CustomerCredit, CustomerId, DocumentTotals, Invoice,
    InvoiceBalance, InvoiceEntry, InvoiceId, InvoiceState, LedgerError, Line, Receivable, Stamp,
    TaxTotal,
};

/// Why a credit note was given (IS-4).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum CreditNoteReason {
    /// It was charged twice.
    DuplicatedCharge,
    /// What was delivered was not satisfactory.
    ProductUnsatisfactory,
    /// The order was changed.
    OrderChange,
    /// The order was cancelled.
    OrderCancellation,
    /// The charge was fraudulent.
    FraudulentCharge,
    /// A price or quantity was wrong.
    BillingError,
    /// A gesture of goodwill.
    Goodwill,
    /// Anything else; the note says what.
    Other,
}

impl Coded for CreditNoteReason {
    const CODES: &'static [(Self, &'static str)] = &[
        (Self::DuplicatedCharge, "DUPLICATED_CHARGE"),
        (Self::ProductUnsatisfactory, "PRODUCT_UNSATISFACTORY"),
        (Self::OrderChange, "ORDER_CHANGE"),
        (Self::OrderCancellation, "ORDER_CANCELLATION"),
        (Self::FraudulentCharge, "FRAUDULENT_CHARGE"),
        (Self::BillingError, "BILLING_ERROR"),
        (Self::Goodwill, "GOODWILL"),
        (Self::Other, "OTHER"),
    ];
}

/// A correction in the customer's favour.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CreditNote {
    /// Identity, external identity, number, reason, note and date.
    pub header: CreditNoteHeader,
    /// Who is credited.
    pub customer_id: CustomerId,
    /// The invoice that is corrected; `None` for a note that stands alone.
    pub invoice_id: Option<InvoiceId>,
    /// What is credited.
    pub lines: Vec<Line>,
    /// Its sums, positive.
    pub totals: DocumentTotals,
    /// What of it lowered the invoice.
    pub allocations: Vec<Allocation>,
    /// What of it became customer credit.
    pub customer_credit_amount: Money,
    /// When it was issued.
    pub issued_time: Timestamp,
}

/// What a credit note says besides what it credits.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CreditNoteHeader {
    /// Identity.
    pub credit_note_id: CreditNoteId,
    /// The foreign system's own identity, where it has one.
    pub external_id: Option<String>,
    /// The number.
    pub credit_note_number: String,
    /// Why.
    pub reason: CreditNoteReason,
    /// Free text printed on it. Personal data.
    pub note: String,
    /// The date from which it counts.
    pub credit_note_date: Date,
}

/// How much of an invoice is credited.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum InvoiceCredit {
    /// All of it, less what was credited before.
    Whole,
    /// These lines, with positive quantities.
    Part(Vec<Line>),
}

/// Why a credit note cannot be issued.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CreditNoteError {
    /// The invoice is a draft.
    #[error("the invoice is not issued")]
    InvoiceNotIssued,
    /// The invoice is void.
    #[error("the invoice is void")]
    InvoiceVoid,
    /// This and the notes before would credit more than the invoice charged, in all or at one tax.
    #[error("this and the credit notes before credit more than the invoice charged")]
    ExceedsInvoice,
    /// It comes to nothing or less.
    #[error("a credit note comes to more than nothing, not {0}")]
    TotalNotPositive(Money),
    /// Another currency, or too large an amount.
    #[error(transparent)]
    Money(#[from] MoneyError),
}

/// What is credited, found fit; everything but the header.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CreditPlan {
    customer_id: CustomerId,
    invoice_id: Option<InvoiceId>,
    lines: Vec<Line>,
    totals: DocumentTotals,
    /// What the notes before credited of the invoice.
    credited_before: Money,
}

/// A credit note with what it did.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IssuedCreditNote {
    /// The note.
    pub credit_note: CreditNote,
    /// The credit that came of it, if any did.
    pub customer_credit: Option<CustomerCredit>,
    /// What the corrected invoice is worth; `None` for a note that stands alone.
    pub balance_after: Option<InvoiceBalance>,
}

impl CreditPlan {
    /// What is credited of an invoice; `credited_before` are the sums of its earlier credit notes.
    ///
    /// # Errors
    /// [`CreditNoteError`].
    pub fn of_invoice(
        invoice: &Invoice,
        extent: InvoiceCredit,
        credited_before: &[DocumentTotals],
    ) -> Result<Self, CreditNoteError> {
        match invoice.state() {
            InvoiceState::Draft => return Err(CreditNoteError::InvoiceNotIssued),
            InvoiceState::Void => return Err(CreditNoteError::InvoiceVoid),
            InvoiceState::Issued | InvoiceState::Closed => {}
        }
        let currency = invoice.content.currency;
        let (lines, totals) = match extent {
            InvoiceCredit::Whole if credited_before.is_empty() => {
                (invoice.content.lines.clone(), invoice.totals.clone())
            }
            InvoiceCredit::Whole => rest_of(invoice, credited_before)?,
            InvoiceCredit::Part(lines) => {
                let totals = DocumentTotals::of(&lines, currency)?;
                (lines, totals)
            }
        };
        let plan = Self {
            customer_id: invoice.content.customer_id,
            invoice_id: Some(invoice.invoice_id),
            lines,
            totals,
            credited_before: gross_of(credited_before, currency)?,
        };
        plan.check_positive()?;
        let all = [credited_before, std::slice::from_ref(&plan.totals)].concat();
        if invoice.totals.is_exceeded_by(&all)? {
            return Err(CreditNoteError::ExceedsInvoice);
        }
        Ok(plan)
    }

    /// What is credited to a customer without an invoice.
    ///
    /// # Errors
    /// [`CreditNoteError::TotalNotPositive`] or [`CreditNoteError::Money`].
    pub fn stand_alone(
        customer_id: CustomerId,
        currency: Currency,
        lines: Vec<Line>,
    ) -> Result<Self, CreditNoteError> {
        let plan = Self {
            customer_id,
            invoice_id: None,
            totals: DocumentTotals::of(&lines, currency)?,
            lines,
            credited_before: Money::zero(currency),
        };
        plan.check_positive()?;
        Ok(plan)
    }

    fn check_positive(&self) -> Result<(), CreditNoteError> {
        let gross = self.totals.gross_amount;
        if gross.is_positive() {
            Ok(())
        } else {
            Err(CreditNoteError::TotalNotPositive(gross))
        }
    }

    /// Issues the note as planned. `debt` is the corrected invoice's receivable with the stored
    /// entries of its `history`; `None` for a note that stands alone.
    ///
    /// # Errors
    /// [`LedgerError`]: a fault of ours; nothing is to be saved then.
    pub fn issue(
        self,
        header: CreditNoteHeader,
        debt: Option<(&mut Receivable, &[InvoiceEntry])>,
        stamp: &mut Stamp,
    ) -> Result<IssuedCreditNote, LedgerError> {
        let (id, date) = (header.credit_note_id, header.credit_note_date);
        let gross = self.totals.gross_amount;
        let mut credited = Credited::nothing(gross);
        let mut balance_after = None;
        if let Some((debt, history)) = debt {
            credited = debt.credit(id, gross, self.credited_before, date, history, stamp)?;
            balance_after = Some(debt.balance()?);
        }
        let left = credited.left;
        let customer_credit = left
            .is_positive()
            .then(|| CustomerCredit::of(id, self.customer_id, left, date, stamp));
        let credit_note = CreditNote {
            header,
            customer_id: self.customer_id,
            invoice_id: self.invoice_id,
            lines: self.lines,
            totals: self.totals,
            allocations: credited.allocations,
            customer_credit_amount: left,
            issued_time: stamp.time,
        };
        Ok(IssuedCreditNote {
            credit_note,
            customer_credit,
            balance_after,
        })
    }
}

fn gross_of(documents: &[DocumentTotals], currency: Currency) -> Result<Money, MoneyError> {
    Money::sum(
        currency,
        documents.iter().map(|document| document.gross_amount),
    )
}

/// What is left of an invoice that was credited in part: one line a tax, and sums that make the
/// invoice whole to the cent.
fn rest_of(
    invoice: &Invoice,
    credited_before: &[DocumentTotals],
) -> Result<(Vec<Line>, DocumentTotals), CreditNoteError> {
    let totals = invoice.totals.less(credited_before)?;
    let number = invoice
        .receivable()
        .map_or("", |debt| debt.invoice_number.as_str());
    let line = |total: &TaxTotal| Line {
        description: format!("Rest of {number}"),
        quantity: if total.taxable_amount.is_negative() {
            Decimal::NEGATIVE_ONE
        } else {
            Decimal::ONE
        },
        unit: String::new(),
        unit_price: total.taxable_amount.abs().amount(),
        tax: total.tax,
        net_amount: total.taxable_amount,
    };
    Ok((totals.taxes.iter().map(line).collect(), totals))
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;
    use crate::domain::code::assert_complete;
    use crate::domain::samples::{
        Desk, assert_sums_hold, draft, eur, issued, issued_by, issued_with, line, offer, pay_named,
        stamp_at, take_back, zero_rated,
    };
    use crate::domain::{ClosingKind, EntryKind, WriteOffOrder, WriteOffReason, WriteOffState};

    const PAID: Date = date(2026, 1, 20);
    const TODAY: Date = date(2026, 2, 1);

    /// Credits `gross` of an invoice without tax.
    fn credit(
        desk: &mut Desk,
        invoice: &mut Invoice,
        gross: &str,
        before: &[DocumentTotals],
    ) -> IssuedCreditNote {
        let part = InvoiceCredit::Part(vec![zero_rated("1", gross)]);
        issue(desk, invoice, part, before).unwrap()
    }

    fn issue(
        desk: &mut Desk,
        invoice: &mut Invoice,
        extent: InvoiceCredit,
        before: &[DocumentTotals],
    ) -> Result<IssuedCreditNote, CreditNoteError> {
        let plan = CreditPlan::of_invoice(invoice, extent, before)?;
        let mut stamp = stamp_at(desk, TODAY);
        let header = CreditNoteHeader {
            credit_note_id: CreditNoteId(stamp.id()),
            external_id: None,
            credit_note_number: "CN-000001".to_owned(),
            reason: CreditNoteReason::BillingError,
            note: String::new(),
            credit_note_date: TODAY,
        };
        let debt = invoice.receivable_mut().unwrap();
        Ok(plan.issue(header, Some((debt, &[])), &mut stamp).unwrap())
    }

    #[test]
    fn ed_4_a_credit_note_with_the_terms_of_its_invoice() {
        let mut desk = Desk::default();
        let mut invoice = issued_with(&mut desk, "1000.00", "1/40", false, date(2026, 1, 1));
        credit(&mut desk, &mut invoice, "200.00", &[]);
        let debt = invoice.receivable_mut().unwrap();
        assert_eq!(debt.open_amount(), Ok(eur("800.00")));
        let paid = pay_named(&mut desk, debt, "792.00", TODAY).unwrap();
        assert_eq!(paid.allocations[0].discount_amount, eur("8.00"));
        assert!(paid.rest_amount.is_zero() && debt.open_amount().unwrap().is_zero());
        assert_sums_hold(debt, &debt.new_entries);
    }

    #[test]
    fn ed_4_of_what_was_paid_with_discount_the_note_is_worth_what_was_paid() {
        let mut desk = Desk::default();
        let mut invoice = issued_with(&mut desk, "1000.00", "1/40", false, date(2026, 1, 1));
        let debt = invoice.receivable_mut().unwrap();
        let mut paid = pay_named(&mut desk, debt, "990.00", PAID).unwrap();
        let first = credit(&mut desk, &mut invoice, "200.00", &[]);
        let note = &first.credit_note;
        assert_eq!(note.allocations[0].amount, eur("2.00"));
        assert_eq!(note.allocations[0].discount_amount, eur("-2.00"));
        assert_eq!(note.customer_credit_amount, eur("198.00"));
        let debt = invoice.receivable().unwrap();
        assert_eq!(debt.closing_kind, Some(ClosingKind::Payment));
        assert_eq!(debt.closed_date, Some(PAID));
        assert_eq!(debt.items[0].closed_date, Some(PAID));
        let second = credit(
            &mut desk,
            &mut invoice,
            "800.00",
            &[first.credit_note.totals],
        );
        assert_eq!(second.credit_note.customer_credit_amount, eur("792.00"));
        // Taken back after that, the money re-opens what the notes did not credit.
        let debt = invoice.receivable_mut().unwrap();
        take_back(&mut desk, &mut paid, debt, TODAY).unwrap();
        assert_eq!(debt.open_amount(), Ok(eur("990.00")));
        assert_sums_hold(debt, &debt.new_entries);
        let discounts = debt
            .new_entries
            .iter()
            .filter(|one| one.kind == EntryKind::Discount);
        let standing = Money::sum(Currency::EUR, discounts.map(|one| one.amount));
        assert_eq!(standing, Ok(eur("0.00")));
    }

    #[test]
    fn ed_4_the_share_is_of_what_was_paid_and_not_of_what_was_open() {
        let mut desk = Desk::default();
        let halves = "50%: net 40; rest: net 50";
        let mut invoice = issued_by(
            &mut desk,
            "1000.00",
            halves,
            offer("1/40", false),
            date(2026, 1, 1),
        );
        let debt = invoice.receivable_mut().unwrap();
        let paid = pay_named(&mut desk, debt, "495.00", PAID).unwrap();
        assert_eq!(paid.allocations[0].discount_amount, eur("5.00"));
        let note = credit(&mut desk, &mut invoice, "600.00", &[]).credit_note;
        assert_eq!(note.customer_credit_amount, eur("99.00"));
    }

    #[test]
    fn above_the_open_amount_it_becomes_customer_credit() {
        let mut desk = Desk::default();
        let mut invoice = issued(&mut desk, "100.00", "net 30", date(2026, 1, 1));
        pay_named(&mut desk, invoice.receivable_mut().unwrap(), "70.00", TODAY).unwrap();
        let issued = credit(&mut desk, &mut invoice, "50.00", &[]);
        assert_eq!(issued.credit_note.allocations[0].amount, eur("30.00"));
        let left = issued.customer_credit.unwrap();
        assert_eq!((left.open_amount, left.credit_date), (eur("20.00"), TODAY));
        let balance = issued.balance_after.unwrap();
        assert_eq!(balance.closing_kind, Some(ClosingKind::Credit));
    }

    #[test]
    fn is_6_what_is_written_off_is_credited_before_the_customer_is() {
        let mut desk = Desk::default();
        let mut invoice = issued(&mut desk, "100.00", "net 30", date(2026, 1, 1));
        let debt = invoice.receivable_mut().unwrap();
        pay_named(&mut desk, debt, "70.00", TODAY).unwrap();
        let order = WriteOffOrder {
            amount: None,
            reason: WriteOffReason::SmallBalance,
            note: String::new(),
            write_off_date: TODAY,
        };
        debt.write_off(order, &mut stamp_at(&mut desk, TODAY))
            .unwrap();
        let issued = credit(&mut desk, &mut invoice, "100.00", &[]);
        assert_eq!(
            issued.credit_note.allocations[0].reinstated_amount,
            eur("30.00")
        );
        assert_eq!(issued.credit_note.customer_credit_amount, eur("70.00"));
        let debt = invoice.receivable().unwrap();
        assert_eq!(debt.write_offs[0].state, WriteOffState::Recovered);
        assert_sums_hold(debt, &debt.new_entries);
    }

    #[test]
    fn is_3_no_more_is_credited_than_was_charged() {
        let mut desk = Desk::default();
        let mut invoice = issued(&mut desk, "100.00", "net 30", date(2026, 1, 1));
        let before = credit(&mut desk, &mut invoice, "60.00", &[])
            .credit_note
            .totals;
        let before = [before];
        let more = InvoiceCredit::Part(vec![zero_rated("1", "40.01")]);
        let refused = issue(&mut desk, &mut invoice, more, &before);
        assert_eq!(refused, Err(CreditNoteError::ExceedsInvoice));
        let rest = issue(&mut desk, &mut invoice, InvoiceCredit::Whole, &before).unwrap();
        assert_eq!(rest.credit_note.totals.gross_amount, eur("40.00"));
        assert_eq!(rest.credit_note.lines[0].description, "Rest of INV-1");
        let all = [before[0].clone(), rest.credit_note.totals];
        let refused = issue(&mut desk, &mut invoice, InvoiceCredit::Whole, &all);
        assert_eq!(refused, Err(CreditNoteError::TotalNotPositive(eur("0.00"))));
        let nothing = InvoiceCredit::Part(vec![zero_rated("0", "1")]);
        let refused = issue(&mut desk, &mut invoice, nothing, &[]);
        assert_eq!(refused, Err(CreditNoteError::TotalNotPositive(eur("0.00"))));
    }

    #[test]
    fn is_3_drafts_and_void_invoices_are_not_credited() {
        let mut desk = Desk::default();
        let unissued = draft(&mut desk, &[line("1", "10", "0.19")]);
        let plan = |invoice: &Invoice| CreditPlan::of_invoice(invoice, InvoiceCredit::Whole, &[]);
        assert_eq!(plan(&unissued), Err(CreditNoteError::InvoiceNotIssued));
        let mut invoice = issued(&mut desk, "100.00", "net 30", date(2026, 1, 1));
        invoice
            .void(TODAY, &mut stamp_at(&mut desk, TODAY))
            .unwrap();
        assert_eq!(plan(&invoice), Err(CreditNoteError::InvoiceVoid));
    }

    #[test]
    fn without_an_invoice_all_of_it_is_customer_credit() {
        let mut desk = Desk::default();
        let customer_id = issued(&mut desk, "1.00", "net 30", TODAY)
            .content
            .customer_id;
        let lines = vec![line("2", "50", "0.19")];
        let plan = CreditPlan::stand_alone(customer_id, Currency::EUR, lines).unwrap();
        let mut stamp = stamp_at(&mut desk, TODAY);
        let header = CreditNoteHeader {
            credit_note_id: CreditNoteId(stamp.id()),
            external_id: None,
            credit_note_number: "CN-000001".to_owned(),
            reason: CreditNoteReason::Goodwill,
            note: String::new(),
            credit_note_date: TODAY,
        };
        let issued = plan.issue(header, None, &mut stamp).unwrap();
        assert_eq!(issued.customer_credit.unwrap().open_amount, eur("119.00"));
        assert_eq!(issued.credit_note.allocations, []);
    }

    #[test]
    fn codes() {
        assert_complete::<CreditNoteReason>(8);
    }
}
