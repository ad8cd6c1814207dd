//! Owns the explanation of an automatic decision: the rules that were asked, the facts that were
//! known, and the outcome, in words that can be stored and shown. Must not decide anything, and
//! must not take in personal data: explanations are read by everybody.

use std::collections::BTreeMap;
use std::fmt;

use calendar::Timestamp;
use serde::{Deserialize, Serialize};

use super::identity::DecisionId;

/// Why something came out as it did, complete enough to explain it and to take it again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Decision {
    /// Identity under which it is stored.
    pub decision_id: DecisionId,
    /// What was decided, UPPER_SNAKE, stable.
    pub outcome: String,
    /// The rules, in the order in which they were asked.
    pub rules: Vec<RuleResult>,
    /// The policy or agreement it was taken under; empty where none applies.
    pub policy_version: String,
    /// What was known, by name, in canonical text.
    pub facts: BTreeMap<String, String>,
    /// When it was taken, by the business clock.
    pub decided_time: Timestamp,
}

/// What one rule said.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RuleResult {
    /// Identity of the rule: the code in the policy, or the rule of the trade.
    pub rule_id: String,
    /// Whether it spoke for the outcome.
    pub passed: bool,
    /// One sentence for a person.
    pub explanation: String,
}

/// Identity and instant of a decision to be taken: the domain makes neither.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Stamp {
    /// Identity of the decision.
    pub decision_id: DecisionId,
    /// Now, by the business clock.
    pub decided_time: Timestamp,
}

/// Rules and facts collected on the way to a decision.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Reasoning {
    rules: Vec<RuleResult>,
    facts: BTreeMap<String, String>,
}

impl Reasoning {
    /// Nothing asked yet.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Notes what a rule said.
    pub fn rule(&mut self, rule_id: impl Into<String>, passed: bool, why: impl Into<String>) {
        self.rules.push(RuleResult {
            rule_id: rule_id.into(),
            passed,
            explanation: why.into(),
        });
    }

    /// Notes what was known; the later word of the same name stands.
    pub fn fact(&mut self, name: &str, value: impl fmt::Display) {
        self.facts.insert(name.to_owned(), value.to_string());
    }

    /// Notes what was known, where it was.
    pub fn fact_if_known(&mut self, name: &str, value: Option<impl fmt::Display>) {
        if let Some(value) = value {
            self.fact(name, value);
        }
    }

    /// The decision that all of it led to.
    #[must_use]
    pub fn conclude(self, stamp: Stamp, policy_version: &str, outcome: &str) -> Decision {
        Decision {
            decision_id: stamp.decision_id,
            outcome: outcome.to_owned(),
            rules: self.rules,
            policy_version: policy_version.to_owned(),
            facts: self.facts,
            decided_time: stamp.decided_time,
        }
    }
}
