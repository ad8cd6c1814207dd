//! Owns the record of an automatic decision: what came out, which rules were asked and what they
//! said, and what was known. Must not hold personal data: no names, no accounts, no texts of
//! payers; references and amounts do.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{DecisionId, Stamp};

/// Why an automatic decision came out as it did.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Decision {
    /// Identity.
    pub decision_id: DecisionId,
    /// What was decided, UPPER_SNAKE.
    pub outcome: String,
    /// The rules in the order in which they were asked.
    pub rules: Vec<RuleResult>,
    /// The version of the rules it was taken by; empty where none applies.
    pub policy_version: String,
    /// What was known, by name, in canonical text.
    pub facts: BTreeMap<String, String>,
    /// When it was taken.
    pub decided_time: Timestamp,
}

/// What one rule said.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RuleResult {
    /// The rule, for example `CA-1.2`.
    pub rule_id: String,
    /// Whether it spoke for the outcome.
    pub passed: bool,
    /// One sentence for a person.
    pub explanation: String,
}

impl RuleResult {
    /// What a rule said.
    pub fn new(rule_id: &str, passed: bool, explanation: impl Into<String>) -> Self {
        Self {
            rule_id: rule_id.to_owned(),
            passed,
            explanation: explanation.into(),
        }
    }
}

impl Decision {
    /// A decision taken at the stamp's instant.
    pub fn new(
        outcome: &str,
        rules: Vec<RuleResult>,
        facts: BTreeMap<String, String>,
        stamp: &mut Stamp<'_>,
    ) -> Self {
        Self {
            decision_id: DecisionId(stamp.id()),
            outcome: outcome.to_owned(),
            rules,
            policy_version: String::new(),
            facts,
            decided_time: stamp.time,
        }
    }

    /// The same, taken by a version of stated rules.
    #[must_use]
    pub fn under(mut self, policy_version: &str) -> Self {
        policy_version.clone_into(&mut self.policy_version);
        self
    }
}
