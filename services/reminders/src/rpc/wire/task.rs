//! Tasks: their kinds and outcomes.

use contracts::reminders as wire;

use crate::domain::task::{TaskKind, TaskOutcome};

/// What is to be done.
#[must_use]
pub const fn kind_to_wire(kind: TaskKind) -> wire::TaskKind {
    match kind {
        TaskKind::Call => wire::TaskKind::Call,
        TaskKind::Letter => wire::TaskKind::Letter,
        TaskKind::UnappliedCash => wire::TaskKind::UnappliedCash,
        TaskKind::UnknownMessage => wire::TaskKind::UnknownMessage,
        TaskKind::Undeliverable => wire::TaskKind::Undeliverable,
        TaskKind::BrokenPromise => wire::TaskKind::BrokenPromise,
    }
}

/// How a task ended.
#[must_use]
pub const fn outcome_to_wire(outcome: TaskOutcome) -> wire::TaskOutcome {
    match outcome {
        TaskOutcome::SpokeToDebtor => wire::TaskOutcome::SpokeToDebtor,
        TaskOutcome::LeftVoicemail => wire::TaskOutcome::LeftVoicemail,
        TaskOutcome::NoAnswer => wire::TaskOutcome::NoAnswer,
        TaskOutcome::WrongAddress => wire::TaskOutcome::WrongAddress,
        TaskOutcome::Posted => wire::TaskOutcome::Posted,
        TaskOutcome::Done => wire::TaskOutcome::Done,
        TaskOutcome::NotDone => wire::TaskOutcome::NotDone,
    }
}
