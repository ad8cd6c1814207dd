//! Owns dated exchange rates and what converts on a day: the day's own rate, else the latest that is
//! not too old. Without one there is no answer, never a guess (RD-5). Must not round twice: an amount
//! that goes by way of the home currency is converted in one step.

use std::collections::{BTreeMap, BTreeSet};

use calendar::add_days;
use jiff::Timestamp;
use jiff::civil::Date;
use money::{Currency, Decimal, Money, MoneyError, Rounding};

/// What one unit of a currency was worth in the home currency on a day.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DatedRate {
    /// The foreign currency.
    pub currency: Currency,
    /// The day.
    pub rate_date: Date,
    /// Units of the home currency for one of the foreign one, above 0.
    pub rate: Decimal,
    /// Where it is from.
    pub source: String,
    /// When it was recorded.
    pub created_time: Timestamp,
}

/// Why a rate cannot be recorded.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RecordRateError {
    /// One unit of the home currency is worth one, always.
    #[error("{0} is the home currency: it has no rate")]
    CurrencyIsHome(Currency),
    /// Whatever was converted must stay computable.
    #[error("another rate is recorded for {currency} on {rate_date}")]
    Exists {
        /// The currency.
        currency: Currency,
        /// The day.
        rate_date: Date,
    },
}

/// No rate converts on a day.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("no rate of {currency} converts on {rate_date}")]
pub struct RateMissing {
    /// The currency without a rate.
    pub currency: Currency,
    /// The day asked for.
    pub rate_date: Date,
}

/// Why an amount was not converted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ConvertError {
    /// There is no rate.
    #[error(transparent)]
    RateMissing(#[from] RateMissing),
    /// The amount is too large in the other currency.
    #[error(transparent)]
    Money(#[from] MoneyError),
}

/// An amount in another currency, and by which days' rates.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Converted {
    /// The amount, rounded once, a half away from zero.
    pub amount: Money,
    /// The days of the rates: none where nothing was converted, two by way of the home currency.
    pub rate_dates: Vec<Date>,
}

/// The rates that a decision may need: all days back to the oldest that may still convert.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RateTable {
    home: Currency,
    max_age_days: u16,
    rates: BTreeMap<(Currency, Date), Decimal>,
}

/// Answers which of `wanted` are new. Nothing is recorded if one is refused; a rate that is there
/// with the same value stays as it is, whatever its source.
///
/// # Errors
/// [`RecordRateError`] of the first rate that cannot be.
pub fn new_rates(
    home: Currency,
    recorded: &[DatedRate],
    wanted: Vec<DatedRate>,
) -> Result<Vec<DatedRate>, RecordRateError> {
    let there: BTreeMap<(Currency, Date), Decimal> = recorded.iter().map(key_and_rate).collect();
    let mut new = Vec::new();
    for rate in wanted {
        if rate.currency == home {
            return Err(RecordRateError::CurrencyIsHome(home));
        }
        match there.get(&(rate.currency, rate.rate_date)) {
            None => new.push(rate),
            Some(value) if *value == rate.rate => {}
            Some(_) => {
                return Err(RecordRateError::Exists {
                    currency: rate.currency,
                    rate_date: rate.rate_date,
                });
            }
        }
    }
    Ok(new)
}

fn key_and_rate(rate: &DatedRate) -> ((Currency, Date), Decimal) {
    ((rate.currency, rate.rate_date), rate.rate)
}

impl RateTable {
    /// The rates of a tenant whose books are in `home` and who lets a rate be `max_age_days` old.
    pub fn new(
        home: Currency,
        max_age_days: u16,
        rates: impl IntoIterator<Item = ((Currency, Date), Decimal)>,
    ) -> Self {
        Self {
            home,
            max_age_days,
            rates: rates.into_iter().collect(),
        }
    }

    /// The currency of the tenant's books.
    #[must_use]
    pub fn home(&self) -> Currency {
        self.home
    }

    /// The rate that converts `currency` to the home currency on `day`, and the day it is of.
    ///
    /// # Errors
    /// [`RateMissing`].
    pub fn rate_on(&self, currency: Currency, day: Date) -> Result<(Decimal, Date), RateMissing> {
        let oldest = add_days(day, i32::from(self.max_age_days).saturating_neg());
        let oldest = oldest.unwrap_or(Date::MIN);
        let known = self.rates.range((currency, oldest)..=(currency, day));
        match known.last() {
            Some(((_, rate_date), rate)) => Ok((*rate, *rate_date)),
            None => Err(RateMissing {
                currency,
                rate_date: day,
            }),
        }
    }

