//! The communication record.

use contracts::reminders as wire;

use crate::domain::communication::{CommunicationOutcome, Direction};

/// Who turned to whom.
#[must_use]
pub const fn direction_to_wire(direction: Direction) -> wire::CommunicationDirection {
    match direction {
        Direction::Outbound => wire::CommunicationDirection::Outbound,
        Direction::Inbound => wire::CommunicationDirection::Inbound,
    }
}

/// What came of a contact.
#[must_use]
pub const fn outcome_to_wire(outcome: CommunicationOutcome) -> wire::CommunicationOutcome {
    match outcome {
        CommunicationOutcome::Sent => wire::CommunicationOutcome::Sent,
        CommunicationOutcome::SpokeToDebtor => wire::CommunicationOutcome::SpokeToDebtor,
        CommunicationOutcome::LeftVoicemail => wire::CommunicationOutcome::LeftVoicemail,
        CommunicationOutcome::NoAnswer => wire::CommunicationOutcome::NoAnswer,
        CommunicationOutcome::WrongAddress => wire::CommunicationOutcome::WrongAddress,
        CommunicationOutcome::Received => wire::CommunicationOutcome::Received,
    }
}
