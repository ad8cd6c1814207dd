//! Owns write-offs: debts closed for accounting and not forgiven. Money that comes in later is
//! applied and counts as recovered; taken back by decision, what was not recovered is owed again,
//! due as it was (IS-6). Must not decide where that money goes: applications do.

use jiff::Timestamp;
use jiff::civil::Date;
use money::{Money, MoneyError};

use super::receivable::Posting;
use super::{
    ClosingKind, Coded, CustomerId, EntryCause, EntryId, EntryKind, InvoiceId, InvoiceState,
    LedgerError, OpenItemId, Receivable, Stamp, WriteOffId,
};

/// Where a write-off stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum WriteOffState {
    /// Something of it stands.
    WrittenOff,
    /// All of it was reinstated by money or credit that came after all.
    Recovered,
    /// It was taken back. Final.
    Reversed,
}

impl Coded for WriteOffState {
    const CODES: &'static [(Self, &'static str)] = &[
        (Self::WrittenOff, "WRITTEN_OFF"),
        (Self::Recovered, "RECOVERED"),
        (Self::Reversed, "REVERSED"),
    ];
}

/// Why a debt is given up.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum WriteOffReason {
    /// Nothing more can be got.
    Uncollectible,
    /// The debtor is insolvent.
    Insolvency,
    /// The debtor died and left nothing.
    Deceased,
    /// The debtor cannot be found.
    CannotLocate,
    /// The claim is barred by time.
    TimeBarred,
    /// Too small to be worth the effort.
    SmallBalance,
    /// The order was fraudulent.
    Fraud,
    /// Anything else; the note says what.
    Other,
}

impl Coded for WriteOffReason {
    const CODES: &'static [(Self, &'static str)] = &[
        (Self::Uncollectible, "UNCOLLECTIBLE"),
        (Self::Insolvency, "INSOLVENCY"),
        (Self::Deceased, "DECEASED"),
        (Self::CannotLocate, "CANNOT_LOCATE"),
        (Self::TimeBarred, "TIME_BARRED"),
        (Self::SmallBalance, "SMALL_BALANCE"),
        (Self::Fraud, "FRAUD"),
        (Self::Other, "OTHER"),
    ];
}

/// A debt closed for accounting.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WriteOff {
    /// Identity.
    pub write_off_id: WriteOffId,
    /// The invoice.
    pub invoice_id: InvoiceId,
    /// Its number.
    pub invoice_number: String,
    /// The customer.
    pub customer_id: CustomerId,
    /// Where it stands.
    pub state: WriteOffState,
    /// Why.
    pub reason: WriteOffReason,
    /// Explanation. Personal data.
    pub note: String,
    /// What was written off.
    pub amount: Money,
    /// The parts by open item.
    pub items: Vec<WrittenOffItem>,
    /// The day from which it counts.
    pub write_off_date: Date,
    /// How it was taken back; `None` unless it was.
    pub reversal: Option<WriteOffReversal>,
    /// When it was written off.
    pub create_time: Timestamp,
    /// Rises by one with every change, from 1 on.
    pub version: i64,
}

/// The part of a write-off that fell on one open item.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WrittenOffItem {
    /// The item.
    pub open_item_id: OpenItemId,
    /// The entry that wrote it off.
    pub entry_id: EntryId,
    /// What was written off of it.
    pub amount: Money,
    /// What of it was reinstated since; it stays so when the money is taken back.
    pub reinstated_amount: Money,
}

/// How a write-off was taken back by decision.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WriteOffReversal {
    /// The day from which it counts.
    pub reversal_date: Date,
    /// Why. Personal data.
    pub note: String,
}

