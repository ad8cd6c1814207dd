//! Strategies and what their versions say.

use contracts::convert::money_to_wire;
use contracts::reminders as wire;

use crate::domain::code::Code;
use crate::domain::strategy::{Step, StepTrigger, StrategyDefinition};
use crate::rpc::wire::debtor::{channel_to_wire, kind_to_wire};
use crate::rpc::wire::promise::ratio_to_wire;

/// What a version says.
#[must_use]
pub fn definition_to_wire(definition: &StrategyDefinition) -> wire::StrategyDefinition {
    let terms = &definition.promise_terms;
    wire::StrategyDefinition {
        segments: definition.segments.iter().cloned().collect(),
        step_trigger: trigger_to_wire(definition.step_trigger).into(),
        steps: definition.steps.iter().map(step_to_wire).collect(),
        promise_terms: Some(wire::PromiseTerms {
            grace_days: terms.grace_days,
            tolerance_ratio: Some(ratio_to_wire(terms.tolerance)),
            max_days_ahead: terms.max_days_ahead,
            escalate_when_broken: terms.escalate_when_broken,
        }),
    }
}

const fn trigger_to_wire(trigger: StepTrigger) -> wire::StepTrigger {
    match trigger {
        StepTrigger::Timer => wire::StepTrigger::Timer,
        StepTrigger::DunningRun => wire::StepTrigger::DunningRun,
    }
}

fn step_to_wire(step: &Step) -> wire::Step {
    let condition = &step.condition;
    let kinds = condition.debtor_kinds.iter();
    wire::Step {
        step_code: step.step_code.to_string(),
        offset_days: step.offset_days,
        channel: channel_to_wire(step.channel).into(),
        template_code: step
            .template_code
            .as_ref()
            .map(Code::to_string)
            .unwrap_or_default(),
        condition: Some(wire::StepCondition {
            debtor_kinds: kinds.map(|kind| kind_to_wire(*kind).into()).collect(),
            country_codes: condition.country_codes.iter().cloned().collect(),
            needs_previous_step: condition.needs_previous_step,
            min_days_since_last_message: condition.min_days_since_last_message,
        }),
        minimum_amounts: step
            .minimum_amounts
            .iter()
            .copied()
            .map(money_to_wire)
            .collect(),
    }
}
