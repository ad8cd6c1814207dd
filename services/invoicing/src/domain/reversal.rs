//! Owns taking an application back: the mirror of it. Everything it settled is open again, due as it
//! was, and the discount and tolerance that were let go with the money are taken back with it (CA-7,
//! RT-2). What it had recovered of a write-off stays reinstated: the debt is then open (IS-6).
//!
//! The mirror is made of entries, not of amounts: each entry of the application is taken back by one
//! that names it, less what a credit note took back of it already (ED-4). At most once (P6). Must
//! not touch the receipt: payments does.

use jiff::Timestamp;
use jiff::civil::Date;
use money::{Money, MoneyError};

use super::allocation::conclude_touched;
use super::history::{entries_of, lasting, standing_entries};
use super::receivable::Posting;
use super::{
    Allocation, Application, ApplicationId, ClosingKind, Coded, EntryCause, EntryKind,
    InvoiceBalance, InvoiceEntry, LedgerError, OpenItemId, Receivable, ReversalId, Stamp,
};

/// Why money was taken back.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ReversalReason {
    /// It belongs elsewhere; the receipt stands.
    Unapplied,
    /// The receipt was recorded in error.
    ReceiptReversed,
    /// The bank took the money back.
    Returned,
}

impl Coded for ReversalReason {
    const CODES: &'static [(Self, &'static str)] = &[
        (Self::Unapplied, "UNAPPLIED"),
        (Self::ReceiptReversed, "RECEIPT_REVERSED"),
        (Self::Returned, "RETURNED"),
    ];
}

/// An application to take back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ReversalOrder {
    /// Identity, chosen by payments.
    pub reversal_id: ReversalId,
    /// The application.
    pub application_id: ApplicationId,
    /// Why.
    pub reason: ReversalReason,
    /// The day from which the debt is open again; not before the receipt date.
    pub reversal_date: Date,
}

/// An application taken back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ApplicationReversal {
    /// Identity, chosen by payments.
    pub reversal_id: ReversalId,
    /// The application.
    pub application_id: ApplicationId,
    /// Why.
    pub reason: ReversalReason,
    /// The day from which the debt is open again.
    pub reversal_date: Date,
    /// What was re-opened: what each item had got, with its open amount after the reversal.
    pub reopened: Vec<Allocation>,
    /// When it was reversed.
    pub reversed_time: Timestamp,
}

/// Why an application was not taken back.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ReverseError {
    /// Another reversal took it back (P6).
    #[error("the application was reversed before")]
    AlreadyReversed {
        /// That reversal.
        reversal_id: ReversalId,
    },
    /// The reversal would count from a day before the money did.
    #[error("the money counts from {receipt_date}, its reversal cannot count earlier")]
    BeforeReceipt {
        /// The receipt date.
        receipt_date: Date,
    },
    /// The books cannot hold it: a fault of ours.
    #[error(transparent)]
    Ledger(#[from] LedgerError),
}

impl From<MoneyError> for ReverseError {
    fn from(error: MoneyError) -> Self {
        Self::Ledger(error.into())
    }
}

/// Takes `application` back. `book` holds every receivable it touched, `history` all their stored
/// entries; what is posted and not yet stored is found in the book. Answers what the touched
/// invoices are worth; the reversal stands in the application.
///
/// # Errors
/// [`ReverseError::AlreadyReversed`] and [`ReverseError::BeforeReceipt`] have changed nothing; after
/// [`ReverseError::Ledger`] the book is not to be saved.
pub fn reverse(
    order: ReversalOrder,
    application: &mut Application,
    book: &mut [Receivable],
    history: &[InvoiceEntry],
    stamp: &mut Stamp,
) -> Result<Vec<InvoiceBalance>, ReverseError> {
    if let Some(earlier) = &application.reversal {
        let reversal_id = earlier.reversal_id;
        return Err(ReverseError::AlreadyReversed { reversal_id });
    }
    let receipt_date = application.receipt_date;
    if order.reversal_date < receipt_date {
        return Err(ReverseError::BeforeReceipt { receipt_date });
    }
    let mut reopened = Vec::with_capacity(application.allocations.len());
    for allocation in &application.allocations {
        let is_it = |debt: &&mut Receivable| debt.invoice_id == allocation.invoice_id;
        let debt = book
            .iter_mut()
            .find(is_it)
            .ok_or(LedgerError::NotLoaded("receivable"))?;
        reopened.push(debt.reopen(order, allocation.open_item_id, history, stamp)?);
    }
    let balances = conclude_touched(book, &reopened, ClosingKind::Payment)?;
    application.reversal = Some(ApplicationReversal {
        reversal_id: order.reversal_id,
        application_id: order.application_id,
        reason: order.reason,
        reversal_date: order.reversal_date,
        reopened,
        reversed_time: stamp.time,
    });
    Ok(balances)
}

