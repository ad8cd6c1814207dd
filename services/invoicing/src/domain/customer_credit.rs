//! Owns what we owe a customer from a credit note, and using it for open items. Not to be taken for
//! unapplied cash: that is money, and lives in payments. Credit earns no discount, takes no
//! tolerance and recovers nothing.

use jiff::Timestamp;
use jiff::civil::Date;
use money::{Money, MoneyError};

use super::allocation::{Means, conclude_touched};
use super::application::spend;
use super::decision::Reasons;
use super::settlement::Tender;
use super::target::Payer;
use super::{
    Allocation, ApplicationRefusal, ApplyError, ClosingKind, CreditNoteId,
    CustomerCreditApplicationId, CustomerCreditId, CustomerId, EntryCause, EntryKind,
    InvoiceBalance, LedgerError, Receivable, Stamp, Target,
};

/// What we owe a customer from one credit note.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CustomerCredit {
    /// Identity.
    pub customer_credit_id: CustomerCreditId,
    /// Whose it is.
    pub customer_id: CustomerId,
    /// The credit note it came from.
    pub credit_note_id: CreditNoteId,
    /// What it was at first.
    pub original_amount: Money,
    /// What of it is left: the sum of its entries, never below 0.
    pub open_amount: Money,
    /// The day from which it counts.
    pub credit_date: Date,
    /// When it came to be.
    pub create_time: Timestamp,
    /// The number of the last entry in its history.
    pub last_entry_number: i64,
    /// Rises by one with every use, from 1 on.
    pub version: i64,
    /// Entries that are not stored yet, in order.
    pub new_entries: Vec<CustomerCreditEntry>,
}

/// One step in the history of a customer credit, so that it can be told as of any day (AG-2).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CustomerCreditEntry {
    /// The credit.
    pub customer_credit_id: CustomerCreditId,
    /// Place in its history, from 1 on.
    pub entry_number: i64,
    /// By how much the credit changed: negative when it was used.
    pub amount: Money,
    /// The day from which it counts.
    pub entry_date: Date,
    /// The use; `None` for the credit note.
    pub application_id: Option<CustomerCreditApplicationId>,
    /// When it was written.
    pub create_time: Timestamp,
}

/// A use of customer credit for open items.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CustomerCreditApplication {
    /// Identity.
    pub customer_credit_application_id: CustomerCreditApplicationId,
    /// The credit.
    pub customer_credit_id: CustomerCreditId,
    /// The customer.
    pub customer_id: CustomerId,
    /// The sum of the allocations.
    pub amount: Money,
    /// Where it went.
    pub allocations: Vec<Allocation>,
    /// The day from which it counts.
    pub application_date: Date,
    /// When it was applied.
    pub applied_time: Timestamp,
}

/// What we owe a customer in one currency, all credits together.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CustomerCreditBalance {
    /// The customer.
    pub customer_id: CustomerId,
    /// What is left of all credits.
    pub open_amount: Money,
    /// Rises by one with every change.
    pub version: i64,
}

/// Why credit was not used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CustomerCreditError {
    /// Less is left than was asked for.
    #[error("only {open_amount} of the credit is left")]
    UsedUp {
        /// What is left.
        open_amount: Money,
    },
    /// The target was refused.
    #[error(transparent)]
    Refused(ApplicationRefusal),
    /// The books cannot hold it, or the amount is of another currency.
    #[error(transparent)]
    Ledger(#[from] LedgerError),
}

impl From<MoneyError> for CustomerCreditError {
    fn from(error: MoneyError) -> Self {
        Self::Ledger(error.into())
    }
}

impl From<ApplyError> for CustomerCreditError {
    fn from(error: ApplyError) -> Self {
        match error {
            ApplyError::Refused(refusal) => Self::Refused(refusal),
            ApplyError::Ledger(error) => Self::Ledger(error),
        }
    }
}

