//! Owns what kinds of tasks there are, how each can end, and what that means.

use crate::domain::communication::CommunicationOutcome;
use crate::domain::named::named;

named! {
    /// What is to be done.
    pub enum TaskKind {
        /// Call the debtor: a step of the ladder.
        Call = "CALL",
        /// Print and post a letter: a step of the ladder.
        Letter = "LETTER",
        /// Apply the customer's cash (CA-8).
        UnappliedCash = "UNAPPLIED_CASH",
        /// Find out whether a message of unknown outcome left.
        UnknownMessage = "UNKNOWN_MESSAGE",
        /// Mend the address, or see to whatever else kept a message from leaving.
        Undeliverable = "UNDELIVERABLE",
        /// Follow up a broken promise.
        BrokenPromise = "BROKEN_PROMISE",
    }
}

impl TaskKind {
    /// Whether it carries out a step of the ladder.
    #[must_use]
    pub fn carries_out_a_step(self) -> bool {
        matches!(self, Self::Call | Self::Letter)
    }

    /// Whether carrying it out turns to the debtor: such a task ends when the debt is held or paid.
    #[must_use]
    pub fn is_contact(self) -> bool {
        matches!(self, Self::Call | Self::Letter | Self::BrokenPromise)
    }
}

named! {
    /// How a task ended.
    pub enum TaskOutcome {
        /// Call: spoke to the debtor.
        SpokeToDebtor = "SPOKE_TO_DEBTOR",
        /// Call: left a voicemail.
        LeftVoicemail = "LEFT_VOICEMAIL",
        /// Call: nobody answered, or somebody else.
        NoAnswer = "NO_ANSWER",
        /// Call or letter: number or address is not the debtor's.
        WrongAddress = "WRONG_ADDRESS",
        /// Letter: posted.
        Posted = "POSTED",
        /// Any other task: done.
        Done = "DONE",
        /// Any task: could not be done.
        NotDone = "NOT_DONE",
    }
}

named! {
    /// Which facts overtook a task.
    pub enum Overtaken {
        /// Nothing is owed any more.
        Paid = "PAID",
        /// A hold bears on it.
        Held = "HELD",
        /// An agency collects it.
        Placed = "PLACED",
    }
}

/// What an outcome means for the step that the task carries out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StepEffect {
    /// It reached out: the step is taken, and the contact enters the record.
    Taken(CommunicationOutcome),
    /// The address is not the debtor's: the message is parked, a task to mend it is opened, and the
    /// contact enters the record without counting.
    Undeliverable,
    /// The step does not count as taken.
    NotTaken,
    /// The task carries out no step.
    None,
}

impl TaskOutcome {
    /// Whether a task of this kind can end so.
    #[must_use]
    pub fn is_for(self, kind: TaskKind) -> bool {
        match self {
            Self::SpokeToDebtor | Self::LeftVoicemail | Self::NoAnswer => kind == TaskKind::Call,
            Self::Posted => kind == TaskKind::Letter,
            Self::WrongAddress => kind.carries_out_a_step(),
            Self::Done => !kind.carries_out_a_step(),
            Self::NotDone => true,
        }
    }

    /// What it means for the step of a task of this kind.
    #[must_use]
    pub fn effect(self, kind: TaskKind) -> StepEffect {
        if !kind.carries_out_a_step() {
            return StepEffect::None;
        }
        match self {
            Self::SpokeToDebtor => StepEffect::Taken(CommunicationOutcome::SpokeToDebtor),
            Self::LeftVoicemail => StepEffect::Taken(CommunicationOutcome::LeftVoicemail),
            Self::NoAnswer => StepEffect::Taken(CommunicationOutcome::NoAnswer),
            Self::Posted => StepEffect::Taken(CommunicationOutcome::Sent),
            Self::WrongAddress => StepEffect::Undeliverable,
            Self::Done | Self::NotDone => StepEffect::NotTaken,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_kind_has_its_outcomes() {
        let fit = |kind| {
            let all = TaskOutcome::ALL
                .iter()
                .filter(|outcome| outcome.is_for(kind));
            all.map(|outcome| outcome.name()).collect::<Vec<_>>()
        };
        assert_eq!(
            fit(TaskKind::Call),
            [
                "SPOKE_TO_DEBTOR",
                "LEFT_VOICEMAIL",
                "NO_ANSWER",
                "WRONG_ADDRESS",
                "NOT_DONE"
            ]
        );
        assert_eq!(
            fit(TaskKind::Letter),
            ["WRONG_ADDRESS", "POSTED", "NOT_DONE"]
        );
        for kind in TaskKind::ALL
            .iter()
            .filter(|kind| !kind.carries_out_a_step())
        {
            assert_eq!(fit(*kind), ["DONE", "NOT_DONE"], "{kind}");
        }
    }

    #[test]
    fn what_reached_out_takes_the_step_and_what_could_not_be_done_does_not() {
        use TaskOutcome::{Done, NoAnswer, NotDone, Posted, WrongAddress};
        let attempted = StepEffect::Taken(CommunicationOutcome::NoAnswer);
        assert_eq!(NoAnswer.effect(TaskKind::Call), attempted);
        let posted = StepEffect::Taken(CommunicationOutcome::Sent);
        assert_eq!(Posted.effect(TaskKind::Letter), posted);
        assert_eq!(NotDone.effect(TaskKind::Letter), StepEffect::NotTaken);
        assert_eq!(
            WrongAddress.effect(TaskKind::Call),
            StepEffect::Undeliverable
        );
        assert_eq!(Done.effect(TaskKind::BrokenPromise), StepEffect::None);
        assert_eq!(NotDone.effect(TaskKind::BrokenPromise), StepEffect::None);
    }
}
