//! Owns the way of a message from the queue to its end, one method a change of state. Every change
//! is refused from a state where it has no place, so that a worker who comes late changes nothing.

use std::time::Duration;

use calendar::Timestamp;

use super::{Lease, Message, MessageState};
use crate::domain::case::Case;
use crate::domain::decision::Decision;
use crate::domain::event::DomainEvent;
use crate::domain::id::TaskId;
use crate::domain::letter::Letter;
use crate::domain::reason::Reason;

/// Why a message did not change.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum MessageError {
    /// The change has no place in this state; somebody else was faster.
    #[error("the message is {0} by now")]
    NotNow(MessageState),
    /// The lease has ended, or somebody else has claimed the message since.
    #[error("the lease on the message is lost")]
    LeaseLost,
    /// The case was placed or taken back since the message was claimed (P19).
    #[error("the case has another epoch since the message was claimed")]
    Fenced,
    /// It is put off, and its time has not come.
    #[error("the message is put off until {0}")]
    PutOff(Timestamp),
    /// MESSAGE_NOT_RESOLVABLE: neither UNKNOWN nor PARKED.
    #[error("a message that is {0} needs no resolution")]
    NotResolvable(MessageState),
    /// MESSAGE_WAS_REFUSED: what was refused for good did not leave.
    #[error("the message was refused and cannot have left")]
    WasRefused,
}

impl Message {
    /// A sender takes it, with the letter as judged at this moment. Also one whose sender died
    /// before the hand-off.
    ///
    /// # Errors
    /// [`MessageError::PutOff`], [`MessageError::NotNow`].
    pub fn claim(
        &mut self,
        case: &Case,
        letter: Letter,
        now: Timestamp,
        now_real: Timestamp,
        lease: Duration,
    ) -> Result<Lease, MessageError> {
        match self.state {
            MessageState::Queued => {}
            MessageState::Claimed if self.lease.until <= now_real => {}
            state => return Err(MessageError::NotNow(state)),
        }
        if let Some(not_before) = self.not_before_time
            && now < not_before
        {
            return Err(MessageError::PutOff(not_before));
        }
        self.step = letter.step;
        self.strategy_version = letter.strategy_version;
        self.lines = letter.lines;
        self.step_date = letter.step_date;
        self.take_lease(case, now_real, lease);
        Ok(self.lease)
    }

    /// The setting `resend_unknown`: a message of unknown outcome is taken up once more, with the
    /// same Message-ID and words, and goes through the last look again (P15).
    ///
    /// # Errors
    /// [`MessageError::NotNow`] unless it is UNKNOWN after its first attempt.
    pub fn claim_again(
        &mut self,
        case: &Case,
        now_real: Timestamp,
        lease: Duration,
    ) -> Result<Lease, MessageError> {
        if self.state != MessageState::Unknown || self.attempt_count > 1 {
            return Err(MessageError::NotNow(self.state));
        }
        self.take_lease(case, now_real, lease);
        Ok(self.lease)
    }

    fn take_lease(&mut self, case: &Case, now_real: Timestamp, lease: Duration) {
        self.lease = Lease {
            token: self.lease.token.saturating_add(1),
            // Beyond the end of the calendar a lease that never began is as good as none.
            until: now_real.checked_add(lease).unwrap_or(now_real),
        };
        self.case_epoch = case.epoch;
        self.not_before_time = None;
        self.move_to(MessageState::Claimed, None);
    }

    /// Notes which words it goes out with.
    ///
    /// # Errors
    /// [`MessageError::NotNow`] unless it is claimed.
    pub fn fix_words(
        &mut self,
        template_version: String,
        language: String,
    ) -> Result<(), MessageError> {
        self.expect(&[MessageState::Claimed])?;
        self.template_version = Some(template_version);
        self.language = Some(language);
        self.revision = self.revision.saturating_add(1);
        Ok(())
    }

    /// The last commit before the connection: from here on it may have left.
    ///
    /// # Errors
    /// [`MessageError::NotNow`], [`MessageError::LeaseLost`], [`MessageError::Fenced`].
    pub fn hand_off(
        &mut self,
        case: &Case,
        token: i64,
        look_time: Timestamp,
        now: Timestamp,
        now_real: Timestamp,
    ) -> Result<(), MessageError> {
        self.check_fence(case, token, now_real)?;
        self.attempt_count = self.attempt_count.saturating_add(1);
        self.handed_off_time = Some(now);
        self.last_look_time = Some(look_time);
        self.move_to(MessageState::HandingOff, None);
        Ok(())
    }

