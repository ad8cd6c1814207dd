//! Refusals about tasks.

use runtime::{FieldViolation, Refusal};

use super::contact::time_in_the_future;
use crate::domain::id::TaskId;
use crate::domain::task::TaskError;

/// There is no such task.
pub fn not_found(task_id: TaskId) -> Refusal {
    Refusal::not_found("TASK_NOT_FOUND", "task", task_id)
}

/// A task was not completed.
pub fn refused(error: TaskError) -> Refusal {
    let text = error.to_string();
    match error {
        TaskError::NotOpen(state) => {
            Refusal::rule("TASK_NOT_OPEN", "STATE", "task", text).with_metadata("state", state)
        }
        TaskError::OutcomeNotForKind { kind, .. } => {
            Refusal::rule("OUTCOME_NOT_FOR_KIND", "KIND", "task", text).with_metadata("kind", kind)
        }
        TaskError::MessageNotResolved => {
            Refusal::rule("MESSAGE_NOT_RESOLVED", "STATE", "message", text)
        }
        TaskError::TimeInTheFuture => time_in_the_future("occurred_time", text),
        TaskError::FollowUpNotLater { .. } => {
            let violation = FieldViolation::new("follow_up_date", text);
            Refusal::invalid("REQUEST_INVALID", vec![violation])
        }
    }
}
