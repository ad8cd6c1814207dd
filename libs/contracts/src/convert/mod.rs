//! Conversions between the common wire types and the types of `jiff`, `money`
//! and `rust_decimal`. Each way in says what is wrong with a value in words
//! that can be shown to the caller beside the field's name.

pub mod terms;

use crate::common;
use crate::google::r#type as wire;

/// A wire value that is no value of its type. The text is for the caller.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Malformed(pub String);

impl std::fmt::Display for Malformed {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for Malformed {}

/// A civil day of the wire. Year, month and day must all be set and must exist.
///
/// # Errors
/// [`Malformed`] for a day that no calendar has, such as 30 February.
pub fn date_from_wire(date: &wire::Date) -> Result<jiff::civil::Date, Malformed> {
    let shown = || {
        format!(
            "{:04}-{:02}-{:02} is not a calendar day",
            date.year, date.month, date.day
        )
    };
    let year = i16::try_from(date.year)
        .ok()
        .filter(|year| (1..=9999).contains(year));
    let month = i8::try_from(date.month).ok();
    let day = i8::try_from(date.day).ok();
    match (year, month, day) {
        (Some(year), Some(month), Some(day)) => {
            jiff::civil::Date::new(year, month, day).map_err(|_| Malformed(shown()))
        }
        _ => Err(Malformed(shown())),
    }
}

/// A civil day for the wire.
#[must_use]
pub fn date_to_wire(date: jiff::civil::Date) -> wire::Date {
    wire::Date {
        year: i32::from(date.year()),
        month: i32::from(date.month()),
        day: i32::from(date.day()),
    }
}

/// An instant of the wire.
///
/// # Errors
/// [`Malformed`] outside the years 1 to 9999 or with nanoseconds outside
/// 0 to 999 999 999.
pub fn instant_from_wire(instant: &prost_types::Timestamp) -> Result<jiff::Timestamp, Malformed> {
    if !(0..1_000_000_000).contains(&instant.nanos) {
        return Err(Malformed("nanos must be 0 to 999999999".to_owned()));
    }
    // 0001-01-01T00:00:00Z and 9999-12-31T23:59:59Z, the range of the type.
    if !(-62_135_596_800..=253_402_300_799).contains(&instant.seconds) {
        return Err(Malformed(
            "an instant lies in the years 1 to 9999".to_owned(),
        ));
    }
    jiff::Timestamp::new(instant.seconds, instant.nanos)
        .map_err(|_| Malformed("an instant lies in the years 1 to 9999".to_owned()))
}

/// An instant for the wire.
#[must_use]
pub fn instant_to_wire(instant: jiff::Timestamp) -> prost_types::Timestamp {
    // Nanoseconds of the wire count forward from the second, also before 1970.
    let (mut seconds, mut nanos) = (instant.as_second(), instant.subsec_nanosecond());
    if nanos < 0 {
        seconds -= 1;
        nanos += 1_000_000_000;
    }
    prost_types::Timestamp { seconds, nanos }
}

/// An amount of the wire, in the strict grammar of the contract.
///
/// # Errors
/// [`Malformed`] with what is wrong: an unknown currency, a text that is no
/// decimal, too many digits.
pub fn money_from_wire(money: &common::Money) -> Result<money::Money, Malformed> {
    let currency: money::Currency = money
        .currency_code
        .parse()
        .map_err(|error: money::CurrencyError| Malformed(error.to_string()))?;
    money::Money::parse(&money.amount, currency).map_err(|error| Malformed(error.to_string()))
}

/// An amount for the wire, with exactly the currency's digits.
#[must_use]
pub fn money_to_wire(money: money::Money) -> common::Money {
    common::Money {
        currency_code: money.currency().to_string(),
        amount: money.to_amount_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_that_do_not_exist_are_refused() {
        let date = |year, month, day| date_from_wire(&wire::Date { year, month, day });
        assert_eq!(date(2024, 2, 29).unwrap(), jiff::civil::date(2024, 2, 29));
        for (year, month, day) in [
            (2023, 2, 29),
            (2026, 0, 1),
            (2026, 1, 0),
            (0, 1, 1),
            (70_000, 1, 1),
        ] {
            assert!(date(year, month, day).is_err(), "{year}-{month}-{day}");
        }
    }

    #[test]
    fn instants_survive_the_wire_also_before_1970() {
        for text in [
            "1969-12-31T23:59:59.25Z",
            "2026-03-29T01:00:00Z",
            "0001-01-01T00:00:00Z",
        ] {
            let instant: jiff::Timestamp = text.parse().unwrap();
            let wire = instant_to_wire(instant);
            assert!((0..1_000_000_000).contains(&wire.nanos));
            assert_eq!(instant_from_wire(&wire).unwrap(), instant);
        }
        assert!(
            instant_from_wire(&prost_types::Timestamp {
                seconds: 0,
                nanos: -1
            })
            .is_err()
        );
        assert!(
            instant_from_wire(&prost_types::Timestamp {
                seconds: i64::MAX,
                nanos: 0
            })
            .is_err()
        );
    }

    #[test]
    fn amounts_keep_the_digits_of_their_currency() {
        let wire = |code: &str, amount: &str| common::Money {
            currency_code: code.to_owned(),
            amount: amount.to_owned(),
        };
        let parsed = money_from_wire(&wire("KWD", "1.5")).unwrap();
        assert_eq!(money_to_wire(parsed), wire("KWD", "1.500"));
        for bad in [
            wire("EUR", "1e5"),
            wire("EUR", "1.001"),
            wire("eur", "1"),
            wire("JPY", "1.0"),
            wire("EUR", ""),
        ] {
            assert!(money_from_wire(&bad).is_err(), "{bad:?}");
        }
    }
}