    /// A call or a letter goes to a person.
    ///
    /// # Errors
    /// As [`Message::hand_off`].
    pub fn hand_to_person(
        &mut self,
        case: &Case,
        token: i64,
        task_id: TaskId,
        look_time: Timestamp,
        now_real: Timestamp,
    ) -> Result<(), MessageError> {
        self.check_fence(case, token, now_real)?;
        self.task_id = Some(task_id);
        self.last_look_time = Some(look_time);
        self.move_to(MessageState::WithPerson, None);
        Ok(())
    }

    fn check_fence(
        &self,
        case: &Case,
        token: i64,
        now_real: Timestamp,
    ) -> Result<(), MessageError> {
        self.expect(&[MessageState::Claimed])?;
        if self.lease.token != token || self.lease.until <= now_real {
            return Err(MessageError::LeaseLost);
        }
        if self.case_epoch != case.epoch {
            return Err(MessageError::Fenced);
        }
        Ok(())
    }

    /// The provider accepted it. An answer that comes after the lease is still the truth.
    ///
    /// # Errors
    /// [`MessageError::NotNow`], [`MessageError::LeaseLost`] when it was claimed anew since.
    pub fn accepted(&mut self, token: i64, at: Timestamp) -> Result<(), MessageError> {
        self.expect(&[MessageState::HandingOff, MessageState::Unknown])?;
        if self.lease.token != token {
            return Err(MessageError::LeaseLost);
        }
        self.left(at);
        Ok(())
    }

    /// A person posted the letter or made the call.
    ///
    /// # Errors
    /// [`MessageError::NotNow`].
    pub fn carried_out(&mut self, at: Timestamp) -> Result<(), MessageError> {
        self.expect(&[MessageState::WithPerson])?;
        self.attempt_count = self.attempt_count.saturating_add(1);
        self.left(at);
        Ok(())
    }

    pub(super) fn left(&mut self, at: Timestamp) {
        self.sent_time = Some(at);
        self.move_to(MessageState::Sent, None);
    }

    /// The provider certainly did not take it: it is tried again at `next`, or parked after
    /// `most_attempts`. Tells whether it was parked.
    ///
    /// # Errors
    /// [`MessageError::NotNow`].
    pub fn not_taken(
        &mut self,
        case: &Case,
        next: Timestamp,
        most_attempts: i32,
    ) -> Result<Option<DomainEvent>, MessageError> {
        self.expect(&[MessageState::HandingOff])?;
        if self.attempt_count >= most_attempts {
            return self.park(case, Reason::TooManyTries).map(Some);
        }
        self.not_before_time = Some(next);
        self.move_to(MessageState::Queued, Some(Reason::ProviderBusy));
        Ok(None)
    }

    /// Put off by the contact rules: back to the queue until `not_before`.
    ///
    /// # Errors
    /// [`MessageError::NotNow`].
    pub fn put_off(&mut self, reason: Reason, not_before: Timestamp) -> Result<(), MessageError> {
        self.expect(&[MessageState::Queued, MessageState::Claimed])?;
        self.not_before_time = Some(not_before);
        self.move_to(MessageState::Queued, Some(reason));
        Ok(())
    }

    /// The sender was lost between the hand-off and the answer: its lease is dead, or the connection
    /// broke after the data.
    ///
    /// # Errors
    /// [`MessageError::NotNow`].
    pub fn lost(&mut self, case: &Case) -> Result<DomainEvent, MessageError> {
        self.expect(&[MessageState::HandingOff])?;
        self.move_to(MessageState::Unknown, Some(Reason::OutcomeUnknown));
        Ok(self.parked_event(case))
    }

    /// Whether its sender is lost: handing off, and the lease is dead.
    #[must_use]
    pub fn is_lost(&self, now_real: Timestamp) -> bool {
        self.state == MessageState::HandingOff && self.lease.until <= now_real
    }

    /// Refused for good, or without a usable address or text; a task is to be opened.
    ///
    /// # Errors
    /// [`MessageError::NotNow`].
    pub fn park(&mut self, case: &Case, reason: Reason) -> Result<DomainEvent, MessageError> {
        self.expect(&[
            MessageState::Claimed,
            MessageState::HandingOff,
            MessageState::WithPerson,
        ])?;
        self.move_to(MessageState::Parked, Some(reason));
        Ok(self.parked_event(case))
    }

    /// A rule forbids it. The step does not count as taken.
    ///
    /// # Errors
    /// [`MessageError::NotNow`].
    pub fn suppress(
        &mut self,
        case: &Case,
        reason: Reason,
        decision: Decision,
    ) -> Result<DomainEvent, MessageError> {
        self.expect(&[
            MessageState::Queued,
            MessageState::Claimed,
            MessageState::WithPerson,
        ])?;
        Ok(self.end_suppressed(case, reason, decision))
    }

