//! Tasks, their kinds and outcomes.

use contracts::convert::{date_to_wire, instant_to_wire};
use contracts::reminders as wire;

use super::field;
use crate::domain::code::Code;
use crate::domain::id::{MessageId, PromiseId, TaskId};
use crate::domain::letter::{Line, Total};
use crate::domain::task::{Task, TaskKind, TaskOutcome, TaskState};
use crate::rpc::wire::message::{lines_to_wire, totals_to_wire};

/// A task with what is to be asked for.
#[must_use]
pub fn task_to_wire(task: &Task, lines: &[Line], totals: &[Total]) -> wire::Task {
    let (from, until) = task.permitted.unzip();
    let text = |id: Option<String>| id.unwrap_or_default();
    let outcome = task
        .outcome
        .map_or(wire::TaskOutcome::Unspecified, outcome_to_wire);
    wire::Task {
        task_id: task.task_id.to_string(),
        case_id: task.case_id.to_string(),
        customer_id: task.customer_id.to_string(),
        kind: kind_to_wire(task.kind).into(),
        state: state_to_wire(task.state).into(),
        priority: task.priority,
        due_date: Some(date_to_wire(task.due_date)),
        permitted_from_time: from.map(instant_to_wire),
        permitted_until_time: until.map(instant_to_wire),
        message_id: text(task.message_id.as_ref().map(MessageId::to_string)),
        promise_id: text(task.promise_id.as_ref().map(PromiseId::to_string)),
        step_code: text(task.step_code.as_ref().map(Code::to_string)),
        lines: lines_to_wire(lines),
        totals: totals_to_wire(totals),
        outcome: outcome.into(),
        note: task.note.clone(),
        completed_by: task.completed_by.clone().unwrap_or_default(),
        ended_time: task.ended_time.map(instant_to_wire),
        follow_up_task_id: text(task.follow_up_task_id.as_ref().map(TaskId::to_string)),
        created_time: Some(instant_to_wire(task.created_time)),
        etag: field::etag(task.revision),
    }
}

const fn state_to_wire(state: TaskState) -> wire::TaskState {
    match state {
        TaskState::Open => wire::TaskState::Open,
        TaskState::Completed => wire::TaskState::Completed,
        TaskState::Cancelled => wire::TaskState::Cancelled,
    }
}

/// Where a task stands; none where it is not stated.
#[must_use]
pub const fn state_from_wire(state: wire::TaskState) -> Option<TaskState> {
    match state {
        wire::TaskState::Unspecified => None,
        wire::TaskState::Open => Some(TaskState::Open),
        wire::TaskState::Completed => Some(TaskState::Completed),
        wire::TaskState::Cancelled => Some(TaskState::Cancelled),
    }
}

/// What is to be done; none where it is not stated.
#[must_use]
pub const fn kind_from_wire(kind: wire::TaskKind) -> Option<TaskKind> {
    match kind {
        wire::TaskKind::Unspecified => None,
        wire::TaskKind::Call => Some(TaskKind::Call),
        wire::TaskKind::Letter => Some(TaskKind::Letter),
        wire::TaskKind::UnappliedCash => Some(TaskKind::UnappliedCash),
        wire::TaskKind::UnknownMessage => Some(TaskKind::UnknownMessage),
        wire::TaskKind::Undeliverable => Some(TaskKind::Undeliverable),
        wire::TaskKind::BrokenPromise => Some(TaskKind::BrokenPromise),
    }
}

/// How a task ended; none where it is not stated.
#[must_use]
pub const fn outcome_from_wire(outcome: wire::TaskOutcome) -> Option<TaskOutcome> {
    match outcome {
        wire::TaskOutcome::Unspecified => None,
        wire::TaskOutcome::SpokeToDebtor => Some(TaskOutcome::SpokeToDebtor),
        wire::TaskOutcome::LeftVoicemail => Some(TaskOutcome::LeftVoicemail),
        wire::TaskOutcome::NoAnswer => Some(TaskOutcome::NoAnswer),
        wire::TaskOutcome::WrongAddress => Some(TaskOutcome::WrongAddress),
        wire::TaskOutcome::Posted => Some(TaskOutcome::Posted),
        wire::TaskOutcome::Done => Some(TaskOutcome::Done),
        wire::TaskOutcome::NotDone => Some(TaskOutcome::NotDone),
    }
}

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
