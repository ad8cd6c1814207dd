//! Decisions.

use contracts::convert::instant_to_wire;
use contracts::credit::credit_decision::Effect;
use contracts::{common, credit as wire};
use runtime::{Refusal, Violations};

use super::field;
use crate::domain::{
    CreditDecision, CreditDecisionKind, CustomerId, Decision, DecisionEffect, RuleResult,
};
use crate::store::credit_decision::Filter;

/// What narrows a listing.
///
/// # Errors
/// INVALID_ARGUMENT with the fields at fault.
pub fn filter_from_wire(request: &wire::ListCreditDecisionsRequest) -> Result<Filter, Refusal> {
    let mut violations = Violations::new();
    let customer_id = request.customer_id.as_deref();
    let customer_id = customer_id.and_then(|id| field::id(&mut violations, "customer_id", id));
    let kind = match request.kind {
        Some(_) => violations.required("kind", kind_from_wire(request.kind())),
        None => None,
    };
    let from = request.from_time.as_ref();
    let from_time = field::optional_instant(&mut violations, "from_time", from);
    let to_time = field::optional_instant(&mut violations, "to_time", request.to_time.as_ref());
    violations.finish()?;
    Ok(Filter {
        customer_id: customer_id.map(CustomerId),
        kind,
        from_time: from_time.flatten(),
        to_time: to_time.flatten(),
    })
}

const fn kind_from_wire(kind: wire::CreditDecisionKind) -> Option<CreditDecisionKind> {
    match kind {
        wire::CreditDecisionKind::Unspecified => None,
        wire::CreditDecisionKind::Check => Some(CreditDecisionKind::Check),
        wire::CreditDecisionKind::HoldPlaced => Some(CreditDecisionKind::HoldPlaced),
        wire::CreditDecisionKind::HoldReleased => Some(CreditDecisionKind::HoldReleased),
    }
}

/// A stored decision for the wire.
#[must_use]
pub fn credit_decision_to_wire(decision: &CreditDecision) -> wire::CreditDecision {
    let kind = match decision.kind {
        CreditDecisionKind::Check => wire::CreditDecisionKind::Check,
        CreditDecisionKind::HoldPlaced => wire::CreditDecisionKind::HoldPlaced,
        CreditDecisionKind::HoldReleased => wire::CreditDecisionKind::HoldReleased,
    };
    wire::CreditDecision {
        decision: Some(decision_to_wire(&decision.decision)),
        kind: kind.into(),
        customer_id: decision.customer_id.0.to_string(),
        order_reference: decision.order_reference.clone(),
        effect: decision.effect.map(|effect| match effect {
            DecisionEffect::Reservation(id) => Effect::ReservationId(id.0.to_string()),
            DecisionEffect::Hold(id) => Effect::CreditHoldId(id.0.to_string()),
        }),
    }
}

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