impl Receivable {
    /// Takes back what stands of the application's entries on one item.
    fn reopen(
        &mut self,
        order: ReversalOrder,
        open_item_id: OpenItemId,
        history: &[InvoiceEntry],
        stamp: &mut Stamp,
    ) -> Result<Allocation, LedgerError> {
        let is_it = |item: &super::OpenItem| item.open_item_id == open_item_id;
        let place = self.items.iter().position(is_it);
        let place = place.ok_or(LedgerError::NotLoaded("open item"))?;
        let mut reopened = Allocation::none(self, place)?;
        for standing in standing_entries(self, history, Some(open_item_id))? {
            let entry = &standing.entry;
            if entry.application_id() != Some(order.application_id) {
                continue;
            }
            let taken_back = standing.amount.negated();
            match entry.kind {
                EntryKind::Allocation => reopened.amount = taken_back,
                EntryKind::Discount => reopened.discount_amount = taken_back,
                EntryKind::Tolerance => reopened.tolerance_amount = taken_back,
                _ => continue,
            }
            let posting = Posting {
                kind: entry.kind,
                amount: taken_back,
                date: order.reversal_date,
                cause: Some(EntryCause::Reversal(order.reversal_id)),
                reversed: Some(entry.entry_id),
            };
            self.post(place, posting, stamp)?;
        }
        reopened.open_amount_after = self.forget(place, open_item_id, history)?;
        Ok(reopened)
    }

    /// Sets the dates that an item remembers to those of the entries that last, as if what was taken
    /// back had never been. Answers what is open of it.
    fn forget(
        &mut self,
        place: usize,
        open_item_id: OpenItemId,
        history: &[InvoiceEntry],
    ) -> Result<Money, LedgerError> {
        let entries = lasting(entries_of(self, history, Some(open_item_id)));
        let money = entries.iter().filter(|entry| counts_as_money(entry));
        let money_date = money.map(|entry| entry.entry_date).max();
        let effective_date = entries.iter().map(|entry| entry.entry_date).max();
        let item = self.items.get_mut(place);
        let item = item.ok_or(LedgerError::NotLoaded("open item"))?;
        item.money_date = money_date;
        item.effective_date = effective_date.ok_or(LedgerError::NotLoaded("entry"))?;
        Ok(item.open_amount)
    }
}

