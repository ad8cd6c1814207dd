//! Owns splitting an amount into parts that add up to it (PP-1). There are two ways, named for
//! where the odd units go; must not grow a third that hides its choice.
//!
//! Both keep the sign (a credit note splits as its invoice did), give a weight of zero nothing,
//! and never give a part the opposite sign.

use std::cmp::Reverse;

use rust_decimal::Decimal;

use crate::exact::Shares;
use crate::{Money, MoneyError, Rounding};

/// Splits `total` in proportion to `weights`; the units that are left over after cutting off go one
/// each to the parts that lost most, the earlier first. No part is a unit or more from its exact
/// share: for spreading tax, discount or cash over lines.
///
/// # Errors
/// [`MoneyError::Weights`] if there is none, one is negative, or all are zero.
pub fn split_largest_remainder(
    total: Money,
    weights: &[Decimal],
) -> Result<Vec<Money>, MoneyError> {
    let currency = total.currency();
    let whole = total.abs();
    let shares = Shares::try_new(weights).ok_or(MoneyError::Weights)?;
    let mut parts = Vec::with_capacity(weights.len());
    let mut cuts = Vec::with_capacity(weights.len());
    for (index, share) in shares.cut_off(whole.to_minor()).enumerate() {
        let (minor, cut) = share?;
        parts.push(Money::from_minor(minor, currency)?);
        cuts.push((Reverse(cut), index));
    }
    // Largest cut first; equal cuts in the order of the parts.
    cuts.sort();
    let unit = Money::from_minor(1, currency)?;
    let mut left = whole.checked_sub(Money::sum(currency, parts.iter().copied())?)?;
    for (_, index) in cuts {
        if left.is_zero() {
            break;
        }
        if let Some(part) = parts.get_mut(index) {
            *part = part.checked_add(unit)?;
            left = left.checked_sub(unit)?;
        }
    }
    Ok(with_sign_of(total, parts))
}

/// Splits `total` in proportion to `weights`; each part is rounded, a half away from zero, but is
/// never more than what is left, and the last part with a weight takes the rest. For instalments:
/// all alike, the last one different (PP-1).
///
/// # Errors
/// [`MoneyError::Weights`] if there is none, one is negative, or all are zero.
pub fn split_remainder_last(total: Money, weights: &[Decimal]) -> Result<Vec<Money>, MoneyError> {
    let shares = Shares::try_new(weights).ok_or(MoneyError::Weights)?;
    let last = weights.iter().rposition(|weight| !weight.is_zero());
    let mut left = total.abs();
    let mut parts = Vec::with_capacity(weights.len());
    let rounded = shares.rounded(left.to_minor(), Rounding::HalfAwayFromZero);
    for (index, share) in rounded.enumerate() {
        let part = if Some(index) == last {
            left
        } else {
            Money::from_minor(share?, total.currency())?.min_with(left)?
        };
        left = left.checked_sub(part)?;
        parts.push(part);
    }
    Ok(with_sign_of(total, parts))
}

/// The parts were made without sign; they get that of the whole.
fn with_sign_of(total: Money, mut parts: Vec<Money>) -> Vec<Money> {
    if total.is_negative() {
        parts.iter_mut().for_each(|part| *part = part.negated());
    }
    parts
}

#[cfg(test)]
#[expect(clippy::arithmetic_side_effects, reason = "a test may panic")]
mod tests {
    use proptest::prelude::*;
    use rust_decimal::dec;

    use super::*;
    use crate::Currency;
    use crate::amount::strategies::{any_decimal, config, money};

    type Split = fn(Money, &[Decimal]) -> Result<Vec<Money>, MoneyError>;
    const BOTH: [Split; 2] = [split_largest_remainder, split_remainder_last];

    fn eur(amount: &str) -> Money {
        Money::parse(amount, Currency::EUR).unwrap()
    }

    fn texts(parts: Result<Vec<Money>, MoneyError>) -> Vec<String> {
        parts.unwrap().iter().map(Money::to_amount_string).collect()
    }

    #[test]
    fn pp_1_the_remainder_is_on_the_last_instalment() {
        let equal = |total, parts| texts(split_remainder_last(eur(total), &vec![dec!(1); parts]));
        assert_eq!(equal("1000.00", 3), ["333.33", "333.33", "333.34"]);
        assert_eq!(equal("100.01", 4), ["25.00", "25.00", "25.00", "25.01"]);
        assert_eq!(equal("-1000.00", 3), ["-333.33", "-333.33", "-333.34"]);
        assert_eq!(equal("200.00", 3), ["66.67", "66.67", "66.66"]);
        assert_eq!(equal("0.00", 2), ["0.00", "0.00"]);
    }

