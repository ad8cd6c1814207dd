//! Owns how interest counts days (IT-1). Must not know rates or rounding: a [`YearFraction`] goes
//! into one exact product, which is rounded once.

use std::fmt;
use std::str::FromStr;

use jiff::civil::Date;
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

/// A day-count convention. As text and JSON the trade's notation: `ACT/365`, `30E/360`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum DayCount {
    /// Actual days over 365, in leap years too.
    #[serde(rename = "ACT/365")]
    Act365,
    /// Actual days over 360.
    #[serde(rename = "ACT/360")]
    Act360,
    /// The American bond basis: months of 30 days, with the rule for the end of February.
    #[serde(rename = "30/360")]
    Thirty360Us,
    /// The Eurobond basis: months of 30 days, the 31st counts as the 30th, February as it is.
    #[serde(rename = "30E/360")]
    Thirty360E,
}

/// Part of a year as a fraction, so that nothing is rounded before the amount is:
/// interest = principal × rate × `numerator` / `denominator`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct YearFraction {
    /// The counted days.
    pub numerator: Decimal,
    /// The days of the year: 365 or 360.
    pub denominator: Decimal,
}

/// A text that names no day-count convention.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a day count is one of ACT/365, ACT/360, 30/360, 30E/360")]
pub struct UnknownDayCount;

impl DayCount {
    /// All conventions.
    pub const ALL: [Self; 4] = [
        Self::Act365,
        Self::Act360,
        Self::Thirty360Us,
        Self::Thirty360E,
    ];

    /// The days from `from` to `to`, the first not counted, the last counted: interest for a debt
    /// due on `from` and paid on `to` (IT-3). Negative, and the same number, with the dates swapped.
    #[must_use]
    pub fn days(self, from: Date, to: Date) -> i32 {
        if to < from {
            return self.days(to, from).saturating_neg();
        }
        match self {
            Self::Act365 | Self::Act360 => (to - from).get_days(),
            Self::Thirty360Us => {
                let (first, last) = us_days(from, to);
                thirty_360(from, to, first, last)
            }
            Self::Thirty360E => thirty_360(from, to, from.day().min(30), to.day().min(30)),
        }
    }

    /// [`DayCount::days`] over the days of the convention's year.
    #[must_use]
    pub fn year_fraction(self, from: Date, to: Date) -> YearFraction {
        let year: u16 = match self {
            Self::Act365 => 365,
            Self::Act360 | Self::Thirty360Us | Self::Thirty360E => 360,
        };
        YearFraction {
            numerator: self.days(from, to).into(),
            denominator: year.into(),
        }
    }

    /// The trade's notation.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Act365 => "ACT/365",
            Self::Act360 => "ACT/360",
            Self::Thirty360Us => "30/360",
            Self::Thirty360E => "30E/360",
        }
    }
}

/// The two days of the month as the American rule counts them. The order of the four is part of
/// the rule.
fn us_days(from: Date, to: Date) -> (i8, i8) {
    let (mut first, mut last) = (from.day(), to.day());
    if ends_february(from) && ends_february(to) {
        last = 30;
    }
    if ends_february(from) {
        first = 30;
    }
    if last == 31 && first >= 30 {
        last = 30;
    }
    (first.min(30), last)
}

fn ends_february(date: Date) -> bool {
    date.month() == 2 && date.day() == date.days_in_month()
}

/// Years are within ±9999, so nothing here comes near the ends of an `i32`.
fn thirty_360(from: Date, to: Date, first: i8, last: i8) -> i32 {
    let months = |date: Date| i32::from(date.year()) * 12 + i32::from(date.month());
    30 * (months(to) - months(from)) + i32::from(last) - i32::from(first)
}

impl fmt::Display for DayCount {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for DayCount {
    type Err = UnknownDayCount;

