//! Decisions.

use contracts::common;
use contracts::convert::instant_to_wire;

use crate::domain::decision::{Decision, RuleResult};

/// A decision for the wire.
#[must_use]
pub fn decision_to_wire(decision: &Decision) -> common::Decision {
    let rule = |rule: &RuleResult| common::RuleResult {
        rule_id: rule.rule_id.clone(),
        passed: rule.passed,
        explanation: rule.explanation.clone(),
    };
    common::Decision {
        decision_id: decision.decision_id.to_string(),
        outcome: decision.outcome.clone(),
        rules: decision.rules.iter().map(rule).collect(),
        policy_version: decision.policy_version.clone(),
        facts: decision.facts.clone(),
        decided_time: Some(instant_to_wire(decision.decided_time)),
    }
}
