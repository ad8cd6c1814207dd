//! Owns what a customer uses of a limit: open invoices and reserved orders, less what they have paid
//! and is not applied, less their credit (EX-1). Kept per currency, told as one sum at stated rates
//! (RD-5). Must not know where the amounts come from: the feeds of invoicing and payments, and our
//! own reservations.

use calendar::add_days;
use jiff::civil::Date;
use money::{Currency, Money, MoneyError};

use super::{ConvertError, RateTable};

/// What a customer owes, has ordered and has paid in one currency; all amounts 0 or more.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Position {
    /// What is open of invoices.
    pub open_invoice_amount: Money,
    /// What is reserved for orders that are not invoiced, those beyond the horizon left out.
    pub reserved_amount: Money,
    /// All money received.
    pub received_amount: Money,
    /// All money applied to invoices, as invoicing tells it.
    pub applied_amount: Money,
    /// What is left of credit notes.
    pub customer_credit_amount: Money,
}

/// What a customer uses of a limit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Exposure {
    /// The sum in the currency it was asked for. Negative: we owe them.
    pub total_amount: Money,
    /// What it is made of, by currency.
    pub currencies: Vec<CurrencyExposure>,
}

/// The exposure in one currency.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CurrencyExposure {
    /// What it is made of.
    pub position: Position,
    /// Received less applied, not below 0.
    pub unapplied_cash_amount: Money,
    /// Open plus reserved less unapplied cash less credit.
    pub total_amount: Money,
    /// The total in the currency of the whole.
    pub converted_amount: Money,
    /// The days of the rates it was converted with.
    pub rate_dates: Vec<Date>,
}

impl Position {
    /// Nothing, in one currency.
    #[must_use]
    pub fn nothing(currency: Currency) -> Self {
        let zero = Money::zero(currency);
        Self {
            open_invoice_amount: zero,
            reserved_amount: zero,
            received_amount: zero,
            applied_amount: zero,
            customer_credit_amount: zero,
        }
    }

    /// Money received and not applied. Two feeds tell of it: the application may be known before the
    /// receipt, so the difference is not below 0, and a payment in flight never counts twice.
    ///
    /// # Errors
    /// [`MoneyError`] if the amounts are of different currencies.
    pub fn unapplied_cash(&self) -> Result<Money, MoneyError> {
        let unapplied = self.received_amount.checked_sub(self.applied_amount)?;
        unapplied.max_with(Money::zero(unapplied.currency()))
    }

    fn total(&self) -> Result<Money, MoneyError> {
        self.open_invoice_amount
            .checked_add(self.reserved_amount)?
            .checked_sub(self.unapplied_cash()?)?
            .checked_sub(self.customer_credit_amount)
    }
}

impl Exposure {
    /// Sums the positions, one for each currency, in the currency `told_in` at the rates of `day`.
    ///
    /// # Errors
    /// [`ConvertError`]: an exposure that leaves a currency out would be a guess.
    pub fn measure(
        positions: &[Position],
        told_in: Currency,
        rates: &RateTable,
        day: Date,
    ) -> Result<Self, ConvertError> {
        let currencies = positions
            .iter()
            .map(|position| CurrencyExposure::measure(*position, told_in, rates, day))
            .collect::<Result<Vec<_>, _>>()?;
        let converted = currencies.iter().map(|exposure| exposure.converted_amount);
        Ok(Self {
            total_amount: Money::sum(told_in, converted)?,
            currencies,
        })
    }
}

impl CurrencyExposure {
    fn measure(
        position: Position,
        told_in: Currency,
        rates: &RateTable,
        day: Date,
    ) -> Result<Self, ConvertError> {
        let total_amount = position.total()?;
        let converted = rates.convert(total_amount, told_in, day);
        let (converted_amount, rate_dates) = match converted {
            Ok(converted) => (converted.amount, converted.rate_dates),
            // Nothing is nothing at any rate.
            Err(_) if total_amount.is_zero() => (Money::zero(told_in), Vec::new()),
            Err(error) => return Err(error),
        };
        Ok(Self {
            position,
            unapplied_cash_amount: position.unapplied_cash()?,
            total_amount,
            converted_amount,
            rate_dates,
        })
    }
}

/// The last day on which what is invoiced by then counts (EX-1); `None`: every order counts.
#[must_use]
pub fn last_day_of_horizon(order_horizon_days: Option<u16>, today: Date) -> Option<Date> {
    let days = order_horizon_days?;
    Some(add_days(today, i32::from(days)).unwrap_or(Date::MAX))
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use crate::domain::samples::{eur, rates, usd};

    use super::*;

    const TODAY: Date = date(2026, 3, 27);

    fn position() -> Position {
        Position {
            open_invoice_amount: eur("1000.00"),
            reserved_amount: eur("250.00"),
            received_amount: eur("400.00"),
            applied_amount: eur("300.00"),
            customer_credit_amount: eur("50.00"),
        }
    }

    #[test]
    fn ex_1_open_plus_reserved_less_unapplied_less_credit() {
        // 1000 + 250 - (400 - 300) - 50 = 1100.
        let exposure = Exposure::measure(&[position()], Currency::EUR, &rates(0, &[]), TODAY);
        let exposure = exposure.unwrap();
        assert_eq!(exposure.total_amount, eur("1100.00"));
        assert_eq!(exposure.currencies[0].unapplied_cash_amount, eur("100.00"));
    }

    #[test]
    fn ex_1_an_application_known_before_its_receipt_counts_nothing_twice() {
        let mut ahead = position();
        ahead.applied_amount = eur("500.00");
        assert_eq!(ahead.unapplied_cash(), Ok(eur("0.00")));
    }

    #[test]
    fn rd_5_currencies_meet_at_a_stated_rate_or_not_at_all() {
        let dollars = Position {
            open_invoice_amount: usd("100.00"),
            ..Position::nothing(Currency::USD)
        };
        let both = [position(), dollars];
        let table = rates(0, &[("USD", "2026-03-27", "0.9205")]);
        let exposure = Exposure::measure(&both, Currency::EUR, &table, TODAY).unwrap();
        assert_eq!(exposure.total_amount, eur("1192.05"));
        assert_eq!(exposure.currencies[1].rate_dates, [TODAY]);

        let none = rates(0, &[]);
        let missing = Exposure::measure(&both, Currency::EUR, &none, TODAY);
        assert!(matches!(missing, Err(ConvertError::RateMissing(_))));
        let settled = [position(), Position::nothing(Currency::USD)];
        assert!(Exposure::measure(&settled, Currency::EUR, &none, TODAY).is_ok());
    }

    #[test]
    fn ex_1_orders_beyond_the_horizon_do_not_count_yet() {
        assert_eq!(
            last_day_of_horizon(Some(30), TODAY),
            Some(date(2026, 4, 26))
        );
        assert_eq!(last_day_of_horizon(None, TODAY), None);
    }
}
