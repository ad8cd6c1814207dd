//! Dunning runs and what their cases came to.

use contracts::convert::{date_to_wire, instant_to_wire};
use contracts::reminders as wire;
use runtime::Violations;

use super::field;
use crate::domain::code::{Code, Level};
use crate::domain::decision::Decision;
use crate::domain::dunning_run::{
    DunningOutcome, DunningRun, DunningRunCount, DunningRunFilter, DunningRunState,
    DunningRunSummary,
};
use crate::domain::id::{CustomerId, MessageId};
use crate::rpc::wire::debtor::channel_to_wire;
use crate::rpc::wire::decision::stored_to_wire;
use crate::rpc::wire::message::{lines_to_wire, totals_to_wire};
use crate::rpc::wire::strategy::MOST_SEGMENTS;
use crate::store::dunning_run::item::DunningRunItem;

/// Which cases a run looks at; unset: all.
pub fn filter_from_wire(
    violations: &mut Violations,
    filter: Option<&wire::DunningRunFilter>,
) -> Option<DunningRunFilter> {
    let Some(filter) = filter else {
        return Some(DunningRunFilter::default());
    };
    let customers = &filter.customer_ids;
    let customer_ids = field::ids(
        violations,
        "filter.customer_ids",
        customers,
        CustomerId::new,
    );
    let level = u8::try_from(filter.min_level)
        .ok()
        .filter(|level| *level <= 50);
    violations.check(level.is_some(), "filter.min_level", "must be 0 to 50");
    let few = filter.segments.len() <= MOST_SEGMENTS;
    violations.check(few, "filter.segments", "has more than 500");
    for (place, segment) in filter.segments.iter().enumerate().take(MOST_SEGMENTS) {
        let path = format!("filter.segments[{place}]");
        field::filter_text(violations, &path, Some(segment), field::SEGMENT_CHARS);
    }
    Some(DunningRunFilter {
        customer_ids: customer_ids?,
        segments: filter.segments.iter().cloned().collect(),
        min_level: Level::new(level?),
    })
}

/// Where a run stands; none where it is not stated.
#[must_use]
pub const fn state_from_wire(state: wire::DunningRunState) -> Option<DunningRunState> {
    match state {
        wire::DunningRunState::Unspecified => None,
        wire::DunningRunState::Previewing => Some(DunningRunState::Previewing),
        wire::DunningRunState::Previewed => Some(DunningRunState::Previewed),
        wire::DunningRunState::Running => Some(DunningRunState::Running),
        wire::DunningRunState::Completed => Some(DunningRunState::Completed),
    }
}

const fn state_to_wire(state: DunningRunState) -> wire::DunningRunState {
    match state {
        DunningRunState::Previewing => wire::DunningRunState::Previewing,
        DunningRunState::Previewed => wire::DunningRunState::Previewed,
        DunningRunState::Running => wire::DunningRunState::Running,
        DunningRunState::Completed => wire::DunningRunState::Completed,
    }
}

/// A run with what its cases have come to so far.
#[must_use]
pub fn run_to_wire(run: &DunningRun, summary: &DunningRunSummary) -> wire::DunningRun {
    let customers = run.filter.customer_ids.iter().map(ToString::to_string);
    let approved = run.approved.as_ref();
    wire::DunningRun {
        dunning_run_id: run.dunning_run_id.to_string(),
        run_date: Some(date_to_wire(run.run_date)),
        filter: Some(wire::DunningRunFilter {
            customer_ids: customers.collect(),
            segments: run.filter.segments.iter().cloned().collect(),
            min_level: i32::from(run.filter.min_level.number()),
        }),
        state: state_to_wire(run.state).into(),
        case_count: i32::try_from(run.case_count).unwrap_or(i32::MAX),
        judged_count: i32::try_from(summary.judged_count()).unwrap_or(i32::MAX),
        counts: counts_to_wire(&summary.counts()),
        totals: totals_to_wire(&summary.totals()),
        created_time: Some(instant_to_wire(run.created_time)),
        created_by: run.created_by.clone(),
        approved_time: approved.map(|(time, _)| instant_to_wire(*time)),
        approved_by: approved.map(|(_, by)| by.clone()).unwrap_or_default(),
        completed_time: run.completed_time.map(instant_to_wire),
        etag: field::etag(run.revision),
    }
}

/// What one case came to, with why.
#[must_use]
pub fn item_to_wire(item: &DunningRunItem, decision: Option<&Decision>) -> wire::DunningRunItem {
    let step = item.result.step.as_ref();
    let channel = step.map(|step| channel_to_wire(step.channel));
    let told = |decision: &Decision| stored_to_wire(&(item.decision_id, decision.clone()));
    wire::DunningRunItem {
        case_id: item.case_id.to_string(),
        customer_id: item.customer_id.to_string(),
        outcome: outcome_to_wire(item.result.outcome).into(),
        step_code: step
            .map(|step| step.step_code.to_string())
            .unwrap_or_default(),
        level: step.map_or(0, |step| i32::from(step.level.number())),
        channel: channel.unwrap_or(wire::Channel::Unspecified).into(),
        lines: lines_to_wire(&item.lines),
        totals: totals_to_wire(&item.result.totals),
        message_id: item
            .message_id
            .as_ref()
            .map(MessageId::to_string)
            .unwrap_or_default(),
        postponed_to_time: item.postponed_to.map(instant_to_wire),
        decision: decision.map(told),
    }
}

/// What a case came to; none where it is not stated.
#[must_use]
pub const fn outcome_from_wire(outcome: wire::DunningOutcome) -> Option<DunningOutcome> {
    match outcome {
        wire::DunningOutcome::Unspecified => None,
        wire::DunningOutcome::Message => Some(DunningOutcome::Message),
        wire::DunningOutcome::Task => Some(DunningOutcome::Task),
        wire::DunningOutcome::Postponed => Some(DunningOutcome::Postponed),
        wire::DunningOutcome::Suppressed => Some(DunningOutcome::Suppressed),
        wire::DunningOutcome::NothingDue => Some(DunningOutcome::NothingDue),
        wire::DunningOutcome::AlreadyDone => Some(DunningOutcome::AlreadyDone),
    }
}

/// What a case came to.
#[must_use]
pub const fn outcome_to_wire(outcome: DunningOutcome) -> wire::DunningOutcome {
    match outcome {
        DunningOutcome::Message => wire::DunningOutcome::Message,
        DunningOutcome::Task => wire::DunningOutcome::Task,
        DunningOutcome::Postponed => wire::DunningOutcome::Postponed,
        DunningOutcome::Suppressed => wire::DunningOutcome::Suppressed,
        DunningOutcome::NothingDue => wire::DunningOutcome::NothingDue,
        DunningOutcome::AlreadyDone => wire::DunningOutcome::AlreadyDone,
    }
}

/// How many cases came to what.
#[must_use]
pub fn counts_to_wire(counts: &[DunningRunCount]) -> Vec<wire::DunningRunCount> {
    let count = |count: &DunningRunCount| wire::DunningRunCount {
        outcome: outcome_to_wire(count.outcome).into(),
        step_code: count
            .step_code
            .as_ref()
            .map(Code::to_string)
            .unwrap_or_default(),
        case_count: i32::try_from(count.case_count).unwrap_or(i32::MAX),
    };
    counts.iter().map(count).collect()
}