/// Why nothing was written off, or a write-off not taken back.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum WriteOffError {
    /// Nothing of the invoice is open.
    #[error("nothing of the invoice is open")]
    InvoiceNotOpen,
    /// More was to be written off than is open.
    #[error("only {open_amount} of the invoice is open")]
    ExceedsOpenAmount {
        /// What is open.
        open_amount: Money,
    },
    /// It was taken back before (P6).
    #[error("the write-off was reversed before")]
    AlreadyReversed,
    /// Money has recovered all of it.
    #[error("all of the write-off was recovered by money")]
    Recovered,
    /// The reversal would count from a day before the write-off.
    #[error("the write-off counts from {write_off_date}, its reversal cannot count earlier")]
    BeforeWriteOff {
        /// The day of the write-off.
        write_off_date: Date,
    },
    /// The books cannot hold it, or the amount is of another currency.
    #[error(transparent)]
    Ledger(#[from] LedgerError),
}

impl From<MoneyError> for WriteOffError {
    fn from(error: MoneyError) -> Self {
        Self::Ledger(error.into())
    }
}

/// What is to be written off.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WriteOffOrder {
    /// How much; `None`: all that is open.
    pub amount: Option<Money>,
    /// Why.
    pub reason: WriteOffReason,
    /// Explanation. Personal data.
    pub note: String,
    /// The day from which it counts.
    pub write_off_date: Date,
}

impl Receivable {
    /// Writes off what is open, or a part of it: costs, then interest, then principal (CA-5).
    ///
    /// # Errors
    /// [`WriteOffError`]; a refusal has changed nothing.
    pub fn write_off(
        &mut self,
        order: WriteOffOrder,
        stamp: &mut Stamp,
    ) -> Result<WriteOff, WriteOffError> {
        let open_amount = self.open_amount()?;
        if self.state != InvoiceState::Issued || open_amount.is_zero() {
            return Err(WriteOffError::InvoiceNotOpen);
        }
        let amount = order.amount.unwrap_or(open_amount);
        if amount.try_cmp(&open_amount)?.is_gt() {
            return Err(WriteOffError::ExceedsOpenAmount { open_amount });
        }
        let write_off_id = WriteOffId(stamp.id());
        let items = self.post_write_off(write_off_id, amount, order.write_off_date, stamp)?;
        self.conclude(ClosingKind::WriteOff);
        let write_off = WriteOff {
            write_off_id,
            invoice_id: self.invoice_id,
            invoice_number: self.invoice_number.clone(),
            customer_id: self.customer_id,
            state: WriteOffState::WrittenOff,
            reason: order.reason,
            note: order.note,
            amount,
            items,
            write_off_date: order.write_off_date,
            reversal: None,
            create_time: stamp.time,
            version: 1,
        };
        self.write_offs.push(write_off.clone());
        Ok(write_off)
    }

    fn post_write_off(
        &mut self,
        write_off_id: WriteOffId,
        amount: Money,
        date: Date,
        stamp: &mut Stamp,
    ) -> Result<Vec<WrittenOffItem>, LedgerError> {
        let mut left = amount;
        let mut written_off = Vec::new();
        for place in self.settling_order() {
            let Some(item) = self.items.get_mut(place) else {
                continue;
            };
            let part = left.min_with(item.open_amount)?;
            if part.is_zero() {
                continue;
            }
            left = left.checked_sub(part)?;
            item.written_off_amount = item.written_off_amount.checked_add(part)?;
            let open_item_id = item.open_item_id;
            let posting = Posting {
                kind: EntryKind::WriteOff,
                amount: part.negated(),
                date,
                cause: Some(EntryCause::WriteOff(write_off_id)),
                reversed: None,
            };
            self.post(place, posting, stamp)?;
            let entry = self.new_entries.last();
            written_off.push(WrittenOffItem {
                open_item_id,
                entry_id: entry.ok_or(LedgerError::NotLoaded("entry"))?.entry_id,
                amount: part,
                reinstated_amount: Money::zero(self.currency),
            });
        }
        Ok(written_off)
    }