    #[test]
    fn pp_1_too_little_for_all_runs_out_and_never_turns_negative() {
        let parts = texts(split_remainder_last(eur("0.05"), &[dec!(1); 10]));
        assert_eq!(parts[..6], ["0.01", "0.01", "0.01", "0.01", "0.01", "0.00"]);
    }

    #[test]
    fn largest_remainder_gives_the_odd_units_to_those_who_lost_most() {
        let weights = [dec!(1), dec!(1), dec!(1)];
        assert_eq!(
            texts(split_largest_remainder(eur("100.00"), &weights)),
            ["33.34", "33.33", "33.33"]
        );
        let weights = [dec!(0.5), dec!(0.3), dec!(0.2)];
        assert_eq!(
            texts(split_largest_remainder(eur("0.03"), &weights)),
            ["0.01", "0.01", "0.01"]
        );
        assert_eq!(
            texts(split_largest_remainder(eur("-0.04"), &weights)),
            ["-0.02", "-0.01", "-0.01"]
        );
    }

    #[test]
    fn weights_of_zero_get_nothing_even_at_the_end() {
        let weights = [dec!(1), dec!(0), dec!(1), dec!(1), dec!(0)];
        for split in BOTH {
            let parts = split(eur("100.00"), &weights).unwrap();
            assert!(parts[1].is_zero() && parts[4].is_zero(), "{parts:?}");
        }
    }

    #[test]
    fn weights_without_a_meaning_are_refused() {
        for split in BOTH {
            for weights in [
                vec![],
                vec![dec!(0)],
                vec![dec!(0), dec!(-0.0)],
                vec![dec!(2), dec!(-1)],
            ] {
                assert_eq!(split(eur("1.00"), &weights), Err(MoneyError::Weights));
            }
        }
    }

    fn weights() -> impl Strategy<Value = Vec<Decimal>> {
        prop::collection::vec(
            prop_oneof![
                3 => (0i64..10_000, 0u32..5).prop_map(|(n, scale)| Decimal::new(n, scale)),
                1 => any_decimal().prop_map(|weight| weight.abs()),
            ],
            1..12,
        )
        .prop_filter("not all zero", |weights| {
            weights.iter().any(|weight| !weight.is_zero())
        })
    }

    proptest! {
        #![proptest_config(config())]

        #[test]
        fn p10_the_parts_are_the_whole(total in money(), weights in weights()) {
            for split in BOTH {
                let parts = split(total, &weights).unwrap();
                prop_assert_eq!(parts.len(), weights.len());
                prop_assert_eq!(Money::sum(total.currency(), parts.iter().copied()), Ok(total));
                let mirrored: Vec<_> = parts.iter().map(|part| part.negated()).collect();
                prop_assert_eq!(split(total.negated(), &weights), Ok(mirrored));
                for (part, weight) in parts.iter().zip(&weights) {
                    prop_assert!(part.is_zero() || part.is_negative() == total.is_negative());
                    prop_assert!(part.is_zero() || !weight.is_zero());
                }
            }
        }

        #[test]
        fn p10_largest_remainder_is_within_a_unit(minor in -1_000_000i64..1_000_000, weights in prop::collection::vec(0i64..1_000, 1..9)) {
            let sum: i64 = weights.iter().sum();
            prop_assume!(sum > 0);
            let total = Money::from_minor(minor.into(), Currency::EUR).unwrap();
            let decimals: Vec<_> = weights.iter().map(|weight| Decimal::from(*weight)).collect();
            let parts = split_largest_remainder(total, &decimals).unwrap();
            for (part, weight) in parts.iter().zip(&weights) {
                let off = part.to_minor() * i128::from(sum) - i128::from(minor) * i128::from(*weight);
                prop_assert!(off.abs() < i128::from(sum), "{part} for {weight} of {sum}");
            }
        }

        #[test]
        fn p10_any_weights_are_split_or_refused(total in money(), weights in prop::collection::vec(any_decimal(), 0..6)) {
            for split in BOTH {
                let refused = split(total, &weights) == Err(MoneyError::Weights);
                let meaningless = weights.iter().any(|weight| *weight < Decimal::ZERO)
                    || weights.iter().all(Decimal::is_zero);
                prop_assert_eq!(refused, meaningless);
            }
        }
    }
}
