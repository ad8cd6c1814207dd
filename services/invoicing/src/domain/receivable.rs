//! Owns what is owed on one issued invoice: its open items, and the entries that change them.
//!
//! Every change of money goes the same way: some entries are posted, each lowering or raising one
//! item and never below nothing (P5), then the change is concluded, which raises the version once
//! and finds out whether the invoice is closed. So the open amount is the sum of the entries at
//! every moment (P8), and what is new is handed to the store as it was posted.
//!
//! Must not know why money goes where it goes: applications, credit notes and write-offs decide.

use jiff::civil::Date;
use money::{Currency, Money, MoneyError};

use super::{
    Coded, CustomerId, DisputedPart, EntryCause, EntryId, EntryKind, InvoiceEntry, InvoiceId,
    OpenItem, OpenItemId, OpenItemKind, Stamp, WriteOff,
};

/// The stored life cycle of an invoice (IS-1).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum InvoiceState {
    /// Written; nothing is owed, it has no number.
    Draft,
    /// Numbered, and something of it is open.
    Issued,
    /// Nothing of it is open any more.
    Closed,
    /// Taken back as a whole. Final.
    Void,
}

impl Coded for InvoiceState {
    const CODES: &'static [(Self, &'static str)] = &[
        (Self::Draft, "DRAFT"),
        (Self::Issued, "ISSUED"),
        (Self::Closed, "CLOSED"),
        (Self::Void, "VOID"),
    ];
}

/// By which route an invoice came to nothing open: the last step.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ClosingKind {
    /// Money was applied.
    Payment,
    /// A credit note or customer credit.
    Credit,
    /// A write-off.
    WriteOff,
    /// The invoice was voided.
    Void,
    /// The invoice came to nothing when it was issued.
    ZeroTotal,
}

impl Coded for ClosingKind {
    const CODES: &'static [(Self, &'static str)] = &[
        (Self::Payment, "PAYMENT"),
        (Self::Credit, "CREDIT"),
        (Self::WriteOff, "WRITE_OFF"),
        (Self::Void, "VOID"),
        (Self::ZeroTotal, "ZERO_TOTAL"),
    ];
}

/// What is owed on one issued invoice. Loaded under its lock, changed, and saved with
/// `new_entries`; the order of `items` and `write_offs` has no meaning.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Receivable {
    /// The invoice.
    pub invoice_id: InvoiceId,
    /// The foreign system's own identity, where it has one.
    pub external_id: Option<String>,
    /// Its number.
    pub invoice_number: String,
    /// Who owes it.
    pub customer_id: CustomerId,
    /// The currency of every amount.
    pub currency: Currency,
    /// The date of the invoice.
    pub invoice_date: Date,
    /// The day from which it counts in anything as of a date: the invoice date, or the day it was
    /// issued where that is earlier (AG-4).
    pub counts_from_date: Date,
    /// What it came to when it was issued.
    pub gross_amount: Money,
    /// ISSUED, CLOSED or VOID.
    pub state: InvoiceState,
    /// Every item, the settled ones too.
    pub items: Vec<OpenItem>,
    /// What of it is under open disputes.
    pub disputed: DisputedPart,
    /// The write-offs of which something stands; needed only where an item has a
    /// `written_off_amount`.
    pub write_offs: Vec<WriteOff>,
    /// The day on which what closed it took effect.
    pub closed_date: Option<Date>,
    /// By which route it was closed.
    pub closing_kind: Option<ClosingKind>,
    /// The number of the last entry in its history.
    pub last_entry_number: i64,
    /// Rises by one with every change.
    pub version: i64,
    /// Entries that are not stored yet, in order.
    pub new_entries: Vec<InvoiceEntry>,
}

