//! Owns the communication record: who turned to whom, when, and what came of it. Only added to; what
//! counts for the frequency caps is read off it (CC-1, CC-7). Must not decide about contacts to come.

use calendar::{Date, Timestamp};

use crate::domain::case::Case;
use crate::domain::code::Code;
use crate::domain::contact::ContactMade;
use crate::domain::debtor::Channel;
use crate::domain::event::DomainEvent;
use crate::domain::id::{CaseId, CommunicationId, CustomerId, InvoiceId, MessageId, TaskId};
use crate::domain::named::named;

named! {
    /// Who turned to whom.
    pub enum Direction {
        /// We turned to the customer: counts for the caps.
        Outbound = "OUTBOUND",
        /// The customer turned to us: never counts.
        Inbound = "INBOUND",
    }
}

named! {
    /// What came of a contact.
    pub enum CommunicationOutcome {
        /// Outbound e-mail or letter: accepted by the provider, or posted.
        Sent = "SENT",
        /// Call: spoke to the debtor, a conversation.
        SpokeToDebtor = "SPOKE_TO_DEBTOR",
        /// Call: left a voicemail, an attempt.
        LeftVoicemail = "LEFT_VOICEMAIL",
        /// Call: nobody answered, or somebody else; an attempt.
        NoAnswer = "NO_ANSWER",
        /// Number or address is not the debtor's; counts for nothing.
        WrongAddress = "WRONG_ADDRESS",
        /// Inbound e-mail or letter: received.
        Received = "RECEIVED",
    }
}

impl CommunicationOutcome {
    /// Whether a contact of this direction through this channel can come to it.
    #[must_use]
    pub fn is_for(self, direction: Direction, channel: Channel) -> bool {
        let call = channel == Channel::Call;
        match (direction, self) {
            (Direction::Outbound, Self::Sent) => !call,
            (Direction::Outbound, Self::LeftVoicemail | Self::NoAnswer) => call,
            (Direction::Outbound, Self::WrongAddress) => true,
            (_, Self::SpokeToDebtor) => call,
            (Direction::Inbound, Self::LeftVoicemail) => call,
            (Direction::Inbound, Self::Received) => !call,
            (Direction::Outbound, Self::Received)
            | (Direction::Inbound, Self::Sent | Self::NoAnswer | Self::WrongAddress) => false,
        }
    }
}

/// One contact with a customer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Communication {
    /// Which one.
    pub communication_id: CommunicationId,
    /// The case.
    pub case_id: CaseId,
    /// The customer.
    pub customer_id: CustomerId,
    /// Who turned to whom.
    pub direction: Direction,
    /// Through what.
    pub channel: Channel,
    /// What came of it.
    pub outcome: CommunicationOutcome,
    /// When it took place.
    pub occurred_time: Timestamp,
    /// The address or number that was used; personal data.
    pub address: Option<String>,
    /// The invoices it was about; none: the case as a whole.
    pub invoice_ids: Vec<InvoiceId>,
    /// The message it carried.
    pub message_id: Option<MessageId>,
    /// The task it came from.
    pub task_id: Option<TaskId>,
    /// The step it carried out.
    pub step_code: Option<Code>,
    /// What was said; personal data.
    pub note: String,
    /// Who made the entry.
    pub recorded_by: String,
    /// When the entry was made.
    pub recorded_time: Timestamp,
}

/// Why a contact was not entered.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum CommunicationError {
    /// TIME_IN_THE_FUTURE.
    #[error("the contact would have taken place in the future")]
    TimeInTheFuture,
    /// OUTCOME_NOT_FOR_CHANNEL.
    #[error("a contact of this channel and direction cannot come to {0}")]
    OutcomeNotForChannel(CommunicationOutcome),
}

impl Communication {
    /// The entry, if such a contact can have taken place.
    ///
    /// # Errors
    /// [`CommunicationError`].
    pub fn record(self, case: &Case) -> Result<(Self, DomainEvent), CommunicationError> {
        if self.occurred_time > self.recorded_time {
            return Err(CommunicationError::TimeInTheFuture);
        }
        if !self.outcome.is_for(self.direction, self.channel) {
            return Err(CommunicationError::OutcomeNotForChannel(self.outcome));
        }
        let event = DomainEvent::CommunicationRecorded {
            case: case.reference(),
            communication: Box::new(self.clone()),
        };
        Ok((self, event))
    }