impl CustomerCredit {
    /// The credit that a credit note leaves.
    pub(super) fn of(
        credit_note_id: CreditNoteId,
        customer_id: CustomerId,
        amount: Money,
        credit_date: Date,
        stamp: &mut Stamp,
    ) -> Self {
        let mut credit = Self {
            customer_credit_id: CustomerCreditId(stamp.id()),
            customer_id,
            credit_note_id,
            original_amount: amount,
            open_amount: amount,
            credit_date,
            create_time: stamp.time,
            last_entry_number: 0,
            version: 1,
            new_entries: Vec::new(),
        };
        credit.write(amount, credit_date, None, stamp);
        credit
    }

    /// Uses `amount` of the credit (`None`: all that is left) for open items of its customer. What
    /// the target does not take stays in the credit. Answers the use and what the touched invoices
    /// are worth.
    ///
    /// # Errors
    /// [`CustomerCreditError::UsedUp`] and [`CustomerCreditError::Refused`] have changed nothing;
    /// after [`CustomerCreditError::Ledger`] nothing is to be saved.
    pub fn apply(
        &mut self,
        amount: Option<Money>,
        target: &Target,
        book: &mut [Receivable],
        today: Date,
        stamp: &mut Stamp,
    ) -> Result<(CustomerCreditApplication, Vec<InvoiceBalance>), CustomerCreditError> {
        let amount = amount.unwrap_or(self.open_amount);
        if amount.try_cmp(&self.open_amount)?.is_gt() || self.open_amount.is_zero() {
            let open_amount = self.open_amount;
            return Err(CustomerCreditError::UsedUp { open_amount });
        }
        let id = CustomerCreditApplicationId(stamp.id());
        let tender = Tender {
            amount,
            date: today,
            tolerance: None,
        };
        let payer = Payer {
            customer_id: self.customer_id,
            currency: amount.currency(),
            may_recover: false,
        };
        let means = Means {
            kind: EntryKind::Credit,
            cause: EntryCause::CustomerCredit(id),
            date: today,
        };
        let mut reasons = Reasons::default();
        let spent = spend(&tender, payer, target, means, book, &mut reasons, stamp)?;
        let balances = conclude_touched(book, &spent.allocations, ClosingKind::Credit)?;
        let used = spent.allocated()?;
        self.open_amount = self.open_amount.checked_sub(used)?;
        self.version = self.version.saturating_add(1);
        self.write(used.negated(), today, Some(id), stamp);
        let application = CustomerCreditApplication {
            customer_credit_application_id: id,
            customer_credit_id: self.customer_credit_id,
            customer_id: self.customer_id,
            amount: used,
            allocations: spent.allocations,
            application_date: today,
            applied_time: stamp.time,
        };
        Ok((application, balances))
    }

    fn write(
        &mut self,
        amount: Money,
        entry_date: Date,
        application_id: Option<CustomerCreditApplicationId>,
        stamp: &Stamp,
    ) {
        self.last_entry_number = self.last_entry_number.saturating_add(1);
        self.new_entries.push(CustomerCreditEntry {
            customer_credit_id: self.customer_credit_id,
            entry_number: self.last_entry_number,
            amount,
            entry_date,
            application_id,
            create_time: stamp.time,
        });
    }

    /// The entries that were written since it was loaded; they are not kept.
    pub fn take_new_entries(&mut self) -> Vec<CustomerCreditEntry> {
        std::mem::take(&mut self.new_entries)
    }
}