/// A change that the books cannot hold. Never a customer's mistake: rules refuse before they post.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum LedgerError {
    /// An amount too large, or of another currency.
    #[error(transparent)]
    Money(#[from] MoneyError),
    /// More was posted against an item than was open of it (P5).
    #[error("open item {open_item_id:?} would be worth {amount}")]
    BelowNothing {
        /// The item.
        open_item_id: OpenItemId,
        /// What would be open of it.
        amount: Money,
    },
    /// An item or entry that was named is not among those that were loaded.
    #[error("{0} was not loaded")]
    NotLoaded(&'static str),
}

/// One entry to post.
#[derive(Debug, Clone, Copy)]
pub(super) struct Posting {
    pub kind: EntryKind,
    /// Negative when less is owed.
    pub amount: Money,
    pub date: Date,
    pub cause: Option<EntryCause>,
    pub reversed: Option<EntryId>,
}

impl Receivable {
    /// What is owed: the sum of its items.
    ///
    /// # Errors
    /// [`MoneyError::Overflow`].
    pub fn open_amount(&self) -> Result<Money, MoneyError> {
        Money::sum(
            self.currency,
            self.items.iter().map(|item| item.open_amount),
        )
    }

    /// The part of what is owed that is under an open dispute; never more than is owed.
    ///
    /// # Errors
    /// [`MoneyError::Overflow`].
    pub fn disputed_amount(&self) -> Result<Money, MoneyError> {
        self.disputed.of(self.open_amount()?)
    }

    /// What may be asked for: what is owed less what is disputed.
    ///
    /// # Errors
    /// [`MoneyError::Overflow`].
    pub fn collectable_amount(&self) -> Result<Money, MoneyError> {
        self.open_amount()?.checked_sub(self.disputed_amount()?)
    }

    /// What stands written off.
    ///
    /// # Errors
    /// [`MoneyError::Overflow`].
    pub fn written_off_amount(&self) -> Result<Money, MoneyError> {
        let amounts = self.items.iter().map(|item| item.written_off_amount);
        Money::sum(self.currency, amounts)
    }

    /// The earliest due date among the items that are open.
    #[must_use]
    pub fn oldest_due_date(&self) -> Option<Date> {
        let open = self.items.iter().filter(|item| !item.is_settled());
        open.map(|item| item.due_date).min()
    }

    /// Places of the items in the order in which they are settled (CA-5).
    pub(super) fn settling_order(&self) -> Vec<usize> {
        let mut order: Vec<usize> = (0..self.items.len()).collect();
        order.sort_by(
            |left, right| match (self.items.get(*left), self.items.get(*right)) {
                (Some(left), Some(right)) => left.settling_order(right),
                _ => left.cmp(right),
            },
        );
        order
    }

    /// Writes one entry and moves the item's open amount by it. Of nothing, nothing is written.
    pub(super) fn post(
        &mut self,
        item: usize,
        posting: Posting,
        stamp: &mut Stamp,
    ) -> Result<(), LedgerError> {
        if posting.amount.is_zero() {
            return Ok(());
        }
        let item = self
            .items
            .get_mut(item)
            .ok_or(LedgerError::NotLoaded("open item"))?;
        let open_amount = item.open_amount.checked_add(posting.amount)?;
        if open_amount.is_negative() {
            return Err(LedgerError::BelowNothing {
                open_item_id: item.open_item_id,
                amount: open_amount,
            });
        }
        item.open_amount = open_amount;
        item.effective_date = item.effective_date.max(posting.date);
        let open_item_id = item.open_item_id;
        self.write(open_item_id, posting, stamp);
        Ok(())
    }

    fn write(&mut self, open_item_id: OpenItemId, posting: Posting, stamp: &mut Stamp) {
        self.last_entry_number = self.last_entry_number.saturating_add(1);
        self.new_entries.push(InvoiceEntry {
            entry_id: EntryId(stamp.id()),
            invoice_id: self.invoice_id,
            entry_number: self.last_entry_number,
            open_item_id,
            kind: posting.kind,
            amount: posting.amount,
            entry_date: posting.date,
            reversed_entry_id: posting.reversed,
            cause: posting.cause,
            create_time: stamp.time,
        });
    }

    /// Writes that the items came to be owed. The one entry that may be of nothing: a zero total
    /// has a history too.
    pub(super) fn write_issue(&mut self, stamp: &mut Stamp) {
        for item in self.items.clone() {
            let posting = Posting {
                kind: EntryKind::Issue,
                amount: item.original_amount,
                date: self.counts_from_date,
                cause: None,
                reversed: None,
            };
            self.write(item.open_item_id, posting, stamp);
        }
    }

    /// Ends a change: the version rises, and items and invoice open or close. `route` is what the
    /// change was made of; what was closed before and still is keeps its day and route.
    pub(super) fn conclude(&mut self, route: ClosingKind) {
        self.version = self.version.saturating_add(1);
        for item in &mut self.items {
            item.closed_date = match item.closed_date {
                _ if !item.is_settled() => None,
                None => Some(item.effective_date),
                closed => closed,
            };
        }
        let settled = self.items.iter().all(OpenItem::is_settled);
        self.state = match (self.state, settled) {
            (InvoiceState::Void, _) => InvoiceState::Void,
            (_, true) => InvoiceState::Closed,
            (_, false) => InvoiceState::Issued,
        };
        if !settled {
            (self.closed_date, self.closing_kind) = (None, None);
        } else if self.closing_kind.is_none() {
            let latest = self.items.iter().map(|item| item.effective_date).max();
            self.closed_date = latest.or(Some(self.counts_from_date));
            self.closing_kind = Some(route);
        }
    }

    /// The entries that were posted since it was loaded; they are not kept.
    pub fn take_new_entries(&mut self) -> Vec<InvoiceEntry> {
        std::mem::take(&mut self.new_entries)
    }

    /// What it is worth now, as announcements and answers carry it.
    ///
    /// # Errors
    /// [`MoneyError::Overflow`].
    pub fn balance(&self) -> Result<InvoiceBalance, MoneyError> {
        let of_item = |item: &OpenItem| OpenItemBalance {
            open_item_id: item.open_item_id,
            kind: item.kind,
            due_date: item.due_date,
            open_amount: item.open_amount,
            closed_date: item.closed_date,
        };
        let mut open_items: Vec<_> = self.items.iter().map(of_item).collect();
        open_items
            .sort_by_key(|item| (item.due_date, item.kind.settling_rank(), item.open_item_id));
        Ok(InvoiceBalance {
            invoice_id: self.invoice_id,
            invoice_number: self.invoice_number.clone(),
            external_id: self.external_id.clone(),
            customer_id: self.customer_id,
            state: self.state,
            invoice_date: self.invoice_date,
            gross_amount: self.gross_amount,
            open_amount: self.open_amount()?,
            disputed_amount: self.disputed_amount()?,
            open_items,
            closed_date: self.closed_date,
            closing_kind: self.closing_kind,
            version: self.version,
        })
    }
}

/// What an invoice is worth at one moment; of two the one with the higher version is newer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InvoiceBalance {
    /// The invoice.
    pub invoice_id: InvoiceId,
    /// Its number.
    pub invoice_number: String,
    /// The foreign system's own identity, where it has one.
    pub external_id: Option<String>,
    /// Who owes it.
    pub customer_id: CustomerId,
    /// Where it stands.
    pub state: InvoiceState,
    /// The date of the invoice.
    pub invoice_date: Date,
    /// What it came to when it was issued.
    pub gross_amount: Money,
    /// Sum of what is open.
    pub open_amount: Money,
    /// The part of it under an open dispute.
    pub disputed_amount: Money,
    /// Every item, by due date then kind.
    pub open_items: Vec<OpenItemBalance>,
    /// The day on which what closed it took effect.
    pub closed_date: Option<Date>,
    /// By which route it was closed.
    pub closing_kind: Option<ClosingKind>,
    /// Version of the invoice.
    pub version: i64,
}

