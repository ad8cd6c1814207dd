//! Owns ratios: discount, tax, interest and commission rates. Must not know what a rate is applied
//! to, nor for how long.

use std::fmt;
use std::str::FromStr;

use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

use crate::decimal::without_minus_zero;
use crate::{MoneyError, decimal_string, parse_decimal};

const INTEGER_DIGITS: u32 = 6;
const FRACTION_DIGITS: u32 = 12;

/// A ratio: 0.02 is two percent. At most 6 digits before and 12 after the point; may be negative.
///
/// As text and JSON the ratio itself, `"0.02"`, in the grammar of [`parse_decimal`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(into = "String", try_from = "String")]
pub struct Rate(Decimal);

impl Rate {
    /// Nothing.
    pub const ZERO: Self = Self(Decimal::ZERO);
    /// The whole: 100 percent.
    pub const ONE: Self = Self(Decimal::ONE);

    /// A rate from its ratio: 0.02 for two percent.
    ///
    /// # Errors
    /// [`MoneyError::Overflow`] from a million on; [`MoneyError::Decimal`] if finer than 12 digits.
    pub fn try_new(ratio: Decimal) -> Result<Self, MoneyError> {
        // Through the text: one place knows the limits.
        Ok(Self(parse_decimal(
            &decimal_string(ratio),
            INTEGER_DIGITS,
            FRACTION_DIGITS,
        )?))
    }

    /// A rate from percent: 2 for two percent.
    ///
    /// # Errors
    /// As [`Rate::try_new`].
    pub fn from_percent(percent: Decimal) -> Result<Self, MoneyError> {
        // Moving the point, not dividing: dividing would round what is too fine instead of refusing.
        let scale = percent.normalize().scale().saturating_add(2);
        let ratio = Decimal::try_from_i128_with_scale(percent.normalize().mantissa(), scale);
        Self::try_new(ratio.map_err(|_| MoneyError::Overflow)?)
    }

    /// Reads a ratio in the strict grammar: `0.02`.
    ///
    /// # Errors
    /// [`MoneyError::Decimal`] says what is wrong with the text.
    pub fn parse(ratio: &str) -> Result<Self, MoneyError> {
        Ok(Self(parse_decimal(ratio, INTEGER_DIGITS, FRACTION_DIGITS)?))
    }

    /// The ratio: 0.02 for two percent.
    #[must_use]
    pub fn ratio(self) -> Decimal {
        self.0
    }

    /// The percentage: 2 for two percent, without trailing zeros.
    #[must_use]
    pub fn percent(self) -> Decimal {
        // Exact: at most 8 digits before the point.
        self.0.saturating_mul(Decimal::ONE_HUNDRED).normalize()
    }

    /// What is left of the whole: 0.98 for two percent. Cash paid on time divided by it is what
    /// the cash settles (ED-2).
    #[must_use]
    pub fn complement(self) -> Self {
        // Exact: at most 7 digits before the point, and none is added after it.
        Self(without_minus_zero(Decimal::ONE.saturating_sub(self.0)))
    }
}

impl From<Rate> for Decimal {
    fn from(rate: Rate) -> Self {
        rate.0
    }
}

impl fmt::Display for Rate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&decimal_string(self.0))
    }
}

impl FromStr for Rate {
    type Err = MoneyError;

    fn from_str(ratio: &str) -> Result<Self, MoneyError> {
        Self::parse(ratio)
    }
}

impl From<Rate> for String {
    fn from(rate: Rate) -> Self {
        rate.to_string()
    }
}

impl TryFrom<String> for Rate {
    type Error = MoneyError;

    fn try_from(ratio: String) -> Result<Self, MoneyError> {
        Self::parse(&ratio)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use rust_decimal::dec;

    use super::*;
    use crate::amount::strategies::{any_decimal, config};
    use crate::{Currency, DecimalError, Money, Rounding};

    #[test]
    fn percent_and_ratio() {
        let two = Rate::from_percent(dec!(2.00)).unwrap();
        assert_eq!(two, Rate::parse("0.0200").unwrap());
        assert_eq!(two.to_string(), "0.02");
        assert_eq!(two.percent().to_string(), "2");
        assert_eq!(two.complement().to_string(), "0.98");
        assert_eq!(Rate::ONE.complement(), Rate::ZERO);
        assert_eq!(Rate::from_percent(dec!(0)).unwrap(), Rate::ZERO);
    }

    #[test]
    fn limits() {
        assert!(Rate::parse("999999.999999999999").is_ok());
        assert_eq!(
            Rate::parse("1000000"),
            Err(DecimalError::TooManyIntegerDigits { allowed: 6 }.into())
        );
        assert_eq!(
            Rate::from_percent(dec!(0.00000000001)),
            Err(DecimalError::TooManyFractionDigits { allowed: 12 }.into())
        );
        assert!(Rate::try_new(Decimal::MAX).is_err());
        assert!(Rate::parse("2%").is_err());
    }

    #[test]
    fn dd_6_two_percent_of_an_amount() {
        let total = Money::parse("1587.35", Currency::EUR).unwrap();
        let discount =
            total.checked_mul_rounded(Rate::parse("0.02").unwrap(), Rounding::HalfAwayFromZero);
        assert_eq!(discount, Money::parse("31.75", Currency::EUR));
    }

    #[test]
    fn serde_is_the_text() {
        let rate: Rate = serde_json::from_str("\"-0.005\"").unwrap();
        assert_eq!(serde_json::to_string(&rate).unwrap(), "\"-0.005\"");
        assert!(serde_json::from_str::<Rate>("0.02").is_err());
    }

    proptest! {
        #![proptest_config(config())]

        #[test]
        fn any_decimal_is_a_rate_or_refused(value in any_decimal()) {
            for rate in [Rate::try_new(value), Rate::from_percent(value)].into_iter().flatten() {
                prop_assert_eq!(Rate::parse(&rate.to_string()), Ok(rate));
                prop_assert_eq!(Rate::from_percent(rate.percent()), Ok(rate));
            }
        }
    }
}
