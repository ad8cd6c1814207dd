//! The communication record.

use contracts::convert::instant_to_wire;
use contracts::reminders as wire;

use crate::domain::code::Code;
use crate::domain::communication::{Communication, CommunicationOutcome, Direction};
use crate::domain::id::{MessageId, TaskId};
use crate::rpc::wire::debtor::channel_to_wire;

/// An entry.
#[must_use]
pub fn communication_to_wire(entry: &Communication) -> wire::Communication {
    let invoice_ids = entry.invoice_ids.iter();
    let text = |id: Option<String>| id.unwrap_or_default();
    wire::Communication {
        communication_id: entry.communication_id.to_string(),
        case_id: entry.case_id.to_string(),
        customer_id: entry.customer_id.to_string(),
        direction: direction_to_wire(entry.direction).into(),
        channel: channel_to_wire(entry.channel).into(),
        outcome: outcome_to_wire(entry.outcome).into(),
        occurred_time: Some(instant_to_wire(entry.occurred_time)),
        address: entry.address.clone().unwrap_or_default(),
        invoice_ids: invoice_ids.map(ToString::to_string).collect(),
        message_id: text(entry.message_id.as_ref().map(MessageId::to_string)),
        task_id: text(entry.task_id.as_ref().map(TaskId::to_string)),
        step_code: text(entry.step_code.as_ref().map(Code::to_string)),
        note: entry.note.clone(),
        recorded_by: entry.recorded_by.clone(),
        recorded_time: Some(instant_to_wire(entry.recorded_time)),
    }
}

/// Who turned to whom; none where it is not stated.
#[must_use]
pub const fn direction_from_wire(direction: wire::CommunicationDirection) -> Option<Direction> {
    match direction {
        wire::CommunicationDirection::Unspecified => None,
        wire::CommunicationDirection::Outbound => Some(Direction::Outbound),
        wire::CommunicationDirection::Inbound => Some(Direction::Inbound),
    }
}

/// What came of a contact; none where it is not stated.
#[must_use]
pub const fn outcome_from_wire(
    outcome: wire::CommunicationOutcome,
) -> Option<CommunicationOutcome> {
    match outcome {
        wire::CommunicationOutcome::Unspecified => None,
        wire::CommunicationOutcome::Sent => Some(CommunicationOutcome::Sent),
        wire::CommunicationOutcome::SpokeToDebtor => Some(CommunicationOutcome::SpokeToDebtor),
        wire::CommunicationOutcome::LeftVoicemail => Some(CommunicationOutcome::LeftVoicemail),
        wire::CommunicationOutcome::NoAnswer => Some(CommunicationOutcome::NoAnswer),
        wire::CommunicationOutcome::WrongAddress => Some(CommunicationOutcome::WrongAddress),
        wire::CommunicationOutcome::Received => Some(CommunicationOutcome::Received),
    }
}

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
