//! Owns what a person finds out about a message of unknown outcome, or does about a parked one.

use calendar::Timestamp;

use super::{Message, MessageError, MessageState};
use crate::domain::case::Case;
use crate::domain::event::DomainEvent;
use crate::domain::named::named;
use crate::domain::reason::Reason;

named! {
    /// What became of a message, as a person found out.
    pub enum MessageResolution {
        /// It left: the step counts as taken.
        Sent = "SENT",
        /// It did not leave: the step is judged anew.
        SendAgain = "SEND_AGAIN",
        /// It did not leave and shall not: the ladder goes on with the next step.
        SkipStep = "SKIP_STEP",
    }
}

/// What a resolution leaves to be done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Resolved {
    /// Take its steps; [`crate::domain::step_taking`] announces it.
    Sent,
    /// Judge the case anew.
    JudgeAnew(DomainEvent),
    /// Pass its steps over.
    PassOver(DomainEvent),
}

impl Message {
    /// Settles it by what a person found out. `sent_time` only with SENT; none: the time of the
    /// hand-off.
    ///
    /// # Errors
    /// [`MessageError::NotResolvable`], [`MessageError::WasRefused`].
    pub fn resolve(
        &mut self,
        case: &Case,
        resolution: MessageResolution,
        sent_time: Option<Timestamp>,
        now: Timestamp,
    ) -> Result<Resolved, MessageError> {
        match (self.state, resolution) {
            (MessageState::Unknown, MessageResolution::Sent) => {
                self.left(sent_time.or(self.handed_off_time).unwrap_or(now));
                Ok(Resolved::Sent)
            }
            (MessageState::Parked, MessageResolution::Sent) => Err(MessageError::WasRefused),
            (MessageState::Unknown | MessageState::Parked, MessageResolution::SendAgain) => {
                self.move_to(MessageState::Abandoned, Some(Reason::DidNotLeave));
                Ok(Resolved::JudgeAnew(self.abandoned_event(case, false)))
            }
            (MessageState::Unknown | MessageState::Parked, MessageResolution::SkipStep) => {
                self.move_to(MessageState::Abandoned, Some(Reason::StepSkipped));
                Ok(Resolved::PassOver(self.abandoned_event(case, true)))
            }
            (state, _) => Err(MessageError::NotResolvable(state)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::samples::{self, instant};

    fn at(state: MessageState) -> (Case, Message) {
        let case = samples::case();
        let message = Message {
            state,
            handed_off_time: Some(instant("2026-03-10T09:00Z")),
            ..samples::message(&case)
        };
        (case, message)
    }

    fn resolved(state: MessageState, how: MessageResolution) -> Result<Message, MessageError> {
        let (case, mut message) = at(state);
        message
            .resolve(&case, how, None, instant("2026-03-12T09:00Z"))
            .map(|_| message)
    }

    #[test]
    fn p15_an_unknown_message_left_or_did_not() {
        let sent = resolved(MessageState::Unknown, MessageResolution::Sent).unwrap();
        assert_eq!(sent.state, MessageState::Sent);
        assert_eq!(sent.sent_time, Some(instant("2026-03-10T09:00Z")));
        for how in [MessageResolution::SendAgain, MessageResolution::SkipStep] {
            let message = resolved(MessageState::Unknown, how).unwrap();
            assert_eq!(message.state, MessageState::Abandoned);
        }
    }

    #[test]
    fn a_refused_message_cannot_have_left() {
        let refused = resolved(MessageState::Parked, MessageResolution::Sent);
        assert_eq!(refused, Err(MessageError::WasRefused));
        assert!(resolved(MessageState::Parked, MessageResolution::SendAgain).is_ok());
    }

    #[test]
    fn only_the_unknown_and_the_parked_are_resolved() {
        for state in MessageState::ALL {
            let open = matches!(state, MessageState::Unknown | MessageState::Parked);
            for how in MessageResolution::ALL {
                let result = resolved(*state, *how);
                match result {
                    Err(MessageError::NotResolvable(in_state)) => {
                        assert!(!open && in_state == *state);
                    }
                    _ => assert!(open, "{state} {how}"),
                }
            }
        }
    }

    #[test]
    fn p21_a_skipped_step_is_passed_over_and_another_judged_anew() {
        let (case, mut message) = at(MessageState::Unknown);
        let now = instant("2026-03-12T09:00Z");
        let skipped = message
            .resolve(&case, MessageResolution::SkipStep, None, now)
            .unwrap();
        let Resolved::PassOver(DomainEvent::MessageAbandoned { step_skipped, .. }) = skipped else {
            panic!("{skipped:?}");
        };
        assert!(step_skipped);
    }
}