    /// Takes a write-off back by decision: what of it stands is owed again, due as it was. The
    /// write-off is one of `write_offs`, and stays among them as it is afterwards.
    ///
    /// # Errors
    /// [`WriteOffError`]; a refusal has changed nothing. [`LedgerError::NotLoaded`] when it is not
    /// among them.
    pub fn reverse_write_off(
        &mut self,
        write_off_id: WriteOffId,
        reversal: WriteOffReversal,
        stamp: &mut Stamp,
    ) -> Result<WriteOff, WriteOffError> {
        let is_it = |one: &WriteOff| one.write_off_id == write_off_id;
        let place = self.write_offs.iter().position(is_it);
        let found = place.and_then(|place| self.write_offs.get(place).cloned());
        let mut write_off = found.ok_or(LedgerError::NotLoaded("write-off"))?;
        write_off.check_reversible(reversal.reversal_date)?;
        let cause = EntryCause::WriteOff(write_off_id);
        for part in &write_off.items {
            let stands = part.amount.checked_sub(part.reinstated_amount)?;
            self.reinstate(part, stands, reversal.reversal_date, cause, stamp)?;
        }
        write_off.state = WriteOffState::Reversed;
        write_off.reversal = Some(reversal);
        write_off.version = write_off.version.saturating_add(1);
        if let Some(kept) = self.write_offs.iter_mut().find(|one| is_it(one)) {
            *kept = write_off.clone();
        }
        self.conclude(ClosingKind::WriteOff);
        Ok(write_off)
    }

    /// Makes `amount` of a written-off item owed again.
    fn reinstate(
        &mut self,
        part: &WrittenOffItem,
        amount: Money,
        date: Date,
        cause: EntryCause,
        stamp: &mut Stamp,
    ) -> Result<(), LedgerError> {
        let is_it = |item: &super::OpenItem| item.open_item_id == part.open_item_id;
        let place = self.items.iter().position(is_it);
        let place = place.ok_or(LedgerError::NotLoaded("open item"))?;
        if let Some(item) = self.items.get_mut(place) {
            item.written_off_amount = item.written_off_amount.checked_sub(amount)?;
        }
        let posting = Posting {
            kind: EntryKind::Reinstatement,
            amount,
            date,
            cause: Some(cause),
            reversed: Some(part.entry_id),
        };
        self.post(place, posting, stamp)
    }

    /// Makes `amount` of what is written off of one item owed again because money or credit came
    /// in for it after all, of the oldest write-off first (IS-6).
    pub(super) fn recover(
        &mut self,
        open_item_id: OpenItemId,
        amount: Money,
        date: Date,
        cause: EntryCause,
        stamp: &mut Stamp,
    ) -> Result<(), LedgerError> {
        let mut write_offs = std::mem::take(&mut self.write_offs);
        write_offs.sort_by_key(|one| (one.write_off_date, one.write_off_id));
        let mut left = amount;
        for write_off in &mut write_offs {
            left = self.recover_from(write_off, open_item_id, left, date, cause, stamp)?;
        }
        self.write_offs = write_offs;
        if left.is_zero() {
            Ok(())
        } else {
            Err(LedgerError::NotLoaded("write-off"))
        }
    }

    /// As [`Self::recover`], from one write-off; answers what is left of `amount`.
    fn recover_from(
        &mut self,
        write_off: &mut WriteOff,
        open_item_id: OpenItemId,
        mut amount: Money,
        date: Date,
        cause: EntryCause,
        stamp: &mut Stamp,
    ) -> Result<Money, LedgerError> {
        if write_off.state != WriteOffState::WrittenOff {
            return Ok(amount);
        }
        let is_it = |part: &&mut WrittenOffItem| part.open_item_id == open_item_id;
        for part in write_off.items.iter_mut().filter(is_it) {
            let stands = part.amount.checked_sub(part.reinstated_amount)?;
            let share = amount.min_with(stands)?;
            if share.is_zero() {
                continue;
            }
            self.reinstate(part, share, date, cause, stamp)?;
            part.reinstated_amount = part.reinstated_amount.checked_add(share)?;
            amount = amount.checked_sub(share)?;
            write_off.version = write_off.version.saturating_add(1);
        }
        if write_off.standing_amount()?.is_zero() {
            write_off.state = WriteOffState::Recovered;
        }
        Ok(amount)
    }
}

