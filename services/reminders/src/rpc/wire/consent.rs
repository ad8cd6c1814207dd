//! What customers said about channels.

use contracts::reminders as wire;

use crate::domain::consent::ConsentState;

/// What was said.
#[must_use]
pub const fn state_to_wire(state: ConsentState) -> wire::ConsentState {
    match state {
        ConsentState::Given => wire::ConsentState::Given,
        ConsentState::OptedOut => wire::ConsentState::OptedOut,
        ConsentState::Cleared => wire::ConsentState::Cleared,
    }
}
