//! Owns what invoicing knows of tenants and customers: the facts that credit announced and that
//! invoices are issued and paid by. Must not own them: credit does, this is its projection.

use calendar::Zone;
use jiff::Timestamp;
use jiff::civil::Date;
use money::Currency;
use serde::{Deserialize, Serialize};

use super::{CustomerId, EarlyPaymentOffer, Terms, Tolerance};

/// What is known of a tenant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tenant {
    /// The zone whose days are the tenant's business days.
    pub zone: Zone,
    /// The currency of its books.
    pub home_currency: Currency,
}

/// What is known of a customer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Customer {
    /// Identity.
    pub customer_id: CustomerId,
    /// The foreign system's own identity, where it has one.
    pub external_id: Option<String>,
    /// The terms granted, by the day from which they hold, rising, one a day.
    pub grants: Vec<Grant>,
}

/// On what terms a customer buys from a day on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Grant {
    /// The first day on which it holds, in the tenant's zone.
    pub valid_from_date: Date,
    /// The policy it is from, for example `credit-policy/standard@3`.
    pub policy_version: String,
    /// When what they buy is due.
    pub terms: Terms,
    /// The discount they are offered; without tiers none.
    pub early_payment_offer: EarlyPaymentOffer,
    /// How far a payment may miss.
    pub tolerance: Tolerance,
}

/// The tolerance that holds for a customer on a day, and the policy it is from.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct GrantedTolerance {
    /// How far a payment may miss.
    pub tolerance: Tolerance,
    /// For example `credit-policy/standard@3`; empty where none is granted.
    pub policy_version: String,
}

impl Tenant {
    /// The business day that an instant falls on.
    #[must_use]
    pub fn day_of(&self, instant: Timestamp) -> Date {
        self.zone.local_date(instant)
    }
}

impl Customer {
    /// The grant that holds on a day: the one with the latest first day not after it.
    #[must_use]
    pub fn grant_on(&self, date: Date) -> Option<&Grant> {
        let holds = |grant: &&Grant| grant.valid_from_date <= date;
        self.grants.iter().rev().find(holds)
    }

    /// The tolerance for money of a day; none before the first grant.
    #[must_use]
    pub fn tolerance_on(&self, receipt_date: Date) -> GrantedTolerance {
        let grant = self.grant_on(receipt_date);
        grant.map_or_else(GrantedTolerance::default, |grant| GrantedTolerance {
            tolerance: grant.tolerance.clone(),
            policy_version: grant.policy_version.clone(),
        })
    }
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use crate::domain::samples::{customer, grant};

    #[test]
    fn the_latest_grant_not_after_the_day_holds() {
        let mut someone = customer(1);
        someone.grants = vec![
            grant(date(2026, 1, 1), "net 30"),
            grant(date(2026, 4, 1), "net 14"),
        ];
        let code_on = |day| someone.grant_on(day).map(|grant| grant.terms.code.as_str());
        assert_eq!(code_on(date(2025, 12, 31)), None);
        assert_eq!(code_on(date(2026, 1, 1)), Some("net 30"));
        assert_eq!(code_on(date(2026, 3, 31)), Some("net 30"));
        assert_eq!(code_on(date(2026, 4, 1)), Some("net 14"));
        assert_eq!(code_on(date(2027, 1, 1)), Some("net 14"));
        assert_eq!(someone.tolerance_on(date(2025, 12, 31)).policy_version, "");
        let granted = someone.tolerance_on(date(2026, 1, 1));
        assert_eq!(granted.policy_version, "credit-policy/standard@1");
    }
}