    fn from_str(name: &str) -> Result<Self, UnknownDayCount> {
        Self::ALL
            .into_iter()
            .find(|count| count.name() == name)
            .ok_or(UnknownDayCount)
    }
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;
    use money::{Currency, Money, Rounding};
    use rust_decimal::dec;

    use super::*;

    fn interest(count: DayCount, from: Date, to: Date) -> String {
        let YearFraction {
            numerator,
            denominator,
        } = count.year_fraction(from, to);
        let factors = [dec!(10000), dec!(0.12), numerator];
        Money::from_product(
            &factors,
            denominator,
            Currency::EUR,
            Rounding::HalfAwayFromZero,
        )
        .unwrap()
        .to_amount_string()
    }

    #[test]
    fn it_1_from_31_january_to_31_march_of_a_leap_year() {
        let (from, to) = (date(2024, 1, 31), date(2024, 3, 31));
        assert_eq!(
            DayCount::ALL.map(|count| count.days(from, to)),
            [60, 60, 60, 60]
        );
        let amounts = DayCount::ALL.map(|count| interest(count, from, to));
        assert_eq!(amounts, ["197.26", "200.00", "200.00", "200.00"]);
    }

    #[test]
    fn it_1_from_the_end_of_february_to_31_march() {
        let (from, to) = (date(2023, 2, 28), date(2023, 3, 31));
        assert_eq!(
            DayCount::ALL.map(|count| count.days(from, to)),
            [31, 31, 30, 32]
        );
        let amounts = DayCount::ALL.map(|count| interest(count, from, to));
        assert_eq!(amounts, ["101.92", "103.33", "100.00", "106.67"]);
    }

    #[test]
    fn it_1_corners_of_the_american_rule() {
        let days = |from, to| DayCount::Thirty360Us.days(from, to);
        // Both at the end of February: whole years.
        assert_eq!(days(date(2023, 2, 28), date(2024, 2, 29)), 360);
        // The 28th of a leap year is an ordinary day.
        assert_eq!(days(date(2024, 2, 28), date(2024, 3, 31)), 33);
        // The 31st stays the 31st after any day before the 30th.
        assert_eq!(days(date(2023, 1, 29), date(2023, 3, 31)), 62);
        assert_eq!(days(date(2023, 1, 30), date(2023, 3, 31)), 60);
        assert_eq!(
            DayCount::Thirty360E.days(date(2023, 1, 29), date(2023, 3, 31)),
            61
        );
    }

    #[test]
    fn it_2_ten_percent_for_15_days() {
        let fraction = DayCount::Act365.year_fraction(date(2026, 1, 1), date(2026, 1, 16));
        assert_eq!(
            (fraction.numerator, fraction.denominator),
            (dec!(15), dec!(365))
        );
        let factors = [dec!(100.00), dec!(0.10), fraction.numerator];
        let interest = Money::from_product(
            &factors,
            fraction.denominator,
            Currency::EUR,
            Rounding::HalfAwayFromZero,
        );
        assert_eq!(interest.unwrap().to_amount_string(), "0.41");
    }

    #[test]
    fn it_3_nothing_accrues_on_the_due_date_and_swapping_negates() {
        for count in DayCount::ALL {
            assert_eq!(
                count.days(date(2026, 1, 31), date(2026, 1, 31)),
                0,
                "{count}"
            );
            let (from, to) = (date(2023, 2, 28), date(2025, 8, 31));
            assert_eq!(count.days(to, from), -count.days(from, to), "{count}");
            assert!(count.days(Date::MIN, Date::MAX) > 7_000_000, "{count}");
        }
    }

    #[test]
    fn names_are_the_trade_s() {
        for count in DayCount::ALL {
            assert_eq!(count.to_string().parse(), Ok(count));
            let json = format!("\"{count}\"");
            assert_eq!(serde_json::to_string(&count).unwrap(), json);
        }
        assert_eq!("ACT/364".parse::<DayCount>(), Err(UnknownDayCount));
    }
}
