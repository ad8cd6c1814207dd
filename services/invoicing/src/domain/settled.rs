//! Owns the sums over invoices that payment closed, from which the averages of paying are computed
//! (ME-5). Must not include what was credited, written off or voided: that is no paying.

use jiff::civil::Date;
use money::{Currency, Decimal, Money, MoneyError};

use super::aging::days_between;

/// An invoice that payment closed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SettledInvoice {
    /// The date of the invoice.
    pub invoice_date: Date,
    /// The due date of its last item.
    pub last_due_date: Date,
    /// The day on which the payment that closed it took effect.
    pub closed_date: Date,
    /// What it came to.
    pub gross_amount: Money,
}

/// Sums over invoices that payment closed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SettledSums {
    /// How many.
    pub count: i64,
    /// Those closed after the due date of their last item.
    pub late_count: i64,
    /// Sum of their gross amounts.
    pub amount: Money,
    /// Days from invoice date to closing.
    pub days_to_pay: i64,
    /// The same, each times the gross amount.
    pub weighted_days: Decimal,
    /// Days from the last due date to closing, early as 0.
    pub days_late_early_as_zero: i64,
    /// The same, early as negative.
    pub days_late_signed: i64,
}

impl SettledSums {
    /// Of no invoice.
    #[must_use]
    pub fn none(currency: Currency) -> Self {
        Self {
            count: 0,
            late_count: 0,
            amount: Money::zero(currency),
            days_to_pay: 0,
            weighted_days: Decimal::ZERO,
            days_late_early_as_zero: 0,
            days_late_signed: 0,
        }
    }

    /// With one invoice more.
    ///
    /// # Errors
    /// [`MoneyError`] for another currency or too large a sum.
    pub fn add(&mut self, invoice: &SettledInvoice) -> Result<(), MoneyError> {
        let to_pay = i64::from(days_between(invoice.invoice_date, invoice.closed_date));
        let late = i64::from(days_between(invoice.last_due_date, invoice.closed_date));
        let weighted = invoice
            .gross_amount
            .amount()
            .checked_mul(Decimal::from(to_pay));
        let weighted = weighted.and_then(|days| self.weighted_days.checked_add(days));
        self.weighted_days = weighted.ok_or(MoneyError::Overflow)?;
        self.amount = self.amount.checked_add(invoice.gross_amount)?;
        self.count = self.count.saturating_add(1);
        self.late_count = self.late_count.saturating_add(i64::from(late > 0));
        self.days_to_pay = self.days_to_pay.saturating_add(to_pay);
        self.days_late_signed = self.days_late_signed.saturating_add(late);
        let late = late.max(0);
        self.days_late_early_as_zero = self.days_late_early_as_zero.saturating_add(late);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;
    use rust_decimal::dec;

    use super::*;
    use crate::domain::samples::eur;

    #[test]
    fn me_5_sums_of_an_early_and_a_late_invoice() {
        let mut sums = SettledSums::none(Currency::EUR);
        let mut add = |closed_date, gross| {
            let invoice = SettledInvoice {
                invoice_date: date(2026, 1, 1),
                last_due_date: date(2026, 1, 31),
                closed_date,
                gross_amount: eur(gross),
            };
            sums.add(&invoice).unwrap();
        };
        add(date(2026, 1, 11), "100.00");
        add(date(2026, 2, 10), "300.00");
        add(date(2026, 1, 31), "200.00");
        let expected = SettledSums {
            count: 3,
            late_count: 1,
            amount: eur("600.00"),
            days_to_pay: 80,
            weighted_days: dec!(19000),
            days_late_early_as_zero: 10,
            days_late_signed: -10,
        };
        assert_eq!(sums, expected);
    }
}
