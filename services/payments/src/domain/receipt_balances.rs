//! Owns the sums of a receipt. They add up to what came in at every moment (P1), none is ever below
//! zero (P5), and they are the sum of the entries (P8). Must not know why money moves.

use std::ops::Deref;

use money::{Currency, Money, MoneyError};

use super::{EntryKind, Place};

/// The sums of a receipt, as they are stored and told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ReceiptAmounts {
    /// What came in; the sum of the others.
    pub received: Money,
    /// What lowers invoices.
    pub allocated: Money,
    /// What is promised to applications that invoicing has not answered yet.
    pub reserved: Money,
    /// What was kept as overpayment within the tolerance.
    pub overpayment_tolerance: Money,
    /// What was given back to the payer.
    pub refunded: Money,
    /// What was taken back by reversing the receipt.
    pub returned: Money,
    /// What is left to apply.
    pub unapplied: Money,
}

/// Sums that add up. Readable as [`ReceiptAmounts`]; only entries change them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ReceiptBalances(ReceiptAmounts);

/// Why sums were refused: a bug here or at whoever answered, never a caller's mistake.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum BalanceError {
    /// An entry would take more from a place than is there (P5).
    #[error("{asked} cannot be taken from {place:?}, where {there} is")]
    BelowZero {
        /// The place.
        place: Place,
        /// What is there.
        there: Money,
        /// What was asked for.
        asked: Money,
    },
    /// The parts are not the whole (P1).
    #[error("the parts of a receipt are not what came in")]
    NotConserved,
    /// Another currency, or more than an amount can hold.
    #[error(transparent)]
    Money(#[from] MoneyError),
}

impl ReceiptBalances {
    /// Sums before the first entry.
    #[must_use]
    pub fn nothing(currency: Currency) -> Self {
        let zero = Money::zero(currency);
        Self(ReceiptAmounts {
            received: zero,
            allocated: zero,
            reserved: zero,
            overpayment_tolerance: zero,
            refunded: zero,
            returned: zero,
            unapplied: zero,
        })
    }

    /// Stored sums.
    ///
    /// # Errors
    /// [`BalanceError`] when they do not add up, or one is below zero.
    pub fn try_new(amounts: ReceiptAmounts) -> Result<Self, BalanceError> {
        let balances = Self(amounts);
        let parts = PLACES.map(|place| balances.at(place));
        let whole = Money::sum(amounts.received.currency(), parts)?;
        if whole != amounts.received || parts.iter().any(Money::is_negative) {
            return Err(BalanceError::NotConserved);
        }
        Ok(balances)
    }

    /// What is at one place.
    #[must_use]
    pub fn at(&self, place: Place) -> Money {
        match place {
            Place::Unapplied => self.unapplied,
            Place::Reserved => self.reserved,
            Place::Allocated => self.allocated,
            Place::OverpaymentTolerance => self.overpayment_tolerance,
            Place::Refunded => self.refunded,
            Place::Returned => self.returned,
        }
    }

    /// The sums after an entry of `kind`. `amount` is above 0.
    ///
    /// # Errors
    /// [`BalanceError`]; the sums stay as they were.
    pub fn after(&self, kind: EntryKind, amount: Money) -> Result<Self, BalanceError> {
        let (from, to) = kind.places();
        let mut after = *self;
        match from {
            Some(place) => {
                let there = self.at(place);
                let left = there.checked_sub(amount)?;
                if left.is_negative() {
                    let asked = amount;
                    return Err(BalanceError::BelowZero {
                        place,
                        there,
                        asked,
                    });
                }
                *after.place_mut(place) = left;
            }
            None => after.0.received = self.received.checked_add(amount)?,
        }
        let grown = after.at(to).checked_add(amount)?;
        *after.place_mut(to) = grown;
        Ok(after)
    }

    fn place_mut(&mut self, place: Place) -> &mut Money {
        match place {
            Place::Unapplied => &mut self.0.unapplied,
            Place::Reserved => &mut self.0.reserved,
            Place::Allocated => &mut self.0.allocated,
            Place::OverpaymentTolerance => &mut self.0.overpayment_tolerance,
            Place::Refunded => &mut self.0.refunded,
            Place::Returned => &mut self.0.returned,
        }
    }
}

const PLACES: [Place; 6] = [
    Place::Unapplied,
    Place::Reserved,
    Place::Allocated,
    Place::OverpaymentTolerance,
    Place::Refunded,
    Place::Returned,
];

impl Deref for ReceiptBalances {
    type Target = ReceiptAmounts;

    fn deref(&self) -> &ReceiptAmounts {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::samples::eur;

    fn received(amount: &str) -> ReceiptBalances {
        let nothing = ReceiptBalances::nothing(Currency::EUR);
        nothing.after(EntryKind::Received, eur(amount)).unwrap()
    }

    #[test]
    fn p_1_entries_move_money_and_the_whole_stays() {
        let sums = received("100.00")
            .after(EntryKind::Reserved, eur("60.00"))
            .and_then(|sums| sums.after(EntryKind::Allocated, eur("50.00")))
            .and_then(|sums| sums.after(EntryKind::ToleranceKept, eur("1.00")))
            .and_then(|sums| sums.after(EntryKind::Released, eur("9.00")))
            .and_then(|sums| sums.after(EntryKind::Refunded, eur("49.00")))
            .unwrap();
        assert_eq!(sums.received, eur("100.00"));
        assert_eq!(sums.allocated, eur("50.00"));
        assert_eq!(sums.overpayment_tolerance, eur("1.00"));
        assert_eq!(sums.refunded, eur("49.00"));
        assert!(sums.reserved.is_zero() && sums.unapplied.is_zero());
        assert_eq!(ReceiptBalances::try_new(*sums), Ok(sums));
    }

    #[test]
    fn p_5_nothing_goes_below_zero() {
        let sums = received("10.00");
        let error = sums.after(EntryKind::Reserved, eur("10.01")).unwrap_err();
        let told = "10.01 EUR cannot be taken from Unapplied, where 10.00 EUR is";
        assert_eq!(error.to_string(), told);
        assert!(sums.after(EntryKind::Allocated, eur("0.01")).is_err());
    }

    #[test]
    fn p_1_stored_sums_that_do_not_add_up_are_refused() {
        let mut amounts = *received("10.00");
        amounts.unapplied = eur("9.99");
        assert_eq!(
            ReceiptBalances::try_new(amounts),
            Err(BalanceError::NotConserved)
        );
        amounts.unapplied = eur("11.00");
        amounts.refunded = eur("-1.00");
        assert_eq!(
            ReceiptBalances::try_new(amounts),
            Err(BalanceError::NotConserved)
        );
    }

    #[test]
    fn rd_5_another_currency_is_refused() {
        let dollar = Money::parse("1.00", Currency::USD).unwrap();
        assert!(
            received("10.00")
                .after(EntryKind::Reserved, dollar)
                .is_err()
        );
    }
}
