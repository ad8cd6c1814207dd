//! Owns how far a payment may miss and still settle: the smaller of a share and a maximum of the
//! currency (TL-6), and the days of grace for a discount (ED-8, TL-3). Must not know what was paid.

use std::collections::BTreeMap;

use money::{Currency, Money, MoneyError, Rate, Rounding};
use serde::{Deserialize, Serialize};

/// The tolerance granted to a customer. The default grants none.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tolerance {
    /// Largest difference as a share of the amount due.
    pub ratio: Rate,
    /// Largest difference in each currency; one that is not named has no tolerance (TL-4).
    pub maximum_amounts: BTreeMap<Currency, Money>,
    /// Days after the last discount date during which the discount is still granted (ED-8).
    pub discount_grace_days: u16,
}

impl Default for Tolerance {
    fn default() -> Self {
        Self {
            ratio: Rate::ZERO,
            maximum_amounts: BTreeMap::new(),
            discount_grace_days: 0,
        }
    }
}

impl Tolerance {
    /// The largest difference for `amount_due`: min(share of it, maximum of its currency), rounded
    /// down (TL-6). Always less than the amount itself: nothing is settled by no money at all.
    ///
    /// # Errors
    /// [`MoneyError::Overflow`].
    pub fn for_amount(&self, amount_due: Money) -> Result<Money, MoneyError> {
        let currency = amount_due.currency();
        let nothing = Money::zero(currency);
        let Some(maximum) = self.maximum_amounts.get(&currency) else {
            return Ok(nothing);
        };
        let share = amount_due.checked_mul_rounded(self.ratio, Rounding::Down)?;
        let unit = Money::from_minor(1, currency)?;
        let almost_all = amount_due.checked_sub(unit)?;
        share
            .min_with(*maximum)?
            .min_with(almost_all)?
            .max_with(nothing)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::samples::{eur, tolerance};

    #[test]
    fn tl_6_the_smaller_of_share_and_maximum() {
        let granted = tolerance("0.01", "5.00", 0);
        let of = |amount| granted.for_amount(eur(amount)).unwrap();
        assert_eq!(of("1000.00"), eur("5.00"));
        assert_eq!(of("100.00"), eur("1.00"));
        assert_eq!(of("19.99"), eur("0.19"));
        assert_eq!(of("0.00"), eur("0.00"));
    }

    #[test]
    fn tl_4_it_is_per_currency_and_can_be_blocked() {
        let granted = tolerance("0.01", "5.00", 0);
        let yen = Money::parse("100000", Currency::JPY).unwrap();
        assert!(granted.for_amount(yen).unwrap().is_zero());
        let blocked = tolerance("0", "5.00", 0);
        assert!(blocked.for_amount(eur("1000.00")).unwrap().is_zero());
        let none = Tolerance::default().for_amount(eur("1000.00"));
        assert!(none.unwrap().is_zero());
    }

    #[test]
    fn tl_6_it_never_covers_the_whole_amount() {
        let granted = tolerance("1", "5.00", 0);
        assert_eq!(granted.for_amount(eur("4.00")), Ok(eur("3.99")));
    }
}
