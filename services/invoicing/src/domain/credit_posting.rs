//! Owns what a credit note does to the receivable of its invoice: which items it lowers, and the
//! share of discount and tolerance that it carries (ED-4). Must not know the document.

use jiff::civil::Date;
use money::{Money, MoneyError, Rounding};

use super::history::{StandingEntry, standing_entries};
use super::receivable::Posting;
use super::{
    Allocation, ClosingKind, CreditNoteId, EntryCause, EntryKind, InvoiceEntry, LedgerError,
    OpenItem, OpenItemKind, Receivable, Stamp,
};

/// What a credit note did to its invoice.
#[derive(Debug)]
pub(super) struct Credited {
    /// What came to each item, each item once.
    pub allocations: Vec<Allocation>,
    /// What exceeds all that it could lower: the customer's.
    pub left: Money,
}

impl Credited {
    /// Nothing of `gross` was used.
    pub fn nothing(gross: Money) -> Self {
        Self {
            allocations: Vec::new(),
            left: gross,
        }
    }

    /// The allocation of an item, made if it is the first.
    fn of_item(&mut self, debt: &Receivable, place: usize) -> Result<&mut Allocation, LedgerError> {
        let fresh = Allocation::none(debt, place)?;
        let is_it = |one: &Allocation| one.open_item_id == fresh.open_item_id;
        let index = self.allocations.iter().position(is_it).unwrap_or_else(|| {
            self.allocations.push(fresh);
            self.allocations.len().saturating_sub(1)
        });
        self.allocations
            .get_mut(index)
            .ok_or(LedgerError::NotLoaded("open item"))
    }
}

impl Receivable {
    /// Credits `gross` of it: what is open, then what is written off, then the share of discount
    /// and tolerance of what was paid.
    pub(super) fn credit(
        &mut self,
        credit_note_id: CreditNoteId,
        gross: Money,
        credited_before: Money,
        date: Date,
        history: &[InvoiceEntry],
        stamp: &mut Stamp,
    ) -> Result<Credited, LedgerError> {
        let paid = self.paid_or_let_go(credited_before)?;
        let mut crediting = Crediting {
            cause: EntryCause::CreditNote(credit_note_id),
            date,
            credited: Credited::nothing(gross),
        };
        crediting.lower(self, |item| item.open_amount, false, stamp)?;
        crediting.lower(self, |item| item.written_off_amount, true, stamp)?;
        let standing = standing_entries(self, history, None)?;
        crediting.carry_share(self, &standing, paid, stamp)?;
        self.conclude(ClosingKind::Credit);
        Ok(crediting.credited)
    }

    /// What of the invoiced amount was settled by money, discount and tolerance.
    fn paid_or_let_go(&self, credited_before: Money) -> Result<Money, MoneyError> {
        let mut paid = self.gross_amount.checked_sub(credited_before)?;
        let principal = |item: &&OpenItem| item.kind == OpenItemKind::Principal;
        for item in self.items.iter().filter(principal) {
            paid = paid
                .checked_sub(item.open_amount)?
                .checked_sub(item.written_off_amount)?;
        }
        Ok(paid)
    }
}

struct Crediting {
    cause: EntryCause,
    date: Date,
    credited: Credited,
}

impl Crediting {
    /// Lowers every item by what it has of `what`, as far as the credit goes.
    fn lower(
        &mut self,
        debt: &mut Receivable,
        what: fn(&OpenItem) -> Money,
        written_off: bool,
        stamp: &mut Stamp,
    ) -> Result<(), LedgerError> {
        for place in debt.settling_order() {
            let Some(item) = debt.items.get(place) else {
                continue;
            };
            let part = what(item).min_with(self.credited.left)?;
            if part.is_zero() {
                continue;
            }
            let open_item_id = item.open_item_id;
            if written_off {
                debt.recover(open_item_id, part, self.date, self.cause, stamp)?;
                let allocation = self.credited.of_item(debt, place)?;
                allocation.reinstated_amount = part;
            }
            self.take_off(debt, place, part, stamp)?;
        }
        Ok(())
    }

    /// ED-4: of what exceeds, the customer gets what was paid; the share of discount and tolerance
    /// in it is taken back from the entries that granted them, and credited.
    fn carry_share(
        &mut self,
        debt: &mut Receivable,
        standing: &[StandingEntry],
        paid: Money,
        stamp: &mut Stamp,
    ) -> Result<(), LedgerError> {
        let granted: Vec<_> = standing.iter().filter(|one| one.was_let_go()).collect();
        let amounts = granted.iter().map(|one| one.amount.negated());
        let let_go = Money::sum(debt.currency, amounts)?;
        let excess = self.credited.left;
        if excess.is_zero() || let_go.is_zero() || !paid.is_positive() {
            return Ok(());
        }
        let share = Money::from_product(
            &[excess.amount(), let_go.amount()],
            paid.amount(),
            debt.currency,
            Rounding::HalfAwayFromZero,
        )?;
        let mut share = share.min_with(let_go)?.min_with(excess)?;
        for one in granted {
            let part = share.min_with(one.amount.negated())?;
            share = share.checked_sub(part)?;
            self.take_back(debt, one, part, stamp)?;
        }
        Ok(())
    }

    fn take_back(
        &mut self,
        debt: &mut Receivable,
        granted: &StandingEntry,
        part: Money,
        stamp: &mut Stamp,
    ) -> Result<(), LedgerError> {
        if part.is_zero() {
            return Ok(());
        }
        let is_it = |item: &OpenItem| item.open_item_id == granted.entry.open_item_id;
        let place = debt.items.iter().position(is_it);
        let place = place.ok_or(LedgerError::NotLoaded("open item"))?;
        let posting = Posting {
            kind: granted.entry.kind,
            amount: part,
            date: self.date,
            cause: Some(self.cause),
            reversed: Some(granted.entry.entry_id),
        };
        debt.post(place, posting, stamp)?;
        self.take_off(debt, place, part, stamp)?;
        let allocation = self.credited.of_item(debt, place)?;
        let taken_back = match granted.entry.kind {
            EntryKind::Discount => &mut allocation.discount_amount,
            _ => &mut allocation.tolerance_amount,
        };
        *taken_back = taken_back.checked_sub(part)?;
        Ok(())
    }

    /// Credits `part` of an item.
    fn take_off(
        &mut self,
        debt: &mut Receivable,
        place: usize,
        part: Money,
        stamp: &mut Stamp,
    ) -> Result<(), LedgerError> {
        let posting = Posting {
            kind: EntryKind::Credit,
            amount: part.negated(),
            date: self.date,
            cause: Some(self.cause),
            reversed: None,
        };
        debt.post(place, posting, stamp)?;
        if let Some(item) = debt.items.get_mut(place) {
            item.credited_amount = item.credited_amount.checked_add(part)?;
        }
        self.credited.left = self.credited.left.checked_sub(part)?;
        let open_amount_after = debt.items.get(place).map(|item| item.open_amount);
        let allocation = self.credited.of_item(debt, place)?;
        allocation.amount = allocation.amount.checked_add(part)?;
        if let Some(open_amount) = open_amount_after {
            allocation.open_amount_after = open_amount;
        }
        Ok(())
    }
}

impl StandingEntry {
    /// Whether it let something go with money: discount or tolerance.
    fn was_let_go(&self) -> bool {
        let kind = matches!(self.entry.kind, EntryKind::Discount | EntryKind::Tolerance);
        kind && self.amount.is_negative()
    }
}