/// Whether an entry is money in the sense of ED-3: what counts towards the full net amount.
fn counts_as_money(entry: &InvoiceEntry) -> bool {
    match entry.kind {
        EntryKind::Allocation => true,
        EntryKind::Credit => matches!(entry.cause, Some(EntryCause::CustomerCredit(_))),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;
    use crate::domain::code::assert_complete;
    use crate::domain::samples::{
        Desk, assert_sums_hold, eur, named, owed, owed_with, pay, pay_named, stamp_at, take_back,
        tolerance,
    };
    use crate::domain::{InvoiceState, WriteOffOrder, WriteOffReason, WriteOffState};

    const JAN_1: Date = date(2026, 1, 1);
    const LATER: Date = date(2026, 2, 1);

    #[test]
    fn ca_7_rt_2_all_is_open_again_at_the_original_due_date() {
        let mut desk = Desk::default();
        let mut book = [owed_with(&mut desk, "1000.00", "2/14", false, JAN_1)];
        let before = book[0].clone();
        let granted = tolerance("0.01", "5.00", 0);
        let target = named(&book);
        let day = date(2026, 1, 10);
        let (mut paid, _) = pay(&mut desk, &mut book, eur("977.00"), day, target, granted).unwrap();
        assert_eq!(book[0].state, InvoiceState::Closed);
        let balances = take_back(&mut desk, &mut paid, &mut book[0], LATER).unwrap();
        assert_eq!(book[0].items, before.items);
        assert_eq!(book[0].state, InvoiceState::Issued);
        assert_eq!((book[0].closed_date, book[0].closing_kind), (None, None));
        assert_eq!(balances[0].open_amount, eur("1000.00"));
        assert_eq!(balances[0].version, before.version + 2);
        let reopened = &paid.reversal.as_ref().unwrap().reopened[0];
        assert_eq!(reopened.amount, eur("977.00"));
        assert_eq!(reopened.discount_amount, eur("20.00"));
        assert_eq!(reopened.tolerance_amount, eur("3.00"));
        assert_eq!(reopened.open_amount_after, eur("1000.00"));
        assert_sums_hold(&book[0], &book[0].new_entries);
        // Paid again in time, the discount is earned as if nothing had been.
        let again = pay_named(&mut desk, &mut book[0], "980.00", day).unwrap();
        assert_eq!(again.allocations[0].discount_amount, eur("20.00"));
    }

    #[test]
    fn p6_at_most_once() {
        let mut desk = Desk::default();
        let mut debt = owed(&mut desk, "100.00", "net 30", JAN_1);
        let mut paid = pay_named(&mut desk, &mut debt, "100.00", JAN_1).unwrap();
        take_back(&mut desk, &mut paid, &mut debt, LATER).unwrap();
        let (application, after) = (paid.clone(), debt.clone());
        let reversal_id = paid.reversal.as_ref().unwrap().reversal_id;
        let again = take_back(&mut desk, &mut paid, &mut debt, LATER);
        assert_eq!(again, Err(ReverseError::AlreadyReversed { reversal_id }));
        assert_eq!((paid, debt), (application, after));
    }

    #[test]
    fn a_reversal_does_not_count_before_the_money() {
        let mut desk = Desk::default();
        let mut debt = owed(&mut desk, "100.00", "net 30", JAN_1);
        let receipt_date = date(2026, 1, 10);
        let mut paid = pay_named(&mut desk, &mut debt, "100.00", receipt_date).unwrap();
        let before = take_back(&mut desk, &mut paid, &mut debt, date(2026, 1, 9));
        assert_eq!(before, Err(ReverseError::BeforeReceipt { receipt_date }));
        take_back(&mut desk, &mut paid, &mut debt, receipt_date).unwrap();
    }

    #[test]
    fn is_6_what_was_recovered_stays_reinstated() {
        let mut desk = Desk::default();
        let mut debt = owed(&mut desk, "100.00", "net 30", JAN_1);
        let order = WriteOffOrder {
            amount: None,
            reason: WriteOffReason::Insolvency,
            note: String::new(),
            write_off_date: JAN_1,
        };
        debt.write_off(order, &mut stamp_at(&mut desk, JAN_1))
            .unwrap();
        let mut paid = pay_named(&mut desk, &mut debt, "100.00", JAN_1).unwrap();
        take_back(&mut desk, &mut paid, &mut debt, LATER).unwrap();
        assert_eq!(debt.open_amount(), Ok(eur("100.00")));
        assert!(debt.written_off_amount().unwrap().is_zero());
        assert_eq!(debt.write_offs[0].state, WriteOffState::Recovered);
        assert_eq!(debt.write_offs[0].reinstated_amount(), Ok(eur("100.00")));
        assert_sums_hold(&debt, &debt.new_entries);
    }

    #[test]
    fn ed_3_a_late_payment_taken_back_leaves_no_trace_in_the_offer() {
        let mut desk = Desk::default();
        let mut debt = owed_with(&mut desk, "1000.00", "2/14", false, JAN_1);
        let in_time = date(2026, 1, 15);
        pay_named(&mut desk, &mut debt, "100.00", in_time).unwrap();
        let mut late = pay_named(&mut desk, &mut debt, "50.00", date(2026, 1, 20)).unwrap();
        take_back(&mut desk, &mut late, &mut debt, LATER).unwrap();
        assert_eq!(debt.items[0].money_date, Some(in_time));
        let paid = pay_named(&mut desk, &mut debt, "880.00", in_time).unwrap();
        assert_eq!(paid.allocations[0].discount_amount, eur("20.00"));
    }

    #[test]
    fn stored_entries_are_taken_back_like_those_just_posted() {
        let mut desk = Desk::default();
        let mut debt = owed(&mut desk, "100.00", "net 30", JAN_1);
        let mut paid = pay_named(&mut desk, &mut debt, "60.00", JAN_1).unwrap();
        let mut stored = debt.take_new_entries();
        let mut stamp = stamp_at(&mut desk, LATER);
        let order = ReversalOrder {
            reversal_id: ReversalId(stamp.id()),
            application_id: paid.application_id,
            reason: ReversalReason::Unapplied,
            reversal_date: LATER,
        };
        let book = std::slice::from_mut(&mut debt);
        reverse(order, &mut paid, book, &stored, &mut stamp).unwrap();
        assert_eq!(debt.new_entries.len(), 1);
        let mirror = &debt.new_entries[0];
        assert_eq!(mirror.reversed_entry_id, Some(stored[1].entry_id));
        assert_eq!(mirror.cause, Some(EntryCause::Reversal(order.reversal_id)));
        assert_eq!(mirror.entry_date, LATER);
        stored.extend(debt.new_entries.clone());
        assert_sums_hold(&debt, &stored);
    }

    #[test]
    fn codes() {
        assert_complete::<ReversalReason>(3);
    }
}
