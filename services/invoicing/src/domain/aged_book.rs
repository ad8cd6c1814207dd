//! Owns what is outstanding at the end of a day, gathered part by part into a table for each
//! currency. Must not bucket: [`AgingScale`] does.

use std::collections::BTreeMap;

use jiff::civil::Date;
use money::{Currency, Money, MoneyError};

use super::{AgedAmount, AgingScale, AgingTable};

/// A part of what is outstanding.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outstanding {
    /// Open items that age from one day.
    Items(AgedAmount),
    /// What is left of customers' credits, 0 or more.
    CustomerCredit(Money),
}

/// Open items by whether they are due.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DueAmounts {
    /// What is not due.
    pub not_due_amount: Money,
    /// What is past due.
    pub past_due_amount: Money,
}

/// What is outstanding, currency by currency: amounts of different ones are never added (RD-5).
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct AgedBook {
    currencies: BTreeMap<Currency, Page>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct Page {
    items: BTreeMap<Date, AgedAmount>,
    customer_credit: Money,
}

impl AgedBook {
    /// With one part more.
    ///
    /// # Errors
    /// [`MoneyError::Overflow`].
    pub fn add(&mut self, part: Outstanding) -> Result<(), MoneyError> {
        let currency = match part {
            Outstanding::Items(aged) => aged.amount.currency(),
            Outstanding::CustomerCredit(amount) => amount.currency(),
        };
        let page = self.currencies.entry(currency).or_insert_with(|| Page {
            items: BTreeMap::new(),
            customer_credit: Money::zero(currency),
        });
        match part {
            Outstanding::CustomerCredit(amount) => {
                page.customer_credit = page.customer_credit.checked_add(amount)?;
            }
            Outstanding::Items(aged) => {
                let sum = page.items.entry(aged.date).or_insert(AgedAmount {
                    amount: Money::zero(currency),
                    item_count: 0,
                    ..aged
                });
                sum.amount = sum.amount.checked_add(aged.amount)?;
                sum.item_count = sum.item_count.saturating_add(aged.item_count);
            }
        }
        Ok(())
    }

    /// The currencies in which anything is outstanding, by code.
    pub fn currencies(&self) -> impl Iterator<Item = Currency> {
        self.currencies.keys().copied()
    }

    /// What of the items of a book by due date is due at the end of a day: the due date itself is in
    /// time (DD-10).
    ///
    /// # Errors
    /// [`MoneyError::Overflow`].
    pub fn due_amounts(
        &self,
        as_of_date: Date,
        currency: Currency,
    ) -> Result<DueAmounts, MoneyError> {
        let page = self.currencies.get(&currency);
        let sum = |is_due: bool| {
            let items = page.into_iter().flat_map(|page| page.items.values());
            let items = items.filter(|aged| (aged.date < as_of_date) == is_due);
            Money::sum(currency, items.map(|aged| aged.amount))
        };
        Ok(DueAmounts {
            not_due_amount: sum(false)?,
            past_due_amount: sum(true)?,
        })
    }

    /// What is left of the customers' credits, 0 or more.
    #[must_use]
    pub fn customer_credit(&self, currency: Currency) -> Money {
        let page = self.currencies.get(&currency);
        page.map_or(Money::zero(currency), |page| page.customer_credit)
    }

    /// The table of a currency as of the day of the parts; of nothing it is all zero.
    ///
    /// # Errors
    /// [`MoneyError::Overflow`].
    pub fn table(
        &self,
        scale: &AgingScale,
        as_of_date: Date,
        currency: Currency,
    ) -> Result<AgingTable, MoneyError> {
        let page = self.currencies.get(&currency);
        let items = page.into_iter().flat_map(|page| page.items.values());
        let credit = self.customer_credit(currency);
        scale.table(as_of_date, currency, items.copied(), credit)
    }

    /// A table for each currency in which anything is outstanding, by code.
    ///
    /// # Errors
    /// [`MoneyError::Overflow`].
    pub fn tables(
        &self,
        scale: &AgingScale,
        as_of_date: Date,
    ) -> Result<Vec<AgingTable>, MoneyError> {
        let table = |currency| self.table(scale, as_of_date, currency);
        self.currencies().map(table).collect()
    }
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;
    use crate::domain::AgingBasis;
    use crate::domain::samples::eur;

    #[test]
    fn rd_5_each_currency_has_its_own_table() {
        let aged = |amount| {
            Outstanding::Items(AgedAmount {
                date: date(2026, 3, 1),
                amount,
                item_count: 1,
            })
        };
        let usd = Money::parse("7.00", Currency::USD).unwrap();
        let mut book = AgedBook::default();
        for part in [
            aged(usd),
            aged(eur("40.00")),
            aged(eur("2.00")),
            Outstanding::CustomerCredit(eur("12.00")),
        ] {
            book.add(part).unwrap();
        }
        let scale = AgingScale::try_new(AgingBasis::DueDate, Vec::new()).unwrap();
        let tables = book.tables(&scale, date(2026, 3, 31)).unwrap();
        let sums = tables
            .iter()
            .map(|table| (table.outstanding_amount, table.item_count));
        assert!(sums.eq([(eur("30.00"), 2), (usd, 1)]));
        assert_eq!(tables[0].customer_credit_amount, eur("-12.00"));
        let nothing = book.table(&scale, date(2026, 3, 31), Currency::JPY);
        assert!(nothing.unwrap().outstanding_amount.is_zero());
    }

    #[test]
    fn dd_10_what_is_due_today_is_not_past_due() {
        let mut book = AgedBook::default();
        for (day, amount) in [(1, "1.00"), (2, "20.00"), (3, "300.00")] {
            let aged = AgedAmount {
                date: date(2026, 3, day),
                amount: eur(amount),
                item_count: 1,
            };
            book.add(Outstanding::Items(aged)).unwrap();
        }
        let due = DueAmounts {
            not_due_amount: eur("320.00"),
            past_due_amount: eur("1.00"),
        };
        let found = book.due_amounts(date(2026, 3, 2), Currency::EUR);
        assert_eq!(found, Ok(due));
    }
}
