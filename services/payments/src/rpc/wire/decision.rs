//! Decisions and refusals of single items.

use contracts::common;
use contracts::convert::instant_to_wire;

use crate::domain::{Decision, ItemRefusal, RuleResult};

/// A decision for the wire.
#[must_use]
pub fn decision_to_wire(decision: &Decision) -> common::Decision {
    let rule = |rule: &RuleResult| common::RuleResult {
        rule_id: rule.rule_id.clone(),
        passed: rule.passed,
        explanation: rule.explanation.clone(),
    };
    common::Decision {
        decision_id: decision.decision_id.0.to_string(),
        outcome: decision.outcome.clone(),
        rules: decision.rules.iter().map(rule).collect(),
        policy_version: decision.policy_version.clone(),
        facts: decision.facts.clone(),
        decided_time: Some(instant_to_wire(decision.decided_time)),
    }
}

/// A refusal for the wire.
#[must_use]
pub fn refusal_to_wire(refusal: &ItemRefusal) -> common::ItemRefusal {
    common::ItemRefusal {
        code: refusal.code,
        reason: refusal.reason.clone(),
        message: refusal.message.clone(),
        metadata: refusal.metadata.clone(),
    }
}

/// A refusal as invoicing answered it.
#[must_use]
pub fn refusal_from_wire(refusal: common::ItemRefusal) -> ItemRefusal {
    ItemRefusal {
        code: refusal.code,
        reason: refusal.reason,
        message: refusal.message,
        metadata: refusal.metadata,
    }
}
