//! Owns how much a customer may owe: no limit and a limit of 0 are opposites (EX-4), a limit of their
//! own comes before the policy's until it runs out, and a tolerance is granted on top (EX-2). Must
//! not know what they do owe.

use jiff::Timestamp;
use jiff::civil::Date;
use money::{Currency, Money, MoneyError, Rate, Rounding};
use serde::{Deserialize, Serialize};

use super::Coded;

/// How much a customer may owe.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CreditLimit {
    /// Anything.
    NoLimit,
    /// Up to this amount, 0 or more; with 0 they pay in advance.
    Amount(Money),
}

/// A limit that was set for one customer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CustomerLimit {
    /// The limit.
    pub credit_limit: CreditLimit,
    /// The last day on which it holds, in the tenant's zone; `None`: until another is set.
    pub valid_until_date: Option<Date>,
    /// Why. Personal data.
    pub reason: String,
    /// Who set it.
    pub set_by: String,
    /// When.
    pub set_time: Timestamp,
}

/// Where a limit comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum LimitOrigin {
    /// The policy in force, for the customer's segment.
    Policy,
    /// Set for this customer.
    Customer,
    /// Set for this customer and run out: the policy's holds again.
    PolicyAfterExpiry,
}

impl Coded for LimitOrigin {
    const CODES: &'static [(Self, &'static str)] = &[
        (Self::Policy, "POLICY"),
        (Self::Customer, "CUSTOMER"),
        (Self::PolicyAfterExpiry, "POLICY_AFTER_EXPIRY"),
    ];
}

/// Why a limit was not set.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum LimitError {
    /// It would never hold.
    #[error("{0} is in the past")]
    ValidUntilInThePast(Date),
}

/// The limit that holds for a customer on a day.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LimitInForce {
    /// The limit.
    pub credit_limit: CreditLimit,
    /// Where it comes from.
    pub origin: LimitOrigin,
    /// By what share exposure may exceed it.
    pub tolerance_ratio: Rate,
}

impl CustomerLimit {
    /// Refuses a limit that has run out before it begins.
    ///
    /// # Errors
    /// [`LimitError::ValidUntilInThePast`].
    pub fn check(&self, today: Date) -> Result<(), LimitError> {
        match self.valid_until_date {
            Some(day) if day < today => Err(LimitError::ValidUntilInThePast(day)),
            _ => Ok(()),
        }
    }

    fn holds_on(&self, day: Date) -> bool {
        self.valid_until_date.is_none_or(|last| day <= last)
    }
}

impl LimitInForce {
    /// The limit that holds on a day: the customer's own until it runs out, else the policy's.
    #[must_use]
    pub fn on(
        day: Date,
        own: Option<&CustomerLimit>,
        policy_limit: CreditLimit,
        tolerance_ratio: Rate,
    ) -> Self {
        let (credit_limit, origin) = match own {
            Some(own) if own.holds_on(day) => (own.credit_limit, LimitOrigin::Customer),
            Some(_) => (policy_limit, LimitOrigin::PolicyAfterExpiry),
            None => (policy_limit, LimitOrigin::Policy),
        };
        Self {
            credit_limit,
            origin,
            tolerance_ratio,
        }
    }

    /// The most that exposure may be: limit plus tolerance, which itself passes (EX-2); `None`: there
    /// is no limit.
    ///
    /// # Errors
    /// [`MoneyError::Overflow`].
    pub fn capacity(&self) -> Result<Option<Money>, MoneyError> {
        match self.credit_limit {
            CreditLimit::NoLimit => Ok(None),
            // Cut off, not rounded: no amount lies between what is cut off and what would be.
            CreditLimit::Amount(limit) => {
                let tolerance = limit.checked_mul_rounded(self.tolerance_ratio, Rounding::Down)?;
                Ok(Some(limit.checked_add(tolerance)?))
            }
        }
    }

    /// The currency in which exposure is told: that of the limit, else the home currency.
    #[must_use]
    pub fn currency(&self, home: Currency) -> Currency {
        match self.credit_limit {
            CreditLimit::NoLimit => home,
            CreditLimit::Amount(limit) => limit.currency(),
        }
    }
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use crate::domain::code::assert_complete;
    use crate::domain::samples::{customer_limit, eur, rate};

    use super::*;

    #[test]
    fn origins_have_stable_names() {
        assert_complete::<LimitOrigin>(3);
    }

    #[test]
    fn ex_4_no_limit_and_a_limit_of_nothing_are_opposites() {
        let capacity = |credit_limit| {
            let policy = LimitInForce::on(date(2026, 3, 2), None, credit_limit, Rate::ONE);
            policy.capacity().unwrap()
        };
        assert_eq!(capacity(CreditLimit::NoLimit), None);
        assert_eq!(
            capacity(CreditLimit::Amount(eur("0.00"))),
            Some(eur("0.00"))
        );
    }

    #[test]
    fn ex_4_a_raise_for_a_time_ends_after_its_last_day() {
        let raised = customer_limit("15000.00", Some(date(2026, 3, 31)));
        let usual = CreditLimit::Amount(eur("10000.00"));
        let on = |day| {
            let limit = LimitInForce::on(day, Some(&raised), usual, Rate::ZERO);
            (limit.credit_limit, limit.origin)
        };
        let own = (CreditLimit::Amount(eur("15000.00")), LimitOrigin::Customer);
        assert_eq!(on(date(2026, 3, 31)), own);
        assert_eq!(
            on(date(2026, 4, 1)),
            (usual, LimitOrigin::PolicyAfterExpiry)
        );
        assert_eq!(raised.check(date(2026, 3, 31)), Ok(()));
        let late = LimitError::ValidUntilInThePast(date(2026, 3, 31));
        assert_eq!(raised.check(date(2026, 4, 1)), Err(late));
    }

    #[test]
    fn ex_2_a_tolerance_is_granted_on_top_of_the_limit() {
        let limit = CreditLimit::Amount(eur("250.01"));
        let with = LimitInForce::on(date(2026, 3, 2), None, limit, rate("0.1"));
        assert_eq!(with.capacity(), Ok(Some(eur("275.01"))));
    }
}