impl WriteOff {
    /// What of it was reinstated by money or credit.
    ///
    /// # Errors
    /// [`MoneyError::Overflow`].
    pub fn reinstated_amount(&self) -> Result<Money, MoneyError> {
        let amounts = self.items.iter().map(|item| item.reinstated_amount);
        Money::sum(self.amount.currency(), amounts)
    }

    fn standing_amount(&self) -> Result<Money, MoneyError> {
        self.amount.checked_sub(self.reinstated_amount()?)
    }

    fn check_reversible(&self, reversal_date: Date) -> Result<(), WriteOffError> {
        match self.state {
            WriteOffState::Reversed => Err(WriteOffError::AlreadyReversed),
            WriteOffState::Recovered => Err(WriteOffError::Recovered),
            WriteOffState::WrittenOff if reversal_date < self.write_off_date => {
                Err(WriteOffError::BeforeWriteOff {
                    write_off_date: self.write_off_date,
                })
            }
            WriteOffState::WrittenOff => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;
    use crate::domain::code::assert_complete;
    use crate::domain::samples::{
        Desk, assert_sums_hold, eur, named, owed, pay, pay_named, stamp_at,
    };
    use crate::domain::{Target, Tolerance};

    const TODAY: Date = date(2026, 6, 1);

    fn give_up(
        desk: &mut Desk,
        debt: &mut Receivable,
        amount: Option<&str>,
    ) -> Result<WriteOff, WriteOffError> {
        let order = WriteOffOrder {
            amount: amount.map(eur),
            reason: WriteOffReason::Uncollectible,
            note: String::new(),
            write_off_date: TODAY,
        };
        debt.write_off(order, &mut stamp_at(desk, TODAY))
    }

    fn take_back(
        desk: &mut Desk,
        debt: &mut Receivable,
        id: WriteOffId,
        reversal_date: Date,
    ) -> Result<WriteOff, WriteOffError> {
        let note = String::new();
        let reversal = WriteOffReversal {
            reversal_date,
            note,
        };
        debt.reverse_write_off(id, reversal, &mut stamp_at(desk, TODAY))
    }

    #[test]
    fn is_6_a_write_off_closes_and_its_reversal_restores_the_due_date() {
        let mut desk = Desk::default();
        let mut debt = owed(&mut desk, "100.00", "net 30", date(2026, 1, 1));
        let before = debt.items[0].clone();
        let given_up = give_up(&mut desk, &mut debt, None).unwrap();
        assert_eq!(debt.state, InvoiceState::Closed);
        assert_eq!(debt.closing_kind, Some(ClosingKind::WriteOff));
        assert_eq!(debt.written_off_amount(), Ok(eur("100.00")));
        let earlier = take_back(
            &mut desk,
            &mut debt,
            given_up.write_off_id,
            date(2026, 5, 31),
        );
        assert_eq!(
            earlier,
            Err(WriteOffError::BeforeWriteOff {
                write_off_date: TODAY
            })
        );
        let id = given_up.write_off_id;
        let back = take_back(&mut desk, &mut debt, id, TODAY).unwrap();
        assert_eq!(back.state, WriteOffState::Reversed);
        assert_eq!(debt.items[0].open_amount, before.open_amount);
        assert_eq!(debt.items[0].due_date, before.due_date);
        assert_eq!(debt.state, InvoiceState::Issued);
        assert_sums_hold(&debt, &debt.new_entries);
        let again = take_back(&mut desk, &mut debt, id, TODAY);
        assert_eq!(again, Err(WriteOffError::AlreadyReversed));
    }

    #[test]
    fn is_6_money_that_comes_in_after_all_is_recovery() {
        let mut desk = Desk::default();
        let mut debt = owed(&mut desk, "100.00", "net 30", date(2026, 1, 1));
        let id = give_up(&mut desk, &mut debt, None).unwrap().write_off_id;
        let paid = pay_named(&mut desk, &mut debt, "40.00", TODAY).unwrap();
        assert_eq!(paid.allocations[0].reinstated_amount, eur("40.00"));
        assert_eq!(debt.state, InvoiceState::Closed);
        assert_eq!(debt.closing_kind, Some(ClosingKind::WriteOff));
        assert_eq!(debt.written_off_amount(), Ok(eur("60.00")));
        assert_eq!(debt.write_offs[0].reinstated_amount(), Ok(eur("40.00")));
        let back = take_back(&mut desk, &mut debt, id, TODAY).unwrap();
        assert_eq!(back.reinstated_amount(), Ok(eur("40.00")));
        assert_eq!(debt.open_amount(), Ok(eur("60.00")));
        assert_sums_hold(&debt, &debt.new_entries);
    }

    #[test]
    fn is_6_what_is_recovered_in_full_cannot_be_taken_back() {
        let mut desk = Desk::default();
        let mut debt = owed(&mut desk, "100.00", "net 30", date(2026, 1, 1));
        let id = give_up(&mut desk, &mut debt, None).unwrap().write_off_id;
        let paid = pay_named(&mut desk, &mut debt, "120.00", TODAY).unwrap();
        assert_eq!(paid.rest_amount, eur("20.00"));
        assert_eq!(debt.write_offs[0].state, WriteOffState::Recovered);
        let refused = take_back(&mut desk, &mut debt, id, TODAY);
        assert_eq!(refused, Err(WriteOffError::Recovered));
    }

    #[test]
    fn is_6_no_more_is_recovered_than_was_meant_for_the_invoice() {
        let mut desk = Desk::default();
        let mut book = [owed(&mut desk, "100.00", "net 30", date(2026, 1, 1))];
        give_up(&mut desk, &mut book[0], Some("70.00")).unwrap();
        let Target::Named(mut invoices) = named(&book) else {
            panic!("named")
        };
        invoices[0].amount = Some(eur("45.00"));
        let target = Target::Named(invoices);
        let none = Tolerance::default();
        let (paid, _) = pay(&mut desk, &mut book, eur("200.00"), TODAY, target, none).unwrap();
        // The 30.00 that are open first, then 15.00 of what was written off: one allocation.
        assert_eq!(paid.allocations.len(), 1);
        assert_eq!(paid.allocations[0].amount, eur("45.00"));
        assert_eq!(paid.allocations[0].reinstated_amount, eur("15.00"));
        assert_eq!(paid.rest_amount, eur("155.00"));
        assert_sums_hold(&book[0], &book[0].new_entries);
    }

    #[test]
    fn is_6_the_oldest_write_off_is_recovered_first() {
        let mut desk = Desk::default();
        let mut debt = owed(&mut desk, "100.00", "net 30", date(2026, 1, 1));
        give_up(&mut desk, &mut debt, Some("30.00")).unwrap();
        assert_eq!(debt.state, InvoiceState::Issued);
        give_up(&mut desk, &mut debt, None).unwrap();
        pay_named(&mut desk, &mut debt, "50.00", TODAY).unwrap();
        let states: Vec<_> = debt.write_offs.iter().map(|one| one.state).collect();
        assert_eq!(
            states,
            [WriteOffState::Recovered, WriteOffState::WrittenOff]
        );
        assert_eq!(debt.write_offs[1].reinstated_amount(), Ok(eur("20.00")));
        assert_sums_hold(&debt, &debt.new_entries);
    }

    #[test]
    fn no_more_is_written_off_than_is_open() {
        let mut desk = Desk::default();
        let mut debt = owed(&mut desk, "100.00", "net 30", date(2026, 1, 1));
        pay_named(&mut desk, &mut debt, "40.00", TODAY).unwrap();
        let open_amount = eur("60.00");
        let refused = give_up(&mut desk, &mut debt, Some("60.01"));
        assert_eq!(
            refused,
            Err(WriteOffError::ExceedsOpenAmount { open_amount })
        );
        give_up(&mut desk, &mut debt, Some("60.00")).unwrap();
        let refused = give_up(&mut desk, &mut debt, None);
        assert_eq!(refused, Err(WriteOffError::InvoiceNotOpen));
    }

    #[test]
    fn codes() {
        assert_complete::<WriteOffState>(3);
        assert_complete::<WriteOffReason>(8);
    }
}
