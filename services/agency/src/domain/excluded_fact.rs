//! Owns the facts under which a debt is not placed: those that always forbid it, and those that the
//! policy names. The same question is asked by a proposal run, by a person, and at the last look.
//! Must not know rules: what they ask for is another matter.

use std::collections::BTreeSet;

use money::Money;

use super::debt::{Balance, HoldReason};
use super::named::named;
use super::placement_policy::PolicyInForce;

named! {
    /// A fact under which a debt is not placed.
    pub enum ExcludedFact {
        /// Another placement holds the invoice. Always.
        AlreadyPlaced = "ALREADY_PLACED",
        /// Nothing is owed on it. Always.
        NothingOpen = "NOTHING_OPEN",
        /// A statutory breathing space runs. Always.
        BreathingSpace = "BREATHING_SPACE",
        /// The debtor has died. Always.
        Deceased = "DECEASED",
        /// The invoice, or a part of it, is disputed.
        Dispute = "DISPUTE",
        /// A promise to pay runs.
        Promise = "PROMISE",
        /// A payment plan covers it.
        PaymentPlan = "PAYMENT_PLAN",
        /// A person holds the case or the invoice.
        ManualHold = "MANUAL_HOLD",
        /// The debtor cannot pay without hardship.
        Hardship = "HARDSHIP",
        /// The debt is with lawyers or a court.
        Legal = "LEGAL",
        /// The debtor is insolvent.
        Insolvency = "INSOLVENCY",
        /// The debtor has asked in writing not to be contacted.
        CeaseRequest = "CEASE_REQUEST",
        /// A person must decide first.
        Review = "REVIEW",
        /// The customer's unapplied cash covers what would be placed.
        UnappliedCashCovers = "UNAPPLIED_CASH_COVERS",
    }
}

const ALWAYS: [ExcludedFact; 4] = [
    ExcludedFact::AlreadyPlaced,
    ExcludedFact::NothingOpen,
    ExcludedFact::BreathingSpace,
    ExcludedFact::Deceased,
];

/// The facts that forbid a placement, under one policy.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Exclusions {
    forbidden: BTreeSet<ExcludedFact>,
    policy_version: String,
}

impl Exclusions {
    /// Those that always forbid, and those that the policy in force names. While there is none a
    /// dispute forbids too: what goes to an agency is what is owed and undisputed.
    #[must_use]
    pub fn under(policy: Option<PolicyInForce<'_>>) -> Self {
        let mut forbidden = BTreeSet::from(ALWAYS);
        match policy {
            Some(policy) => forbidden.extend(policy.definition.excluded_facts.iter()),
            None => drop(forbidden.insert(ExcludedFact::Dispute)),
        }
        Self {
            forbidden,
            policy_version: policy.map_or_else(String::new, |policy| policy.name()),
        }
    }

    /// How decisions name the policy; empty while there is none.
    #[must_use]
    pub fn policy_version(&self) -> String {
        self.policy_version.clone()
    }

    /// Which of them hold for an invoice.
    #[must_use]
    pub fn bearing_on(
        &self,
        balance: &Balance,
        holds: Option<&BTreeSet<HoldReason>>,
        placed_elsewhere: bool,
    ) -> BTreeSet<ExcludedFact> {
        let holds = holds.into_iter().flatten();
        let mut facts: BTreeSet<ExcludedFact> = holds.copied().filter_map(fact_of).collect();
        // What cannot be added up is not known to be owed.
        if !balance.open.total().is_ok_and(|open| open.is_positive()) {
            facts.insert(ExcludedFact::NothingOpen);
        }
        if balance.disputed.is_positive() {
            facts.insert(ExcludedFact::Dispute);
        }
        if placed_elsewhere {
            facts.insert(ExcludedFact::AlreadyPlaced);
        }
        facts.intersection(&self.forbidden).copied().collect()
    }

    /// Whether the customer's own money forbids placing `amount`: it covers all of it.
    #[must_use]
    pub fn cash_covers(&self, unapplied: Money, amount: Money) -> bool {
        let covers = unapplied.try_cmp(&amount).is_ok_and(|order| order.is_ge());
        amount.is_positive()
            && covers
            && self.forbidden.contains(&ExcludedFact::UnappliedCashCovers)
    }
}

