//! Decisions.

use contracts::common;
use contracts::convert::instant_to_wire;
use uuid::Uuid;

use crate::domain::decision::{Decision, RuleResult};

/// A decision; its identity is the stored one's, empty where it is told before it is stored.
#[must_use]
pub fn decision_to_wire(decision: &Decision) -> common::Decision {
    let rule = |rule: &RuleResult| common::RuleResult {
        rule_id: rule.rule_id.clone(),
        passed: rule.passed,
        explanation: rule.explanation.clone(),
    };
    common::Decision {
        decision_id: String::new(),
        outcome: decision.outcome.clone(),
        rules: decision.rules.iter().map(rule).collect(),
        policy_version: decision.policy_version.clone(),
        facts: decision.facts.clone(),
        decided_time: Some(instant_to_wire(decision.decided_time)),
    }
}

/// A stored decision with its identity.
#[must_use]
pub fn stored_to_wire((decision_id, decision): &(Uuid, Decision)) -> common::Decision {
    common::Decision {
        decision_id: decision_id.to_string(),
        ..decision_to_wire(decision)
    }
}
