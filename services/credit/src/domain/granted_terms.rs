//! Owns on what terms a customer buys from which day: a policy's entry for them, worked out once,
//! here, for everybody. Must not turn terms into dates: invoicing does.

use jiff::civil::Date;

use super::{CreditPolicy, EarlyPaymentOffer, LateFeeRule, PolicyCode, Segment, Terms, Tolerance};

/// On what terms a customer buys from a day on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GrantedTerms {
    /// The policy.
    pub policy_code: PolicyCode,
    /// Its version.
    pub policy_version: i32,
    /// The segment whose entry was taken; `None`: the one for all others.
    pub segment: Option<Segment>,
    /// The first day on which they hold, in the tenant's zone.
    pub valid_from_date: Date,
    /// When what they buy is due.
    pub terms: Terms,
    /// The discount they are offered for paying early.
    pub early_payment_offer: Option<EarlyPaymentOffer>,
    /// How far a payment may miss.
    pub tolerance: Option<Tolerance>,
    /// What being late costs them.
    pub late_fee_rule: Option<LateFeeRule>,
}

/// The version that is in force on a day: the one with the latest first day not after it.
#[must_use]
pub fn in_force_on(versions: &[CreditPolicy], day: Date) -> Option<&CreditPolicy> {
    let begun = versions
        .iter()
        .filter(|policy| policy.valid_from_date <= day);
    begun.max_by_key(|policy| policy.valid_from_date)
}

/// The terms that a customer of a segment buys on today.
#[must_use]
pub fn granted_on(
    versions: &[CreditPolicy],
    segment: Option<&Segment>,
    today: Date,
) -> Option<GrantedTerms> {
    let policy = in_force_on(versions, today)?;
    Some(policy.grant(segment, Date::MIN))
}

/// What a customer who is new today is granted: by the version in force, from its own first day on,
/// so that what is brought in from before has terms too, and by the versions to come.
#[must_use]
pub fn grants_of_new(
    versions: &[CreditPolicy],
    segment: Option<&Segment>,
    today: Date,
) -> Vec<GrantedTerms> {
    grants(versions, segment, today, Date::MIN)
}

/// What a customer is granted who comes under another policy or segment today: from today on; what
/// was issued before stays as it is.
#[must_use]
pub fn grants_of_changed(
    versions: &[CreditPolicy],
    segment: Option<&Segment>,
    today: Date,
) -> Vec<GrantedTerms> {
    grants(versions, segment, today, today)
}

fn grants(
    versions: &[CreditPolicy],
    segment: Option<&Segment>,
    today: Date,
    earliest: Date,
) -> Vec<GrantedTerms> {
    let mut coming: Vec<&CreditPolicy> = versions
        .iter()
        .filter(|policy| policy.valid_from_date > today)
        .collect();
    coming.sort_by_key(|policy| policy.valid_from_date);
    in_force_on(versions, today)
        .into_iter()
        .chain(coming)
        .map(|policy| policy.grant(segment, earliest))
        .collect()
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use crate::domain::samples::policy;

    use super::*;

    fn versions() -> Vec<CreditPolicy> {
        vec![
            policy(1, "2026-01-01"),
            policy(2, "2026-03-01"),
            policy(3, "2026-04-01"),
        ]
    }

    fn days(grants: &[GrantedTerms]) -> Vec<(i32, String)> {
        let day = |grant: &GrantedTerms| (grant.policy_version, grant.valid_from_date.to_string());
        grants.iter().map(day).collect()
    }

    #[test]
    fn the_version_with_the_latest_day_not_after_a_date_is_in_force() {
        let versions = versions();
        let on = |day| in_force_on(&versions, day).map(|policy| policy.version);
        assert_eq!(on(date(2025, 12, 31)), None);
        assert_eq!(on(date(2026, 1, 1)), Some(1));
        assert_eq!(on(date(2026, 2, 28)), Some(1));
        assert_eq!(on(date(2026, 3, 1)), Some(2));
        assert_eq!(on(date(2027, 1, 1)), Some(3));
    }

    #[test]
    fn somebody_new_gets_the_version_in_force_from_its_day_and_those_to_come() {
        let grants = grants_of_new(&versions(), None, date(2026, 3, 15));
        let expected = [(2, "2026-03-01"), (3, "2026-04-01")];
        assert_eq!(
            days(&grants),
            expected.map(|(version, day)| (version, day.to_owned()))
        );
        assert!(grants_of_new(&[], None, date(2026, 3, 15)).is_empty());
    }

    #[test]
    fn a_change_holds_from_its_day_and_not_before() {
        let grants = grants_of_changed(&versions(), None, date(2026, 3, 15));
        let expected = [(2, "2026-03-15"), (3, "2026-04-01")];
        assert_eq!(
            days(&grants),
            expected.map(|(version, day)| (version, day.to_owned()))
        );
    }
}
