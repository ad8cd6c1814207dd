//! Owns what payments knows of customers: the facts that credit announced and that payers are
//! recognised by. Must not own them: credit does, this is its projection.

use jiff::civil::Date;

use super::{CustomerId, Tolerance, ToleranceGrant};

/// What is known of a customer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KnownCustomer {
    /// Identity.
    pub customer_id: CustomerId,
    /// The foreign system's own identity, where it has one.
    pub external_id: Option<String>,
    /// Name. Personal data.
    pub display_name: String,
    /// The customer they belong to, who may pay for them.
    pub parent_customer_id: Option<CustomerId>,
    /// The tolerances granted, by the day from which they hold, rising, one a day.
    pub tolerances: Vec<ToleranceGrant>,
}

impl KnownCustomer {
    /// The tolerance that holds on a day: of the latest grant not after it.
    #[must_use]
    pub fn tolerance_on(&self, date: Date) -> Option<&Tolerance> {
        let holds = |grant: &&ToleranceGrant| grant.valid_from_date <= date;
        let grant = self.tolerances.iter().rev().find(holds);
        grant.map(|grant| &grant.tolerance)
    }
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;
    use crate::domain::samples::{known_customer, tolerance};

    #[test]
    fn the_latest_grant_not_after_the_day_holds() {
        let mut someone = known_customer(1, "Acme");
        let grant = |valid_from_date, maximum| ToleranceGrant {
            valid_from_date,
            tolerance: tolerance("0.01", maximum, 0),
        };
        someone.tolerances = vec![
            grant(date(2026, 1, 1), "1.00"),
            grant(date(2026, 4, 1), "2.00"),
        ];
        let on = |day| someone.tolerance_on(day).cloned();
        assert_eq!(on(date(2025, 12, 31)), None);
        assert_eq!(on(date(2026, 3, 31)), Some(tolerance("0.01", "1.00", 0)));
        assert_eq!(on(date(2026, 4, 1)), Some(tolerance("0.01", "2.00", 0)));
    }
}