    /// `amount` in the currency `to`, at the rates of `day`.
    ///
    /// # Errors
    /// [`ConvertError`].
    pub fn convert(
        &self,
        amount: Money,
        to: Currency,
        day: Date,
    ) -> Result<Converted, ConvertError> {
        if amount.currency() == to {
            return Ok(Converted {
                amount,
                rate_dates: Vec::new(),
            });
        }
        let mut rate_dates = BTreeSet::new();
        let mut worth = |currency: Currency| {
            if currency == self.home {
                return Ok(Decimal::ONE);
            }
            let (rate, rate_date) = self.rate_on(currency, day)?;
            rate_dates.insert(rate_date);
            Ok::<_, RateMissing>(rate)
        };
        let (from_rate, to_rate) = (worth(amount.currency())?, worth(to)?);
        let factors = [amount.amount(), from_rate];
        Ok(Converted {
            amount: Money::from_product(&factors, to_rate, to, Rounding::HalfAwayFromZero)?,
            rate_dates: rate_dates.into_iter().collect(),
        })
    }
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use crate::domain::samples::{dated_rate, eur, rates, usd};

    use super::*;

    #[test]
    fn rd_5_an_amount_is_converted_at_the_rate_of_its_day_with_that_day() {
        // 100.00 USD at 0.9205 EUR on Friday 27 March 2026.
        let table = rates(4, &[("USD", "2026-03-27", "0.9205")]);
        let friday = table
            .convert(usd("100.00"), Currency::EUR, date(2026, 3, 27))
            .unwrap();
        assert_eq!(friday.amount, eur("92.05"));
        assert_eq!(friday.rate_dates, [date(2026, 3, 27)]);
        let back = table
            .convert(eur("92.05"), Currency::USD, date(2026, 3, 27))
            .unwrap();
        assert_eq!(back.amount, usd("100.00"));
    }

    #[test]
    fn rd_5_an_older_rate_bridges_a_weekend_and_no_more() {
        let table = rates(
            4,
            &[("USD", "2026-03-26", "0.9"), ("USD", "2026-03-27", "0.92")],
        );
        let rate_on = |day| table.rate_on(Currency::USD, day);
        let of_friday = ("0.92".parse().unwrap(), date(2026, 3, 27));
        assert_eq!(rate_on(date(2026, 3, 31)), Ok(of_friday));
        let missing = RateMissing {
            currency: Currency::USD,
            rate_date: date(2026, 4, 1),
        };
        assert_eq!(rate_on(date(2026, 4, 1)), Err(missing));
        assert!(
            rate_on(date(2026, 3, 25)).is_err(),
            "a later rate is no rate"
        );
    }

    #[test]
    fn rd_5_between_two_foreign_currencies_it_is_rounded_once() {
        let table = rates(
            0,
            &[
                ("USD", "2026-03-27", "0.92"),
                ("JPY", "2026-03-27", "0.0061"),
            ],
        );
        // 10.00 x 0.92 / 0.0061 = 1508.196…: not by way of a rounded 9.20 EUR.
        let yen = table
            .convert(usd("10.00"), Currency::JPY, date(2026, 3, 27))
            .unwrap();
        assert_eq!(yen.amount.to_string(), "1508 JPY");
        assert_eq!(yen.rate_dates, [date(2026, 3, 27)]);
    }

    #[test]
    fn rd_5_a_rate_is_recorded_once_and_never_changed() {
        let first = dated_rate("USD", "2026-03-27", "0.92");
        let again = dated_rate("USD", "2026-03-27", "0.920");
        let next = dated_rate("USD", "2026-03-30", "0.93");
        let recorded = std::slice::from_ref(&first);
        let new = new_rates(Currency::EUR, recorded, vec![again, next.clone()]);
        assert_eq!(new, Ok(vec![next]));

        let other = dated_rate("USD", "2026-03-27", "0.93");
        let refused = RecordRateError::Exists {
            currency: Currency::USD,
            rate_date: date(2026, 3, 27),
        };
        assert_eq!(
            new_rates(Currency::EUR, recorded, vec![other]),
            Err(refused)
        );
        let home = dated_rate("EUR", "2026-03-27", "1");
        assert_eq!(
            new_rates(Currency::EUR, &[], vec![home]),
            Err(RecordRateError::CurrencyIsHome(Currency::EUR))
        );
    }
}
