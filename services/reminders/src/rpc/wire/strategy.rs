//! Strategies and what their versions say.

use std::collections::BTreeSet;

use contracts::convert::{instant_to_wire, money_from_wire, money_to_wire};
use contracts::reminders as wire;
use money::{Money, Rate};
use runtime::Violations;

use super::field;
use crate::domain::code::Code;
use crate::domain::strategy::{
    PromiseTerms, Step, StepCondition, StepTrigger, Strategy, StrategyDefinition, StrategyImpact,
    StrategyVersion, StrategyVersionState,
};
use crate::rpc::wire::debtor::{channel_from_wire, channel_to_wire, kind_from_wire, kind_to_wire};
use crate::rpc::wire::promise::ratio_to_wire;

/// The most steps that are read, and one more, of which the domain says that it is too many.
const STEPS_READ: usize = 51;

/// The most segments of a strategy, or of what asks for some.
pub const MOST_SEGMENTS: usize = 500;

/// What a version shall say; limits and contradictions are the domain's.
pub fn definition_from_wire(
    violations: &mut Violations,
    definition: Option<&wire::StrategyDefinition>,
) -> Option<StrategyDefinition> {
    let definition = violations.required("definition", definition)?;
    violations.within("definition", |violations| {
        let segments = segments_from_wire(violations, &definition.segments);
        let trigger = trigger_from_wire(definition.step_trigger());
        let trigger = violations.required("step_trigger", trigger);
        let steps = definition.steps.iter().take(STEPS_READ).enumerate();
        let steps: Vec<Option<Step>> = steps
            .map(|(place, step)| {
                violations.within(format!("steps[{place}]"), |violations| {
                    step_from_wire(violations, step)
                })
            })
            .collect();
        let terms = violations.required("promise_terms", definition.promise_terms.as_ref());
        let terms = terms.and_then(|terms| {
            violations.within("promise_terms", |violations| {
                terms_from_wire(violations, terms)
            })
        });
        Some(StrategyDefinition {
            segments: segments?,
            step_trigger: trigger?,
            steps: steps.into_iter().collect::<Option<_>>()?,
            promise_terms: terms?,
        })
    })
}

fn segments_from_wire(violations: &mut Violations, names: &[String]) -> Option<BTreeSet<String>> {
    let few = names.len() <= MOST_SEGMENTS;
    violations.check(few, "segments", "has more than 500");
    let mut segments = BTreeSet::new();
    for (place, name) in names.iter().take(MOST_SEGMENTS).enumerate() {
        let path = format!("segments[{place}]");
        let name = field::text(violations, &path, name, field::SEGMENT_CHARS)?;
        let once = segments.insert(name);
        violations.check(once, path, "is named twice");
    }
    few.then_some(segments)
}

fn step_from_wire(violations: &mut Violations, step: &wire::Step) -> Option<Step> {
    let code = field::typed(violations, "step_code", &step.step_code, str::parse::<Code>);
    let channel = violations.required("channel", channel_from_wire(step.channel()));
    let template = &step.template_code;
    let template = field::optional_typed(violations, "template_code", template, str::parse);
    let condition = match &step.condition {
        None => Some(StepCondition::default()),
        Some(condition) => violations.within("condition", |violations| {
            condition_from_wire(violations, condition)
        }),
    };
    let minimums: Vec<Option<Money>> = step
        .minimum_amounts
        .iter()
        .enumerate()
        .map(|(place, amount)| {
            let path = format!("minimum_amounts[{place}]");
            violations.parsed(path, money_from_wire(amount))
        })
        .collect();
    Some(Step {
        step_code: code?,
        offset_days: step.offset_days,
        channel: channel?,
        template_code: template?,
        condition: condition?,
        minimum_amounts: minimums.into_iter().collect::<Option<_>>()?,
    })
}

fn condition_from_wire(
    violations: &mut Violations,
    condition: &wire::StepCondition,
) -> Option<StepCondition> {
    let kinds = &condition.debtor_kinds;
    let kinds = field::stated_set(violations, "debtor_kinds", kinds, kind_from_wire);
    let mut countries = BTreeSet::new();
    for (place, code) in condition.country_codes.iter().enumerate() {
        let path = format!("country_codes[{place}]");
        let country = field::typed(violations, &path, code, field::country)?;
        let once = countries.insert(country);
        violations.check(once, path, "is named twice");
    }
    Some(StepCondition {
        debtor_kinds: kinds?,
        country_codes: countries,
        needs_previous_step: condition.needs_previous_step,
        min_days_since_last_message: condition.min_days_since_last_message,
    })
}

fn terms_from_wire(
    violations: &mut Violations,
    terms: &wire::PromiseTerms,
) -> Option<PromiseTerms> {
    let tolerance = violations.required("tolerance_ratio", terms.tolerance_ratio.as_ref());
    let tolerance = tolerance
        .and_then(|ratio| violations.parsed("tolerance_ratio", Rate::parse(&ratio.value)))?;
    Some(PromiseTerms {
        grace_days: terms.grace_days,
        tolerance,
        max_days_ahead: terms.max_days_ahead,
        escalate_when_broken: terms.escalate_when_broken,
    })
}

const fn trigger_from_wire(trigger: wire::StepTrigger) -> Option<StepTrigger> {
    match trigger {
        wire::StepTrigger::Unspecified => None,
        wire::StepTrigger::Timer => Some(StepTrigger::Timer),
        wire::StepTrigger::DunningRun => Some(StepTrigger::DunningRun),
    }
}

/// A strategy.
#[must_use]
pub fn strategy_to_wire(strategy: &Strategy) -> wire::Strategy {
    wire::Strategy {
        strategy_id: strategy.strategy_id.to_string(),
        strategy_code: strategy.strategy_code.to_string(),
        display_name: strategy.display_name.clone(),
        active_version: strategy.active_version,
        latest_version: strategy.latest_version,
        created_time: Some(instant_to_wire(strategy.created_time)),
        etag: field::etag(strategy.revision),
    }
}

/// A version of a strategy.
#[must_use]
pub fn version_to_wire(version: &StrategyVersion) -> wire::StrategyVersion {
    let state = match version.state {
        StrategyVersionState::Draft => wire::StrategyVersionState::Draft,
        StrategyVersionState::Active => wire::StrategyVersionState::Active,
        StrategyVersionState::Retired => wire::StrategyVersionState::Retired,
    };
    let (time, by) = version.activated.clone().unzip();
    wire::StrategyVersion {
        strategy_id: version.strategy_id.to_string(),
        strategy_code: version.strategy_code.to_string(),
        version: version.version,
        state: state.into(),
        definition: Some(definition_to_wire(&version.definition)),
        change_note: version.change_note.clone(),
        created_time: Some(instant_to_wire(version.created_time)),
        created_by: version.created_by.clone(),
        activated_time: time.map(instant_to_wire),
        activated_by: by.unwrap_or_default(),
    }
}

/// What an activation changes.
#[must_use]
pub fn impact_to_wire(impact: &StrategyImpact) -> wire::StrategyImpact {
    let count = |count: u32| i32::try_from(count).unwrap_or(i32::MAX);
    let shifts = impact.shifts().into_iter().map(|shift| wire::StepShift {
        from_step: shift.from_step.unwrap_or_default(),
        to_step: shift.to_step.unwrap_or_default(),
        case_count: count(shift.case_count),
    });
    wire::StrategyImpact {
        case_count: count(impact.case_count()),
        changed_case_count: count(impact.changed_case_count()),
        shifts: shifts.collect(),
    }
}

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
