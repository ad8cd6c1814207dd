//! Owns rounding by name (RD-2, RD-3): which way a truncated quotient moves. Must not choose a rule
//! for the caller: there is no default.

use std::cmp::Ordering;

use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

use crate::exact;

/// How a number that lies between two allowed values is brought to one of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Rounding {
    /// To the nearest, a half away from zero: -0.125 is -0.13. The trade's and the tax rules' way.
    HalfAwayFromZero,
    /// To the nearest, a half to the even neighbour: -0.125 is -0.12. Also called bankers'.
    HalfEven,
    /// Towards zero: cut off.
    Down,
    /// Away from zero.
    Up,
    /// Towards minus infinity.
    Floor,
    /// Towards plus infinity.
    Ceiling,
}

impl Rounding {
    /// Whether a truncated quotient with a remainder moves one unit away from zero.
    ///
    /// `half` compares the remainder with one half of the divisor, both without sign.
    pub(crate) fn moves_away(self, negative: bool, odd: bool, half: Ordering) -> bool {
        match self {
            Self::HalfAwayFromZero => half.is_ge(),
            Self::HalfEven => half.is_gt() || (half.is_eq() && odd),
            Self::Down => false,
            Self::Up => true,
            Self::Floor => negative,
            Self::Ceiling => !negative,
        }
    }
}

/// `value` with at most `digits` digits after the point. Fewer digits are left as they are.
#[must_use]
pub fn round(value: Decimal, digits: u32, rounding: Rounding) -> Decimal {
    if value.scale() <= digits {
        return value;
    }
    // Neither step can fail: the divisor is one, and a number of fewer digits than `value` fits
    // where `value` did.
    exact::quotient(&[value], Decimal::ONE, digits, rounding)
        .ok()
        .and_then(|units| Decimal::try_from_i128_with_scale(units, digits).ok())
        .unwrap_or(value)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use rust_decimal::{RoundingStrategy, dec};

    use super::Rounding::*;
    use super::*;
    use crate::amount::strategies::{any_decimal, config, rounding};

    #[test]
    fn rd_2_half_up_and_half_even() {
        let cases = [
            (dec!(0.045), dec!(0.05), dec!(0.04)),
            (dec!(2.675), dec!(2.68), dec!(2.68)),
            (dec!(-0.125), dec!(-0.13), dec!(-0.12)),
        ];
        for (value, away, even) in cases {
            assert_eq!(round(value, 2, HalfAwayFromZero), away);
            assert_eq!(round(value, 2, HalfEven), even);
        }
    }

    #[test]
    fn rd_3_tax_of_en_16931() {
        assert_eq!(
            round(dec!(1000) * dec!(0.25), 2, HalfAwayFromZero),
            dec!(250)
        );
        assert_eq!(
            round(dec!(-6491.34) * dec!(0.25), 2, HalfAwayFromZero),
            dec!(-1622.84)
        );
    }

    #[test]
    fn directed_roundings() {
        let both = |rule| [dec!(1.11), dec!(-1.11)].map(|value| round(value, 1, rule));
        assert_eq!(both(Down), [dec!(1.1), dec!(-1.1)]);
        assert_eq!(both(Up), [dec!(1.2), dec!(-1.2)]);
        assert_eq!(both(Floor), [dec!(1.1), dec!(-1.2)]);
        assert_eq!(both(Ceiling), [dec!(1.2), dec!(-1.1)]);
    }

    #[test]
    fn names_are_stable() {
        assert_eq!(
            serde_json::to_string(&HalfAwayFromZero).unwrap(),
            "\"HALF_AWAY_FROM_ZERO\""
        );
        assert_eq!(
            serde_json::from_str::<Rounding>("\"FLOOR\"").unwrap(),
            Floor
        );
    }

    fn library_rule(rounding: Rounding) -> RoundingStrategy {
        match rounding {
            HalfAwayFromZero => RoundingStrategy::MidpointAwayFromZero,
            HalfEven => RoundingStrategy::MidpointNearestEven,
            Down => RoundingStrategy::ToZero,
            Up => RoundingStrategy::AwayFromZero,
            Floor => RoundingStrategy::ToNegativeInfinity,
            Ceiling => RoundingStrategy::ToPositiveInfinity,
        }
    }

    proptest! {
        #![proptest_config(config())]

        #[test]
        fn agrees_with_the_decimal_library(value in any_decimal(), digits in 0u32..30, rule in rounding()) {
            let expected = value.round_dp_with_strategy(digits, library_rule(rule));
            prop_assert_eq!(round(value, digits, rule), expected);
        }
    }
}
