//! Owns the one place where money is multiplied and divided: whole numbers of any size, so that
//! nothing is lost before the single rounding at the end. Must not know currencies.
//!
//! The decimal library alone will not do: it silently rounds a product that needs more than 28
//! digits, and a second rounding on top of that can be a cent off.

#![expect(
    clippy::arithmetic_side_effects,
    reason = "whole numbers of any size cannot overflow, and zero divisors are refused before"
)]

use num_bigint::{BigInt, Sign};
use rust_decimal::Decimal;

use crate::{MoneyError, Rounding};

/// The product of `factors` divided by `divisor`, in units of 10^-`digits`, rounded once.
///
/// # Errors
/// [`MoneyError::DivisionByZero`], or [`MoneyError::Overflow`] if the result leaves an `i128`.
pub(crate) fn quotient(
    factors: &[Decimal],
    divisor: Decimal,
    digits: u32,
    rounding: Rounding,
) -> Result<i128, MoneyError> {
    if divisor.is_zero() {
        return Err(MoneyError::DivisionByZero);
    }
    // A decimal is mantissa / 10^scale, so scales change sides when the fraction is written out.
    let mut numerator = power_of_ten(digits) * power_of_ten(divisor.scale());
    let mut denominator = BigInt::from(divisor.mantissa());
    for factor in factors {
        numerator *= factor.mantissa();
        denominator *= power_of_ten(factor.scale());
    }
    to_units(divide(&numerator, &denominator, rounding))
}

/// The shares of a whole in proportion to weights, not yet rounded.
pub(crate) struct Shares {
    weights: Vec<BigInt>,
    sum: BigInt,
}

impl Shares {
    /// `None` if there is no weight, one is negative, or all are zero.
    pub(crate) fn try_new(weights: &[Decimal]) -> Option<Self> {
        let weights: Vec<BigInt> = weights.iter().copied().map(at_finest_scale).collect();
        let sum: BigInt = weights.iter().sum();
        let meaningful =
            weights.iter().all(|weight| weight.sign() != Sign::Minus) && sum.sign() == Sign::Plus;
        meaningful.then_some(Self { weights, sum })
    }

    /// Each share of `whole`, cut off, with what was cut off it: comparable, in one unit.
    pub(crate) fn cut_off(
        &self,
        whole: i128,
    ) -> impl Iterator<Item = Result<(i128, BigInt), MoneyError>> {
        self.weights.iter().map(move |weight| {
            let share = weight * whole;
            Ok((to_units(&share / &self.sum)?, share % &self.sum))
        })
    }

    /// Each share of `whole`, rounded.
    pub(crate) fn rounded(
        &self,
        whole: i128,
        rounding: Rounding,
    ) -> impl Iterator<Item = Result<i128, MoneyError>> {
        self.weights
            .iter()
            .map(move |weight| to_units(divide(&(weight * whole), &self.sum, rounding)))
    }
}

fn to_units(number: BigInt) -> Result<i128, MoneyError> {
    i128::try_from(number).map_err(|_| MoneyError::Overflow)
}

/// `numerator / denominator`, rounded. The denominator is not zero: its callers have checked.
fn divide(numerator: &BigInt, denominator: &BigInt, rounding: Rounding) -> BigInt {
    let truncated = numerator / denominator;
    let remainder = numerator - &truncated * denominator;
    if remainder.sign() == Sign::NoSign {
        return truncated;
    }
    let negative = numerator.sign() != denominator.sign();
    let doubled = remainder.magnitude() << 1_u8;
    let half = doubled.cmp(denominator.magnitude());
    if !rounding.moves_away(negative, truncated.bit(0), half) {
        truncated
    } else if negative {
        truncated - 1
    } else {
        truncated + 1
    }
}

/// `value` as a whole number of 10^-28, the finest scale there is, so that decimals of different
/// scales can be added and compared as integers.
fn at_finest_scale(value: Decimal) -> BigInt {
    power_of_ten(Decimal::MAX_SCALE.saturating_sub(value.scale())) * value.mantissa()
}

fn power_of_ten(exponent: u32) -> BigInt {
    BigInt::from(10).pow(exponent)
}

#[cfg(test)]
mod tests {
    use rust_decimal::dec;

    use super::*;

    #[test]
    fn one_rounding_where_the_library_rounds_twice() {
        // Half of just below one needs 29 digits. The library makes it one half, then one.
        let just_below_one = dec!(0.9999999999999999999999999999);
        assert_eq!(just_below_one * dec!(0.5), dec!(0.5));
        let factors = [just_below_one, dec!(0.5)];
        assert_eq!(
            quotient(&factors, Decimal::ONE, 0, Rounding::HalfAwayFromZero),
            Ok(0)
        );
        assert_eq!(
            quotient(&[dec!(0.5)], Decimal::ONE, 0, Rounding::HalfAwayFromZero),
            Ok(1)
        );
    }

    #[test]
    fn signs_of_both_sides() {
        let quarter = |n: i64, d: i64, rule| quotient(&[n.into()], d.into(), 0, rule);
        assert_eq!(quarter(-10, 4, Rounding::HalfEven), Ok(-2));
        assert_eq!(quarter(10, -4, Rounding::HalfAwayFromZero), Ok(-3));
        assert_eq!(quarter(-10, -4, Rounding::Floor), Ok(2));
        assert_eq!(quarter(-14, 4, Rounding::HalfEven), Ok(-4));
    }

    #[test]
    fn extremes_are_errors() {
        assert_eq!(
            quotient(
                &[Decimal::MAX, Decimal::MAX],
                Decimal::ONE,
                0,
                Rounding::Down
            ),
            Err(MoneyError::Overflow)
        );
        assert_eq!(
            quotient(&[Decimal::ONE], Decimal::ZERO, 0, Rounding::Down),
            Err(MoneyError::DivisionByZero)
        );
        assert_eq!(
            quotient(&[Decimal::MAX], Decimal::MAX, 4, Rounding::Down),
            Ok(10_000)
        );
    }
}