/// What a hold in reminders tells about the debt.
fn fact_of(hold: HoldReason) -> Option<ExcludedFact> {
    Some(match hold {
        HoldReason::Dispute => ExcludedFact::Dispute,
        HoldReason::Promise => ExcludedFact::Promise,
        HoldReason::PaymentPlan => ExcludedFact::PaymentPlan,
        // Ours, perhaps of this very placement; what is placed stands in our own tables.
        HoldReason::Placement => return None,
        HoldReason::Manual => ExcludedFact::ManualHold,
        HoldReason::Hardship => ExcludedFact::Hardship,
        HoldReason::BreathingSpace => ExcludedFact::BreathingSpace,
        HoldReason::Legal => ExcludedFact::Legal,
        HoldReason::Insolvency => ExcludedFact::Insolvency,
        HoldReason::Deceased => ExcludedFact::Deceased,
        HoldReason::CeaseRequest => ExcludedFact::CeaseRequest,
        HoldReason::Review => ExcludedFact::Review,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::commission_schedule::tests::euro;
    use crate::domain::debt::tests::balance;
    use crate::domain::placement_policy::tests::definition;

    fn under(facts: &[ExcludedFact]) -> Exclusions {
        let mut definition = definition();
        definition.excluded_facts = facts.iter().copied().collect();
        Exclusions::under(Some(PolicyInForce {
            version: 3,
            definition: &definition,
        }))
    }

    fn bearing(exclusions: &Exclusions, holds: &[HoldReason]) -> Vec<ExcludedFact> {
        let holds = holds.iter().copied().collect();
        let facts = exclusions.bearing_on(&balance(1, "10.00"), Some(&holds), false);
        facts.into_iter().collect()
    }

    #[test]
    fn four_facts_forbid_every_placement_named_or_not() {
        let none = under(&[]);
        let always = [HoldReason::BreathingSpace, HoldReason::Deceased];
        assert_eq!(bearing(&none, &always).len(), 2);
        let settled = none.bearing_on(&balance(1, "0.00"), None, true);
        let expected = [ExcludedFact::AlreadyPlaced, ExcludedFact::NothingOpen];
        assert_eq!(settled, BTreeSet::from(expected));
    }

    #[test]
    fn other_facts_forbid_only_where_the_policy_names_them() {
        let holds: Vec<_> = HoldReason::ALL.to_vec();
        assert_eq!(bearing(&under(&[]), &holds).len(), 2);
        let named = under(&[ExcludedFact::Promise, ExcludedFact::ManualHold]);
        assert_eq!(named.policy_version(), "placement-policy@3");
        assert_eq!(bearing(&named, &holds).len(), 4);
        // Every fact but AlreadyPlaced, NothingOpen and the customer's cash comes from a hold.
        assert_eq!(bearing(&under(ExcludedFact::ALL), &holds).len(), 11);
        assert_eq!(
            bearing(&under(ExcludedFact::ALL), &[HoldReason::Placement]),
            []
        );
    }

    #[test]
    fn a_disputed_part_forbids_where_disputes_do_and_without_any_policy() {
        let mut disputed = balance(1, "10.00");
        disputed.disputed = euro("0.01");
        let dispute = BTreeSet::from([ExcludedFact::Dispute]);
        let named = under(&[ExcludedFact::Dispute]);
        assert_eq!(named.bearing_on(&disputed, None, false), dispute);
        let without = Exclusions::under(None);
        assert_eq!(without.bearing_on(&disputed, None, false), dispute);
        assert_eq!(without.policy_version(), "");
        assert!(under(&[]).bearing_on(&disputed, None, false).is_empty());
    }

    #[test]
    fn unapplied_cash_forbids_when_it_covers_all() {
        let named = under(&[ExcludedFact::UnappliedCashCovers]);
        assert!(named.cash_covers(euro("10.00"), euro("10.00")));
        assert!(!named.cash_covers(euro("9.99"), euro("10.00")));
        assert!(!named.cash_covers(euro("0.00"), euro("0.00")));
        assert!(!under(&[]).cash_covers(euro("10.00"), euro("10.00")));
    }
}