impl InvoiceBalance {
    /// What may be asked for: what is open less what of it is disputed.
    ///
    /// # Errors
    /// [`MoneyError::Overflow`].
    pub fn collectable_amount(&self) -> Result<Money, MoneyError> {
        self.open_amount.checked_sub(self.disputed_amount)
    }
}

/// What one open item is worth at one moment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OpenItemBalance {
    /// The item.
    pub open_item_id: OpenItemId,
    /// What it is made of.
    pub kind: OpenItemKind,
    /// When it is due.
    pub due_date: Date,
    /// What is owed.
    pub open_amount: Money,
    /// The day on which what settled it took effect.
    pub closed_date: Option<Date>,
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;
    use crate::domain::samples::{Desk, eur, named, owed, pay, pay_named, stamp_at};
    use crate::domain::{ApplyError, Target, Tolerance};

    const JAN_1: Date = date(2026, 1, 1);

    #[test]
    fn p5_the_books_refuse_more_than_is_open() {
        let mut desk = Desk::default();
        let mut book = [owed(&mut desk, "100.00", "net 30", JAN_1)];
        // Named twice, which a request may not be: the rules would give it its amount twice.
        let Target::Named(mut invoices) = named(&book) else {
            panic!("named")
        };
        invoices.extend_from_within(..);
        let target = Target::Named(invoices);
        let paid = pay(
            &mut desk,
            &mut book,
            eur("150.00"),
            JAN_1,
            target,
            Tolerance::default(),
        );
        let refused = LedgerError::BelowNothing {
            open_item_id: book[0].items[0].open_item_id,
            amount: eur("-50.00"),
        };
        assert_eq!(paid, Err(ApplyError::Ledger(refused)));
    }

    #[test]
    fn p8_of_nothing_nothing_is_written() {
        let mut desk = Desk::default();
        let mut debt = owed(&mut desk, "100.00", "net 30", JAN_1);
        let posting = Posting {
            kind: EntryKind::Discount,
            amount: eur("0.00"),
            date: JAN_1,
            cause: None,
            reversed: None,
        };
        let before = debt.clone();
        debt.post(0, posting, &mut stamp_at(&mut desk, JAN_1))
            .unwrap();
        assert_eq!(debt, before);
    }

    #[test]
    fn dd_9_the_balance_tells_every_item_and_the_oldest_that_is_open() {
        let mut desk = Desk::default();
        let mut debt = owed(&mut desk, "100.00", "50%: net 5; rest: net 10", JAN_1);
        assert_eq!(debt.oldest_due_date(), Some(date(2026, 1, 6)));
        pay_named(&mut desk, &mut debt, "50.00", date(2026, 1, 4)).unwrap();
        assert_eq!(debt.oldest_due_date(), Some(date(2026, 1, 11)));
        let balance = debt.balance().unwrap();
        let items: Vec<_> = balance
            .open_items
            .iter()
            .map(|item| (item.due_date, item.open_amount, item.closed_date))
            .collect();
        let expected = [
            (date(2026, 1, 6), eur("0.00"), Some(date(2026, 1, 4))),
            (date(2026, 1, 11), eur("50.00"), None),
        ];
        assert_eq!(items, expected);
        assert_eq!(
            (balance.open_amount, balance.version),
            (eur("50.00"), debt.version)
        );
        pay_named(&mut desk, &mut debt, "50.00", date(2026, 1, 4)).unwrap();
        assert_eq!(debt.oldest_due_date(), None);
        assert_eq!(debt.take_new_entries().len(), 4);
        assert!(debt.new_entries.is_empty());
    }
}
