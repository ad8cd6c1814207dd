//! Owns the record of why an automatic decision came out as it did: which rules were asked, what
//! each said, and what was known. Must not decide anything, and must not hold personal data: names,
//! addresses and notes stay out of explanations and facts.

use std::collections::BTreeMap;
use std::fmt::Display;

use calendar::Timestamp;
use serde::{Deserialize, Serialize};

/// What one rule said.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RuleResult {
    /// Identity of the rule, stable: `CC-2`.
    pub rule_id: String,
    /// Whether it spoke for going on.
    pub passed: bool,
    /// One sentence for a person.
    pub explanation: String,
}

/// A decision with everything needed to explain it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Decision {
    /// What was decided, UPPER_SNAKE.
    pub outcome: String,
    /// The rules, in the order in which they were asked.
    pub rules: Vec<RuleResult>,
    /// Under which strategy or policy: `strategy/standard@3`; empty where none applies.
    pub policy_version: String,
    /// What was known, by name, in canonical text.
    pub facts: BTreeMap<String, String>,
    /// When, by the business clock.
    pub decided_time: Timestamp,
}

/// Rules and facts while a decision is being made.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Findings {
    rules: Vec<RuleResult>,
    facts: BTreeMap<String, String>,
}

impl Findings {
    /// Nothing found yet.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds what a rule said.
    pub fn rule(&mut self, rule_id: &str, passed: bool, explanation: impl Into<String>) {
        self.rules.push(RuleResult {
            rule_id: rule_id.to_owned(),
            passed,
            explanation: explanation.into(),
        });
    }

    /// Adds a fact; a later one of the same name takes its place.
    pub fn fact(&mut self, name: &str, value: impl Display) {
        self.facts.insert(name.to_owned(), value.to_string());
    }

    /// Adds what another question found.
    pub fn extend(&mut self, other: Self) {
        self.rules.extend(other.rules);
        self.facts.extend(other.facts);
    }

    /// The rules asked so far.
    #[must_use]
    pub fn rules(&self) -> &[RuleResult] {
        &self.rules
    }

    /// The decision that these findings led to.
    #[must_use]
    pub fn conclude(
        self,
        outcome: impl Display,
        policy_version: &str,
        decided_time: Timestamp,
    ) -> Decision {
        Decision {
            outcome: outcome.to_string(),
            rules: self.rules,
            policy_version: policy_version.to_owned(),
            facts: self.facts,
            decided_time,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn findings_keep_their_order_and_the_latest_fact() {
        let mut contact = Findings::new();
        contact.rule("CC-2", false, "outside the permitted hours");
        contact.fact("zone", "Europe/Berlin");
        let mut found = Findings::new();
        found.rule("DU-9", true, "level 2 is due");
        found.fact("zone", "unknown");
        found.extend(contact);
        let decision = found.conclude("POSTPONED", "strategy/standard@3", Timestamp::UNIX_EPOCH);
        let ids: Vec<&str> = decision
            .rules
            .iter()
            .map(|rule| rule.rule_id.as_str())
            .collect();
        assert_eq!(ids, ["DU-9", "CC-2"]);
        assert_eq!(decision.facts["zone"], "Europe/Berlin");
    }
}