    /// What it counts as for the frequency caps, on its day in the debtor's zone; none where it
    /// counts for nothing (CC-1).
    #[must_use]
    pub fn counts_as(&self, local_date: Date) -> Option<ContactMade> {
        let counts = self.direction == Direction::Outbound
            && self.outcome != CommunicationOutcome::WrongAddress;
        counts.then(|| ContactMade {
            local_date,
            channel: self.channel,
            is_conversation: self.outcome == CommunicationOutcome::SpokeToDebtor,
            invoice_ids: self.invoice_ids.clone(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::samples::{self, instant};

    fn contact(
        direction: Direction,
        channel: Channel,
        outcome: CommunicationOutcome,
    ) -> Communication {
        let case = samples::case();
        Communication {
            communication_id: CommunicationId::new(samples::uuid(3)),
            case_id: case.case_id,
            customer_id: case.customer_id,
            direction,
            channel,
            outcome,
            occurred_time: instant("2026-03-10T09:00Z"),
            address: None,
            invoice_ids: vec![samples::invoice_id(1)],
            message_id: None,
            task_id: None,
            step_code: None,
            note: String::new(),
            recorded_by: "ann".to_owned(),
            recorded_time: instant("2026-03-10T10:00Z"),
        }
    }

    #[test]
    fn each_channel_and_direction_has_its_outcomes() {
        let possible = |direction, channel| {
            let all = CommunicationOutcome::ALL.iter();
            let fit = all.filter(|outcome| outcome.is_for(direction, channel));
            fit.map(|outcome| outcome.name()).collect::<Vec<_>>()
        };
        for channel in [Channel::Email, Channel::Letter] {
            assert_eq!(
                possible(Direction::Outbound, channel),
                ["SENT", "WRONG_ADDRESS"]
            );
            assert_eq!(possible(Direction::Inbound, channel), ["RECEIVED"]);
        }
        assert_eq!(
            possible(Direction::Outbound, Channel::Call),
            [
                "SPOKE_TO_DEBTOR",
                "LEFT_VOICEMAIL",
                "NO_ANSWER",
                "WRONG_ADDRESS"
            ]
        );
        assert_eq!(
            possible(Direction::Inbound, Channel::Call),
            ["SPOKE_TO_DEBTOR", "LEFT_VOICEMAIL"]
        );
    }

    #[test]
    fn cc_1_attempts_count_and_wrong_numbers_do_not() {
        let day = Date::constant(2026, 3, 10);
        let counts = |direction, outcome| contact(direction, Channel::Call, outcome).counts_as(day);
        let spoke = counts(Direction::Outbound, CommunicationOutcome::SpokeToDebtor).unwrap();
        assert!(spoke.is_conversation);
        let voicemail = counts(Direction::Outbound, CommunicationOutcome::LeftVoicemail).unwrap();
        assert!(!voicemail.is_conversation);
        assert_eq!(
            counts(Direction::Outbound, CommunicationOutcome::WrongAddress),
            None
        );
        assert_eq!(
            counts(Direction::Inbound, CommunicationOutcome::SpokeToDebtor),
            None
        );
    }

    #[test]
    fn only_what_can_have_happened_is_entered() {
        let case = samples::case();
        let sent = contact(
            Direction::Outbound,
            Channel::Email,
            CommunicationOutcome::Sent,
        );
        assert!(sent.clone().record(&case).is_ok());
        let spoken = Communication {
            outcome: CommunicationOutcome::SpokeToDebtor,
            ..sent.clone()
        };
        assert_eq!(
            spoken.record(&case).unwrap_err(),
            CommunicationError::OutcomeNotForChannel(CommunicationOutcome::SpokeToDebtor)
        );
        let early = Communication {
            occurred_time: instant("2026-03-10T11:00Z"),
            ..sent
        };
        assert_eq!(
            early.record(&case).unwrap_err(),
            CommunicationError::TimeInTheFuture
        );
    }
}
