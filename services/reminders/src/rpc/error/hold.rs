//! Refusals about holds.

use runtime::Refusal;

use crate::domain::hold::HoldError;
use crate::domain::id::HoldId;

/// There is no such hold.
pub fn not_found(hold_id: HoldId) -> Refusal {
    Refusal::not_found("HOLD_NOT_FOUND", "hold", hold_id)
}

/// A hold was not placed or not released.
pub fn refused(error: HoldError) -> Refusal {
    let text = error.to_string();
    match error {
        HoldError::FollowsFacts(reason) => {
            Refusal::rule("HOLD_FOLLOWS_FACTS", "REASON", reason.name(), text)
        }
        HoldError::EndDateRequired => Refusal::rule("END_DATE_REQUIRED", "DATE", "end_date", text),
        HoldError::EndDateInThePast { today } => {
            Refusal::rule("END_DATE_IN_THE_PAST", "DATE", "end_date", text)
                .with_metadata("today", today)
        }
        HoldError::NotActive => Refusal::rule("HOLD_NOT_ACTIVE", "STATE", "hold", text),
    }
}
