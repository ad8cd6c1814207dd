//! Owns how far a payment may miss and still be taken for what it was meant for: the smaller of a
//! share and a maximum of the currency (TL-6), and the days of grace for a discount (ED-8). Payments
//! only guesses with it what a line pays for; whether it is granted is decided in invoicing.

use std::collections::BTreeMap;

use jiff::civil::Date;
use money::{Currency, Money, MoneyError, Rate, Rounding};
use serde::{Deserialize, Serialize};

/// The tolerance of a customer. The default is none.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tolerance {
    /// Largest difference as a share of the amount due.
    pub ratio: Rate,
    /// Largest difference in each currency; one that is not named has no tolerance (TL-4).
    pub maximum_amounts: BTreeMap<Currency, Money>,
    /// Days after the last discount date during which the discount is still granted.
    pub discount_grace_days: u16,
}

/// The tolerance of a customer from a day on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ToleranceGrant {
    /// The first day on which it holds, in the tenant's zone.
    pub valid_from_date: Date,
    /// The tolerance.
    pub tolerance: Tolerance,
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
    /// The largest difference for `amount_due`, rounded down.
    ///
    /// # Errors
    /// [`MoneyError::Overflow`].
    pub fn for_amount(&self, amount_due: Money) -> Result<Money, MoneyError> {
        let currency = amount_due.currency();
        let Some(maximum) = self.maximum_amounts.get(&currency) else {
            return Ok(Money::zero(currency));
        };
        let share = amount_due.checked_mul_rounded(self.ratio, Rounding::Down)?;
        share.min_with(*maximum)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::samples::{eur, tolerance};

    #[test]
    fn tl_6_the_smaller_of_share_and_maximum_of_the_currency() {
        let granted = tolerance("0.01", "5.00", 0);
        assert_eq!(granted.for_amount(eur("1000.00")), Ok(eur("5.00")));
        assert_eq!(granted.for_amount(eur("100.00")), Ok(eur("1.00")));
        let yen = Money::parse("100000", Currency::JPY).unwrap();
        assert!(granted.for_amount(yen).unwrap().is_zero());
        assert!(
            Tolerance::default()
                .for_amount(eur("9.00"))
                .unwrap()
                .is_zero()
        );
    }
}
