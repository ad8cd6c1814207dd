//! Refusals about strategies.

use runtime::{FieldViolation, Refusal};

use crate::domain::strategy::{Fault, StrategyError};

/// The tenant has a strategy of this code.
pub fn code_taken(code: impl ToString) -> Refusal {
    Refusal::already_exists("STRATEGY_CODE_TAKEN", "strategy", code.to_string())
}

/// There is no such strategy.
pub fn not_found(key: impl ToString) -> Refusal {
    Refusal::not_found("STRATEGY_NOT_FOUND", "strategy", key.to_string())
}

/// There is no such version, or no such strategy.
pub fn version_not_found(strategy_id: impl ToString, version: i32) -> Refusal {
    let name = format!("{}@{version}", strategy_id.to_string());
    Refusal::not_found("STRATEGY_VERSION_NOT_FOUND", "strategy version", name)
}

/// A version was not written or not put in force.
pub fn refused(error: &StrategyError) -> Refusal {
    let text = error.to_string();
    match error {
        StrategyError::Invalid(faults) => invalid(faults),
        StrategyError::VersionActive => {
            Refusal::rule("STRATEGY_VERSION_ACTIVE", "STATE", "strategy version", text)
        }
        StrategyError::SegmentTaken {
            strategy_code,
            segment,
        } => {
            let segment = segment.as_deref().unwrap_or_default();
            let subject = format!("segment/{segment}");
            Refusal::rule("SEGMENT_TAKEN", "SEGMENT", subject, text)
                .with_metadata("strategy_code", strategy_code)
                .with_metadata("segment", segment)
        }
        StrategyError::TemplateNotActive {
            step_code,
            template_code,
        } => {
            let subject = format!("template/{template_code}");
            Refusal::rule("TEMPLATE_NOT_ACTIVE", "TEMPLATE", subject, text)
                .with_metadata("step_code", step_code)
                .with_metadata("template_code", template_code)
        }
    }
}

/// The definition contradicts itself.
fn invalid(faults: &[Fault]) -> Refusal {
    let violation =
        |fault: &Fault| FieldViolation::new(format!("definition.{}", fault.field), fault.problem);
    let told = faults.iter().take(super::TOLD).map(violation);
    Refusal::invalid("STRATEGY_INVALID", told.collect())
}
