//! What customers said about channels.

use contracts::convert::instant_to_wire;
use contracts::reminders as wire;

use crate::domain::consent::{Consent, ConsentState};
use crate::rpc::wire::debtor::channel_to_wire;

/// What was said; none where it is not stated.
#[must_use]
pub const fn state_from_wire(state: wire::ConsentState) -> Option<ConsentState> {
    match state {
        wire::ConsentState::Unspecified => None,
        wire::ConsentState::Given => Some(ConsentState::Given),
        wire::ConsentState::OptedOut => Some(ConsentState::OptedOut),
        wire::ConsentState::Cleared => Some(ConsentState::Cleared),
    }
}

/// An entry, with whether it counts for its customer and channel now.
#[must_use]
pub fn consent_to_wire(consent: &Consent, in_force: bool) -> wire::Consent {
    wire::Consent {
        consent_id: consent.consent_id.to_string(),
        customer_id: consent.customer_id.to_string(),
        channel: channel_to_wire(consent.channel).into(),
        state: state_to_wire(consent.state).into(),
        effective_time: Some(instant_to_wire(consent.effective_time)),
        evidence: consent.evidence.clone(),
        recorded_by: consent.recorded_by.clone(),
        recorded_time: Some(instant_to_wire(consent.recorded_time)),
        in_force,
    }
}

/// What was said.
#[must_use]
pub const fn state_to_wire(state: ConsentState) -> wire::ConsentState {
    match state {
        ConsentState::Given => wire::ConsentState::Given,
        ConsentState::OptedOut => wire::ConsentState::OptedOut,
        ConsentState::Cleared => wire::ConsentState::Cleared,
    }
}
