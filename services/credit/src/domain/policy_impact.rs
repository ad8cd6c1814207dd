//! Owns what a version of a policy would change if it were in force now, counted customer by
//! customer. Must not change anything.

use jiff::civil::Date;
use money::{Money, MoneyError};

use super::{CreditHold, CreditHoldKind, CustomerLimit, HoldFacts, LimitInForce, SegmentPolicy};

/// What would change.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct PolicyImpact {
    /// Customers that come under the policy.
    pub customer_count: i32,
    /// Those whose terms, offer, tolerance or fees change.
    pub terms_changed_count: i32,
    /// Those whose limit changes.
    pub limit_changed_count: i32,
    /// Those that would be held and are not.
    pub newly_held_count: i32,
    /// Those that are held by facts and would not be.
    pub no_longer_held_count: i32,
}

/// What is known of a customer.
#[derive(Debug, Clone, Copy)]
pub struct CustomerFacts<'a> {
    /// The limit that was set for them.
    pub own_limit: Option<&'a CustomerLimit>,
    /// What they use of the limit that would be in force, in its currency.
    pub exposure: Money,
    /// The earliest due date of anything open.
    pub oldest_due_date: Option<Date>,
    /// Their holds that are not released.
    pub holds: &'a [CreditHold],
}

impl PolicyImpact {
    /// Counts one customer; `before` is the entry in force, `after` the one that would be.
    ///
    /// # Errors
    /// [`MoneyError::Overflow`] of a limit with its tolerance.
    pub fn count(
        &mut self,
        before: Option<&SegmentPolicy>,
        after: &SegmentPolicy,
        customer: CustomerFacts<'_>,
        today: Date,
    ) -> Result<(), MoneyError> {
        let limit = |entry: &SegmentPolicy| limit_under(entry, customer.own_limit, today);
        let same_terms = before.is_some_and(|before| same_terms(before, after));
        let limit_before = before.map(|before| limit(before).credit_limit);
        let limit_after = limit(after);
        let speaks = facts_under(after, limit_after, customer)?
            .iter()
            .any(|facts| facts.speak(today));
        let standing = |hold: &&CreditHold| hold.stands();
        let by_hand = |hold: &CreditHold| hold.kind == CreditHoldKind::Manual;
        let mut holds = customer.holds.iter().filter(standing);
        let held = holds.clone().next().is_some();
        let held_by_hand = holds.clone().any(by_hand);
        let held_by_facts = holds.any(|hold| !by_hand(hold));
        add(&mut self.customer_count, true);
        add(&mut self.terms_changed_count, !same_terms);
        let same_limit = limit_before == Some(limit_after.credit_limit);
        add(&mut self.limit_changed_count, !same_limit);
        add(&mut self.newly_held_count, speaks && !held);
        let free = held_by_facts && !speaks && !held_by_hand;
        add(&mut self.no_longer_held_count, free);
        Ok(())
    }
}

fn add(count: &mut i32, counts: bool) {
    *count = count.saturating_add(i32::from(counts));
}

fn same_terms(before: &SegmentPolicy, after: &SegmentPolicy) -> bool {
    before.terms == after.terms
        && before.early_payment_offer == after.early_payment_offer
        && before.tolerance == after.tolerance
        && before.late_fee_rule == after.late_fee_rule
}

fn limit_under(entry: &SegmentPolicy, own: Option<&CustomerLimit>, today: Date) -> LimitInForce {
    LimitInForce::on(today, own, entry.credit_limit, entry.limit_tolerance_ratio)
}

fn facts_under(
    entry: &SegmentPolicy,
    limit: LimitInForce,
    customer: CustomerFacts<'_>,
) -> Result<[HoldFacts; 2], MoneyError> {
    let capacity = limit.capacity()?;
    let overdue = HoldFacts::Overdue {
        oldest_due_date: customer.oldest_due_date,
        hold_days: entry.overdue_hold_days,
    };
    let over_limit = HoldFacts::Limit {
        exposure: customer.exposure,
        capacity: capacity.filter(|_| entry.hold_over_limit),
    };
    Ok([overdue, over_limit])
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use crate::domain::CreditLimit;
    use crate::domain::samples::{eur, manual_hold, segment_policy};

    use super::*;

    const TODAY: Date = date(2026, 3, 2);

    fn impact(exposure: &str, holds: &[CreditHold], limit_after: &str) -> PolicyImpact {
        let before = segment_policy(CreditLimit::Amount(eur("1000.00")));
        let mut after = segment_policy(CreditLimit::Amount(eur(limit_after)));
        after.terms.code = "net14".to_owned();
        let facts = CustomerFacts {
            own_limit: None,
            exposure: eur(exposure),
            oldest_due_date: None,
            holds,
        };
        let mut impact = PolicyImpact::default();
        impact.count(Some(&before), &after, facts, TODAY).unwrap();
        impact
    }

    #[test]
    fn a_lower_limit_holds_whom_it_no_longer_covers() {
        let lower = impact("600.00", &[], "500.00");
        assert_eq!((lower.customer_count, lower.limit_changed_count), (1, 1));
        assert_eq!((lower.terms_changed_count, lower.newly_held_count), (1, 1));
        let same = impact("600.00", &[], "1000.00");
        assert_eq!((same.limit_changed_count, same.newly_held_count), (0, 0));
    }

    #[test]
    fn a_higher_limit_frees_whom_facts_hold_and_nobody_held_by_hand() {
        let mut by_facts = manual_hold(None);
        by_facts.kind = CreditHoldKind::OverLimit;
        let freed = impact("1200.00", &[by_facts.clone()], "2000.00");
        assert_eq!((freed.no_longer_held_count, freed.newly_held_count), (1, 0));
        let both = impact("1200.00", &[by_facts, manual_hold(None)], "2000.00");
        assert_eq!(both.no_longer_held_count, 0);
    }

    #[test]
    fn a_first_version_changes_everything_for_everybody() {
        let after = segment_policy(CreditLimit::NoLimit);
        let facts = CustomerFacts {
            own_limit: None,
            exposure: eur("0.00"),
            oldest_due_date: None,
            holds: &[],
        };
        let mut impact = PolicyImpact::default();
        impact.count(None, &after, facts, TODAY).unwrap();
        assert_eq!(
            (impact.terms_changed_count, impact.limit_changed_count),
            (1, 1)
        );
    }
}
