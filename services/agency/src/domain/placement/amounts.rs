//! Owns the amounts of a placement and the one thing that is always true of them:
//! placed = recovered + direct + adjusted + open. Must not know why they move.

use money::{Currency, Money, MoneyError};

/// The amounts of a placement, all in its currency and always balanced.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PlacementAmounts {
    placed: Money,
    recovered: Money,
    direct: Money,
    adjusted: Money,
    open: Money,
}

/// Amounts of which placed is not recovered + direct + adjusted + open.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("what was placed is not what came, was adjusted and is open")]
pub struct Unbalanced;

impl PlacementAmounts {
    /// Of a debt of which nothing has come yet.
    #[must_use]
    pub fn placing(open: Money) -> Self {
        let nothing = Money::zero(open.currency());
        Self {
            placed: open,
            recovered: nothing,
            direct: nothing,
            adjusted: nothing,
            open,
        }
    }

    /// Amounts as they were stored.
    ///
    /// # Errors
    /// [`Unbalanced`], also for several currencies.
    pub fn try_new(
        placed: Money,
        recovered: Money,
        direct: Money,
        adjusted: Money,
        open: Money,
    ) -> Result<Self, Unbalanced> {
        let sum = Money::sum(placed.currency(), [recovered, direct, adjusted, open]);
        if sum != Ok(placed) {
            return Err(Unbalanced);
        }
        Ok(Self {
            placed,
            recovered,
            direct,
            adjusted,
            open,
        })
    }

    /// Their currency.
    #[must_use]
    pub fn currency(&self) -> Currency {
        self.placed.currency()
    }

    /// What was owed when the placement became ACTIVE; before that, what is owed now.
    #[must_use]
    pub fn placed(&self) -> Money {
        self.placed
    }

    /// What came through the agency, less what was taken back.
    #[must_use]
    pub fn recovered(&self) -> Money {
        self.recovered
    }

    /// What the debtor paid us while it was placed, less what was taken back.
    #[must_use]
    pub fn direct(&self) -> Money {
        self.direct
    }

    /// What went away otherwise, less what was added.
    #[must_use]
    pub fn adjusted(&self) -> Money {
        self.adjusted
    }

    /// What is owed now.
    #[must_use]
    pub fn open(&self) -> Money {
        self.open
    }

    /// What came, through the agency and directly.
    ///
    /// # Errors
    /// [`MoneyError::Overflow`].
    pub fn collected(&self) -> Result<Money, MoneyError> {
        self.recovered.checked_add(self.direct)
    }

    /// After `amount` more came through the agency; negative: was taken back.
    ///
    /// # Errors
    /// [`MoneyError`]; so the two below.
    pub(super) fn recover(self, amount: Money) -> Result<Self, MoneyError> {
        Ok(Self {
            recovered: self.recovered.checked_add(amount)?,
            open: self.open.checked_sub(amount)?,
            ..self
        })
    }

    /// After `amount` more was paid to us.
    pub(super) fn pay_directly(self, amount: Money) -> Result<Self, MoneyError> {
        Ok(Self {
            direct: self.direct.checked_add(amount)?,
            open: self.open.checked_sub(amount)?,
            ..self
        })
    }

    /// After `amount` more went away otherwise; negative: was added.
    pub(super) fn adjust(self, amount: Money) -> Result<Self, MoneyError> {
        Ok(Self {
            adjusted: self.adjusted.checked_add(amount)?,
            open: self.open.checked_sub(amount)?,
            ..self
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::commission_schedule::tests::{amount, euro};

    #[test]
    fn only_balanced_amounts_are_amounts_of_a_placement() {
        let of = |parts: [&str; 5]| {
            let [placed, recovered, direct, adjusted, open] = parts.map(euro);
            PlacementAmounts::try_new(placed, recovered, direct, adjusted, open)
        };
        assert!(of(["100.00", "30.00", "20.00", "-5.00", "55.00"]).is_ok());
        assert_eq!(
            of(["100.00", "30.00", "20.00", "5.00", "55.00"]),
            Err(Unbalanced)
        );
        let yen = PlacementAmounts::try_new(
            euro("1.00"),
            euro("0.00"),
            euro("0.00"),
            euro("0.00"),
            amount("1", "JPY"),
        );
        assert_eq!(yen, Err(Unbalanced));
    }

    #[test]
    fn every_movement_keeps_the_balance() {
        let start = PlacementAmounts::placing(euro("100.00"));
        let end = start
            .recover(euro("30.00"))
            .and_then(|one| one.pay_directly(euro("20.00")))
            .and_then(|one| one.adjust(euro("-5.00")))
            .and_then(|one| one.recover(euro("-10.00")))
            .unwrap();
        assert_eq!(end.open(), euro("65.00"));
        assert_eq!(end.collected(), Ok(euro("40.00")));
        let stored = PlacementAmounts::try_new(
            end.placed(),
            end.recovered(),
            end.direct(),
            end.adjusted(),
            end.open(),
        );
        assert_eq!(stored, Ok(end));
    }
}