    pub(super) fn end_suppressed(
        &mut self,
        case: &Case,
        reason: Reason,
        decision: Decision,
    ) -> DomainEvent {
        self.move_to(MessageState::Suppressed, Some(reason));
        DomainEvent::MessageSuppressed {
            case: case.reference(),
            message: Box::new(self.clone()),
            decision: Box::new(decision),
        }
    }

    /// The facts changed: the step is to be judged anew, as another message.
    ///
    /// # Errors
    /// [`MessageError::NotNow`].
    pub fn supersede(&mut self, reason: Reason) -> Result<(), MessageError> {
        self.expect(&[
            MessageState::Queued,
            MessageState::Claimed,
            MessageState::WithPerson,
        ])?;
        self.move_to(MessageState::Superseded, Some(reason));
        Ok(())
    }

    /// A person could not do the task: the step is judged anew on another day.
    ///
    /// # Errors
    /// [`MessageError::NotNow`].
    pub fn not_done(&mut self, case: &Case) -> Result<DomainEvent, MessageError> {
        self.expect(&[MessageState::WithPerson])?;
        self.move_to(MessageState::Abandoned, Some(Reason::NotDone));
        Ok(self.abandoned_event(case, false))
    }

    pub(super) fn abandoned_event(&self, case: &Case, step_skipped: bool) -> DomainEvent {
        DomainEvent::MessageAbandoned {
            case: case.reference(),
            message_id: self.message_id,
            step_skipped,
            invoice_ids: self.invoice_ids(),
        }
    }

    fn parked_event(&self, case: &Case) -> DomainEvent {
        DomainEvent::MessageParked {
            case: case.reference(),
            message: Box::new(self.clone()),
        }
    }

    pub(super) fn move_to(&mut self, state: MessageState, reason: Option<Reason>) {
        self.state = state;
        self.reason = reason;
        self.revision = self.revision.saturating_add(1);
    }

