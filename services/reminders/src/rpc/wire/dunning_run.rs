//! Dunning runs and what their cases came to.

use contracts::reminders as wire;

use crate::domain::code::Code;
use crate::domain::dunning_run::{DunningOutcome, DunningRunCount};

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