impl CustomerCreditBalance {
    /// Moves the balance by a new credit (positive) or a use (negative).
    ///
    /// # Errors
    /// [`MoneyError`] for another currency or too large an amount.
    pub fn move_by(&mut self, amount: Money) -> Result<(), MoneyError> {
        self.open_amount = self.open_amount.checked_add(amount)?;
        self.version = self.version.saturating_add(1);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;
    use crate::domain::samples::{
        Desk, assert_sums_hold, credit, eur, named, oldest_first, owed, owed_with, stamp_at,
    };
    use crate::domain::{ApplicationStep, InvoiceState};

    const TODAY: Date = date(2026, 2, 1);

    #[test]
    fn credit_settles_without_discount_or_tolerance() {
        let mut desk = Desk::default();
        let mut book = [owed_with(
            &mut desk,
            "1000.00",
            "2/60",
            false,
            date(2026, 1, 1),
        )];
        let mut credit = credit(&mut desk, "980.00", TODAY);
        let target = named(&book);
        let mut stamp = stamp_at(&mut desk, TODAY);
        let (used, balances) = credit
            .apply(None, &target, &mut book, TODAY, &mut stamp)
            .unwrap();
        assert_eq!(used.amount, eur("980.00"));
        assert_eq!(balances[0].open_amount, eur("20.00"));
        assert!(credit.open_amount.is_zero());
        assert_sums_hold(&book[0], &book[0].new_entries);
    }

    #[test]
    fn what_the_target_does_not_take_stays_in_the_credit() {
        let mut desk = Desk::default();
        let mut book = [owed(&mut desk, "100.00", "net 30", date(2026, 1, 1))];
        let mut credit = credit(&mut desk, "150.00", TODAY);
        let rule = oldest_first(false);
        let mut stamp = stamp_at(&mut desk, TODAY);
        let (used, _) = credit
            .apply(None, &rule, &mut book, TODAY, &mut stamp)
            .unwrap();
        assert_eq!(
            (used.amount, credit.open_amount),
            (eur("100.00"), eur("50.00"))
        );
        assert_eq!(book[0].closing_kind, Some(ClosingKind::Credit));
        let entries = credit.take_new_entries();
        let sum = Money::sum(
            money::Currency::EUR,
            entries.iter().map(|entry| entry.amount),
        );
        assert_eq!(sum, Ok(credit.open_amount));
        let nothing = credit.apply(None, &rule, &mut book, TODAY, &mut stamp);
        assert_eq!(
            nothing,
            Err(CustomerCreditError::Refused(
                ApplicationRefusal::NothingOpen
            ))
        );
    }

    #[test]
    fn no_more_credit_is_used_than_is_left() {
        let mut desk = Desk::default();
        let mut book = [owed(&mut desk, "100.00", "net 30", date(2026, 1, 1))];
        let mut credit = credit(&mut desk, "50.00", TODAY);
        let target = named(&book);
        let mut stamp = stamp_at(&mut desk, TODAY);
        let asked = Some(eur("50.01"));
        let refused = credit.apply(asked, &target, &mut book, TODAY, &mut stamp);
        let open_amount = eur("50.00");
        assert_eq!(refused, Err(CustomerCreditError::UsedUp { open_amount }));
        credit
            .apply(None, &target, &mut book, TODAY, &mut stamp)
            .unwrap();
        let refused = credit.apply(None, &target, &mut book, TODAY, &mut stamp);
        let open_amount = eur("0.00");
        assert_eq!(refused, Err(CustomerCreditError::UsedUp { open_amount }));
    }

    #[test]
    fn ca_1_exact_amount_of_credit_takes_no_tolerance() {
        let mut desk = Desk::default();
        let mut book = [
            owed(&mut desk, "100.00", "net 30", date(2026, 1, 1)),
            owed(&mut desk, "99.99", "net 30", date(2026, 1, 1)),
        ];
        let mut credit = credit(&mut desk, "99.99", TODAY);
        let rule = Target::Rule(super::super::ApplicationRule {
            steps: vec![ApplicationStep::ExactAmount],
            include_disputed: false,
        });
        let mut stamp = stamp_at(&mut desk, TODAY);
        credit
            .apply(None, &rule, &mut book, TODAY, &mut stamp)
            .unwrap();
        assert_eq!(book[0].state, InvoiceState::Issued);
        assert_eq!(book[1].state, InvoiceState::Closed);
    }
}