    fn expect(&self, states: &[MessageState]) -> Result<(), MessageError> {
        if states.contains(&self.state) {
            Ok(())
        } else {
            Err(MessageError::NotNow(self.state))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::samples::{self, instant};

    const LEASE: Duration = Duration::from_secs(30);

    fn now() -> Timestamp {
        instant("2026-03-10T09:00Z")
    }

    fn later(seconds: u64) -> Timestamp {
        now().checked_add(Duration::from_secs(seconds)).unwrap()
    }

    fn claimed() -> (Case, Message, Lease) {
        let case = samples::case();
        let mut message = samples::message(&case);
        let letter = samples::letter();
        let lease = message.claim(&case, letter, now(), now(), LEASE).unwrap();
        (case, message, lease)
    }

    fn handing_off() -> (Case, Message, Lease) {
        let (case, mut message, lease) = claimed();
        message
            .hand_off(&case, lease.token, now(), now(), later(1))
            .unwrap();
        (case, message, lease)
    }

    #[test]
    fn p14_the_straight_path_ends_as_sent() {
        let (_, mut message, lease) = handing_off();
        assert_eq!(message.state, MessageState::HandingOff);
        assert!(message.in_flight(later(29)) && !message.in_flight(later(30)));
        message.accepted(lease.token, later(2)).unwrap();
        assert_eq!(
            (message.state, message.sent_time),
            (MessageState::Sent, Some(later(2)))
        );
        assert_eq!(message.last_look_time, Some(now()));
        assert_eq!(
            message.accepted(lease.token, later(3)),
            Err(MessageError::NotNow(MessageState::Sent))
        );
    }

    #[test]
    fn p15_the_mail_id_is_the_same_at_every_attempt() {
        let (case, mut message, _) = handing_off();
        let first = message.mail_id("mail.example");
        assert_eq!(first, format!("<{}@mail.example>", message.message_id));
        assert_eq!(message.not_taken(&case, later(60), 3), Ok(None));
        let letter = samples::letter();
        assert_eq!(
            message.claim(&case, letter.clone(), later(59), later(59), LEASE),
            Err(MessageError::PutOff(later(60)))
        );
        message
            .claim(&case, letter, later(60), later(60), LEASE)
            .unwrap();
        assert_eq!(message.mail_id("mail.example"), first);
    }

    #[test]
    fn p19_an_older_epoch_is_fenced_off() {
        let (mut case, mut message, lease) = claimed();
        case.raise_epoch();
        let handed = message.hand_off(&case, lease.token, now(), now(), later(1));
        assert_eq!(handed, Err(MessageError::Fenced));
        assert_eq!(message.state, MessageState::Claimed);
    }

    #[test]
    fn p19_a_dead_lease_hands_nothing_off_and_is_claimed_by_another() {
        let (case, mut message, late) = claimed();
        let again = message.claim(&case, samples::letter(), later(29), later(29), LEASE);
        assert_eq!(again, Err(MessageError::NotNow(MessageState::Claimed)));
        let other = message
            .claim(&case, samples::letter(), later(30), later(30), LEASE)
            .unwrap();
        assert!(other.token > late.token);
        for token in [late.token, other.token] {
            let handed = message
                .clone()
                .hand_off(&case, token, now(), now(), later(60));
            assert_eq!(handed, Err(MessageError::LeaseLost));
        }
        assert!(
            message
                .hand_off(&case, other.token, now(), now(), later(31))
                .is_ok()
        );
    }

    #[test]
    fn p15_a_lost_sender_leaves_the_outcome_unknown_and_a_late_answer_is_the_truth() {
        let (case, mut message, lease) = handing_off();
        assert!(!message.is_lost(later(29)) && message.is_lost(later(30)));
        let event = message.lost(&case).unwrap();
        assert!(matches!(event, DomainEvent::MessageParked { .. }));
        assert_eq!(message.reason, Some(Reason::OutcomeUnknown));
        message.accepted(lease.token, later(40)).unwrap();
        assert_eq!((message.state, message.reason), (MessageState::Sent, None));
    }

    #[test]
    fn p15_an_unknown_outcome_is_repeated_once_at_most() {
        let (case, mut message, first) = handing_off();
        message.lost(&case).unwrap();
        let again = message.claim_again(&case, later(40), LEASE).unwrap();
        message
            .hand_off(&case, again.token, later(40), later(40), later(41))
            .unwrap();
        assert_eq!(
            message.accepted(first.token, later(42)),
            Err(MessageError::LeaseLost)
        );
        message.lost(&case).unwrap();
        assert_eq!(
            message.claim_again(&case, later(80), LEASE),
            Err(MessageError::NotNow(MessageState::Unknown))
        );
    }

    #[test]
    fn p14_what_is_tried_too_often_is_parked() {
        let (case, mut message, _) = handing_off();
        let event = message.not_taken(&case, later(60), 1).unwrap();
        assert!(matches!(event, Some(DomainEvent::MessageParked { .. })));
        assert_eq!(message.reason, Some(Reason::TooManyTries));
    }

    #[test]
    fn a_call_goes_to_a_person_and_counts_once_it_was_made() {
        let (case, mut message, lease) = claimed();
        let task_id = TaskId::new(samples::uuid(50));
        message
            .hand_to_person(&case, lease.token, task_id, now(), later(1))
            .unwrap();
        assert_eq!(message.state, MessageState::WithPerson);
        assert!(!message.state.is_final() && !message.state.is_under_way());
        let mut undone = message.clone();
        undone.not_done(&case).unwrap();
        assert_eq!(undone.state, MessageState::Abandoned);
        message.carried_out(later(3_600)).unwrap();
        assert_eq!(
            (message.state, message.attempt_count),
            (MessageState::Sent, 1)
        );
    }

    #[test]
    fn each_change_has_its_place() {
        let (case, message, lease) = claimed();
        let decision = || samples::decision("SUPPRESSED");
        for state in MessageState::ALL {
            let at = || Message {
                state: *state,
                ..message.clone()
            };
            let open = !state.is_final();
            let before = matches!(
                state,
                MessageState::Queued | MessageState::Claimed | MessageState::WithPerson
            );
            assert_eq!(
                at().suppress(&case, Reason::Legal, decision()).is_ok(),
                before,
                "{state}"
            );
            assert_eq!(at().supersede(Reason::Paid).is_ok(), before, "{state}");
            assert_eq!(at().lost(&case).is_ok(), *state == MessageState::HandingOff);
            assert_eq!(
                at().carried_out(now()).is_ok(),
                *state == MessageState::WithPerson
            );
            let handed = at().hand_off(&case, lease.token, now(), now(), later(1));
            assert_eq!(handed.is_ok(), *state == MessageState::Claimed);
            if !open {
                assert!(at().park(&case, Reason::NoAddress).is_err());
                assert!(at().accepted(lease.token, now()).is_err());
                assert!(at().put_off(Reason::OutsideHours, later(60)).is_err());
                assert!(at().claim_again(&case, now(), LEASE).is_err());
            }
        }
    }
}
