//! Owns what payments knows of invoices: number, references, and what would settle them on a day.
//! Must not own them: what is open is decided in invoicing, this is its projection and may lag.

use jiff::civil::Date;
use money::{Currency, Money, MoneyError};
use serde::{Deserialize, Serialize};

use super::{CustomerId, InvoiceId, OpenItemId, ReferenceForms};

/// What is known of an invoice.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KnownInvoice {
    /// Identity.
    pub invoice_id: InvoiceId,
    /// Who owes it.
    pub customer_id: CustomerId,
    /// The foreign system's own identity, where it has one.
    pub external_id: Option<String>,
    /// Its number.
    pub invoice_number: String,
    /// What the customer should quote; the number where nobody chose another.
    pub payment_reference: String,
    /// The date of the invoice.
    pub invoice_date: Date,
    /// What is open, disputed parts included.
    pub open_amount: Money,
    /// Its items, with what paying them early would earn.
    pub items: Vec<KnownItem>,
    /// Invoicing's version of it: a lower one is older.
    pub version: i64,
}

/// An open item of an invoice.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct KnownItem {
    /// Identity.
    pub open_item_id: OpenItemId,
    /// When it is due.
    pub due_date: Date,
    /// What was owed at first.
    pub original_amount: Money,
    /// What is owed now.
    pub open_amount: Money,
    /// Discounts for paying early, earliest first.
    pub discounts: Vec<KnownDiscount>,
}

/// A discount for paying early.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct KnownDiscount {
    /// Last day on which it is earned, without days of grace.
    pub last_date: Date,
    /// The discount on the amount as it was issued.
    pub amount: Money,
}

impl KnownInvoice {
    /// The currency of all its amounts.
    #[must_use]
    pub fn currency(&self) -> Currency {
        self.open_amount.currency()
    }

    /// Whether something of it is owed.
    #[must_use]
    pub fn is_open(&self) -> bool {
        self.open_amount.is_positive()
    }

    /// The earliest due date among the items still open.
    #[must_use]
    pub fn oldest_due_date(&self) -> Option<Date> {
        let open = self
            .items
            .iter()
            .filter(|item| item.open_amount.is_positive());
        open.map(|item| item.due_date).min()
    }

    /// What settles it on a day with the discount earned then (DD-6, ED-8); `None` where none is.
    /// Of an item that something was paid or credited on already the discount has shrunk or
    /// lapsed (ED-3): payments does not guess it.
    ///
    /// # Errors
    /// [`MoneyError`].
    pub fn discounted_amount(
        &self,
        receipt_date: Date,
        grace_days: u16,
    ) -> Result<Option<Money>, MoneyError> {
        let untouched = |item: &&KnownItem| item.open_amount == item.original_amount;
        let earned = self
            .items
            .iter()
            .filter(untouched)
            .filter_map(|item| item.discount_on(receipt_date, grace_days));
        let discount = Money::sum(self.currency(), earned)?;
        if !discount.is_positive() {
            return Ok(None);
        }
        let left = self.open_amount.checked_sub(discount)?;
        Ok(left.is_positive().then_some(left))
    }

    /// The forms in which its number and its payment reference are recognised; the same where
    /// they are the same.
    #[must_use]
    pub fn reference_forms(&self) -> (Option<ReferenceForms>, Option<ReferenceForms>) {
        let number = ReferenceForms::of(&self.invoice_number);
        (number, ReferenceForms::of(&self.payment_reference))
    }
}

impl KnownItem {
    /// The best discount still earned on a day: tiers fall, so the earliest that has not passed.
    fn discount_on(&self, receipt_date: Date, grace_days: u16) -> Option<Money> {
        let earned = |discount: &&KnownDiscount| {
            let last = calendar::add_days(discount.last_date, i32::from(grace_days));
            last.is_ok_and(|last| receipt_date <= last)
        };
        let discount = self.discounts.iter().find(earned);
        discount.map(|discount| discount.amount)
    }
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;
    use crate::domain::samples::{eur, known_invoice};

    fn offer(last_date: Date, amount: &str) -> KnownDiscount {
        KnownDiscount {
            last_date,
            amount: eur(amount),
        }
    }

    #[test]
    fn ed_1_what_settles_it_falls_with_the_discount_of_the_day() {
        let mut invoice = known_invoice(1, 1, "1000.00");
        invoice.items[0].discounts = vec![
            offer(date(2026, 6, 30), "20.00"),
            offer(date(2026, 7, 9), "10.00"),
        ];
        let on = |day, grace| invoice.discounted_amount(day, grace).unwrap();
        assert_eq!(on(date(2026, 6, 30), 0), Some(eur("980.00")));
        assert_eq!(on(date(2026, 7, 1), 0), Some(eur("990.00")));
        assert_eq!(on(date(2026, 7, 1), 1), Some(eur("980.00")), "ED-8: grace");
        assert_eq!(on(date(2026, 7, 10), 0), None);
    }

    #[test]
    fn ed_3_the_discount_of_an_item_that_was_paid_in_part_is_not_guessed() {
        let mut invoice = known_invoice(1, 1, "1000.00");
        invoice.items[0].discounts = vec![offer(date(2026, 6, 30), "20.00")];
        invoice.items[0].open_amount = eur("400.00");
        invoice.open_amount = eur("400.00");
        assert_eq!(invoice.discounted_amount(date(2026, 6, 30), 0), Ok(None));
    }

    #[test]
    fn dd_9_it_is_as_old_as_its_oldest_open_item() {
        let mut invoice = known_invoice(1, 1, "10.00");
        let mut later = invoice.items[0].clone();
        later.due_date = date(2027, 1, 1);
        invoice.items.push(later);
        assert_eq!(invoice.oldest_due_date(), Some(invoice.items[0].due_date));
        invoice.items[0].open_amount = eur("0.00");
        assert_eq!(invoice.oldest_due_date(), Some(date(2027, 1, 1)));
    }
}
