//! Owns the explanation of an automatic decision: what came out, which rules led there and what was
//! known, enough to explain it to a person and to take it again. Must not hold personal data.

use std::collections::BTreeMap;
use std::fmt::Display;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{Coded, CreditHoldId, CustomerId, DecisionId, ReservationId, Stamp};

/// Why an automatic decision came out as it did; stored, and read again later.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Decision {
    /// Identity.
    pub decision_id: DecisionId,
    /// What was decided, UPPER_SNAKE.
    pub outcome: String,
    /// The rules that led there, in the order in which they were asked.
    pub rules: Vec<RuleResult>,
    /// The policy under which it was taken; empty where none applies.
    pub policy_version: String,
    /// What was known, by name: amounts as `100.00 EUR`, dates as `2026-03-31`.
    pub facts: BTreeMap<String, String>,
    /// When it was taken, by the business clock.
    pub decided_time: Timestamp,
}

/// What one rule said.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RuleResult {
    /// Identity of the rule, such as `ED-8`.
    pub rule_id: String,
    /// Whether the rule spoke for the outcome.
    pub passed: bool,
    /// One sentence for a person.
    pub explanation: String,
}

/// A decision about a customer, as it is stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CreditDecision {
    /// The decision.
    pub decision: Decision,
    /// What was decided about.
    pub kind: CreditDecisionKind,
    /// The customer.
    pub customer_id: CustomerId,
    /// The order that was checked; empty unless one was.
    pub order_reference: String,
    /// What came of it.
    pub effect: Option<DecisionEffect>,
}

/// What was decided about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum CreditDecisionKind {
    /// Whether an order gets credit.
    Check,
    /// That a hold is placed by facts.
    HoldPlaced,
    /// That a hold by facts is released.
    HoldReleased,
}

impl Coded for CreditDecisionKind {
    const CODES: &'static [(Self, &'static str)] = &[
        (Self::Check, "CHECK"),
        (Self::HoldPlaced, "HOLD_PLACED"),
        (Self::HoldReleased, "HOLD_RELEASED"),
    ];
}

/// What came of a decision.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DecisionEffect {
    /// The reservation it granted.
    Reservation(ReservationId),
    /// The hold it placed or released.
    Hold(CreditHoldId),
}

/// The reasons of a decision while it is being taken.
#[derive(Debug, Default)]
pub(super) struct Reasons {
    rules: Vec<RuleResult>,
    facts: BTreeMap<String, String>,
}

impl Reasons {
    /// Notes what a rule said.
    pub fn rule(&mut self, rule_id: &str, passed: bool, explanation: String) {
        self.rules.push(RuleResult {
            rule_id: rule_id.to_owned(),
            passed,
            explanation,
        });
    }

    /// Notes a fact.
    pub fn fact(&mut self, name: &str, value: impl Display) {
        self.facts.insert(name.to_owned(), value.to_string());
    }

    /// The decision they led to.
    pub fn decide(self, outcome: &str, policy_version: &str, stamp: &mut Stamp) -> Decision {
        Decision {
            decision_id: DecisionId(stamp.id()),
            outcome: outcome.to_owned(),
            rules: self.rules,
            policy_version: policy_version.to_owned(),
            facts: self.facts,
            decided_time: stamp.time,
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::domain::code::assert_complete;

    use super::*;

    #[test]
    fn kinds_have_stable_names() {
        assert_complete::<CreditDecisionKind>(3);
    }
}
