//! Owns the strict text of a decimal number, shared by amounts, rates and quantities. Must not
//! accept what a lenient parser would: a plus sign, blanks, separators and exponents are refused.

use rust_decimal::Decimal;

use crate::DecimalError;

/// Reads `-?[0-9]{1,I}(\.[0-9]{1,F})?` with `I` = `max_integer_digits`, `F` = `max_fraction_digits`.
///
/// Minus zero is zero. With `max_fraction_digits` 0 no point is allowed.
///
/// # Errors
/// [`DecimalError`] names the first thing that is wrong and, for a character, its place.
pub fn parse_decimal(
    text: &str,
    max_integer_digits: u32,
    max_fraction_digits: u32,
) -> Result<Decimal, DecimalError> {
    if text.is_empty() {
        return Err(DecimalError::Empty);
    }
    check_characters(text)?;
    let unsigned = text.strip_prefix('-').unwrap_or(text);
    let (integer, fraction) = match unsigned.split_once('.') {
        Some((integer, fraction)) => (integer, Some(fraction)),
        None => (unsigned, None),
    };
    if integer.is_empty() {
        return Err(DecimalError::NoIntegerDigits);
    }
    if fraction == Some("") {
        return Err(DecimalError::NoFractionDigits);
    }
    if longer_than(integer, max_integer_digits) {
        return Err(DecimalError::TooManyIntegerDigits {
            allowed: max_integer_digits,
        });
    }
    if longer_than(fraction.unwrap_or(""), max_fraction_digits) {
        return Err(DecimalError::TooManyFractionDigits {
            allowed: max_fraction_digits,
        });
    }
    let value = Decimal::from_str_exact(text).map_err(|_| DecimalError::TooLong)?;
    Ok(without_minus_zero(value))
}

/// The shortest text of a decimal that [`parse_decimal`] reads back: `0.020` is `0.02`.
#[must_use]
pub fn decimal_string(value: Decimal) -> String {
    value.normalize().to_string()
}

/// Only digits, one point, and a minus in front.
fn check_characters(text: &str) -> Result<(), DecimalError> {
    let mut point_seen = false;
    for (position, character) in (1..).zip(text.chars()) {
        let allowed = match character {
            '-' => position == 1,
            '.' => !std::mem::replace(&mut point_seen, true),
            _ => character.is_ascii_digit(),
        };
        if !allowed {
            return Err(DecimalError::UnexpectedCharacter {
                character,
                position,
            });
        }
    }
    Ok(())
}

fn longer_than(digits: &str, allowed: u32) -> bool {
    u32::try_from(digits.len()).map_or(true, |length| length > allowed)
}

/// The library keeps the sign of zero, which would print as `-0.00`.
pub(crate) fn without_minus_zero(value: Decimal) -> Decimal {
    if value.is_zero() { value.abs() } else { value }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn each_refusal_says_what_is_wrong() {
        let unexpected = |character, position| DecimalError::UnexpectedCharacter {
            character,
            position,
        };
        let cases = [
            ("", DecimalError::Empty),
            ("1e5", unexpected('e', 2)),
            ("1_000.50", unexpected('_', 2)),
            ("1,5", unexpected(',', 2)),
            ("+1", unexpected('+', 1)),
            (" 1", unexpected(' ', 1)),
            ("1 ", unexpected(' ', 2)),
            ("1.2.3", unexpected('.', 4)),
            ("--1", unexpected('-', 2)),
            ("1-", unexpected('-', 2)),
            ("٣", unexpected('٣', 1)),
            ("NaN", unexpected('N', 1)),
            ("-", DecimalError::NoIntegerDigits),
            (".5", DecimalError::NoIntegerDigits),
            ("-.5", DecimalError::NoIntegerDigits),
            (".", DecimalError::NoIntegerDigits),
            ("5.", DecimalError::NoFractionDigits),
            ("1234", DecimalError::TooManyIntegerDigits { allowed: 3 }),
            ("0001", DecimalError::TooManyIntegerDigits { allowed: 3 }),
            ("1.234", DecimalError::TooManyFractionDigits { allowed: 2 }),
            ("1.000", DecimalError::TooManyFractionDigits { allowed: 2 }),
        ];
        for (text, error) in cases {
            assert_eq!(parse_decimal(text, 3, 2), Err(error), "{text:?}");
        }
    }

    #[test]
    fn limits_and_signs() {
        assert_eq!(
            parse_decimal("-123.45", 3, 2).unwrap().to_string(),
            "-123.45"
        );
        assert_eq!(parse_decimal("007", 3, 0).unwrap().to_string(), "7");
        assert_eq!(parse_decimal("-0.00", 1, 2).unwrap().to_string(), "0.00");
        assert_eq!(
            parse_decimal("1.0", 3, 0),
            Err(DecimalError::TooManyFractionDigits { allowed: 0 })
        );
        assert_eq!(
            parse_decimal(&"9".repeat(40), 50, 0),
            Err(DecimalError::TooLong)
        );
    }

    #[test]
    fn shortest_text() {
        let text = |value: &str| decimal_string(value.parse().unwrap());
        assert_eq!(text("0.0200"), "0.02");
        assert_eq!(text("100"), "100");
        assert_eq!(text("-0.0"), "0");
    }

    proptest! {
        #![proptest_config(crate::amount::strategies::config())]

        #[test]
        fn any_text_is_read_or_refused_without_a_panic(text in "\\PC{0,40}", i in 0u32..40, f in 0u32..40) {
            if let Ok(value) = parse_decimal(&text, i, f) {
                prop_assert_eq!(parse_decimal(&decimal_string(value), 40, 40), Ok(value));
            }
        }

        #[test]
        fn what_the_grammar_allows_is_read(text in "-?[0-9]{1,15}(\\.[0-9]{1,12})?") {
            let value = parse_decimal(&text, 15, 12);
            prop_assert_eq!(value, Ok(text.parse::<Decimal>().unwrap()));
        }
    }
}
