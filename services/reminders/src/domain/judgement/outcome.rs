//! Owns what a judgement is called in a dunning run, and what the contact rules make of its letter.
//! Must not judge: that is [`super::judge`]'s.

use super::{Judgement, KeptOut};
use crate::domain::contact::{ContactAnswer, ContactVerdict};
use crate::domain::dunning_run::DunningOutcome;
use crate::domain::letter::{Line, StepReference};
use crate::domain::reason::Reason;

impl Judgement {
    /// What it came to, in the words of a dunning run.
    #[must_use]
    pub fn outcome(&self) -> DunningOutcome {
        match &self.letter {
            Some(_) if self.not_before.is_some() => DunningOutcome::Postponed,
            Some(letter) if letter.step.channel.needs_person() => DunningOutcome::Task,
            Some(_) => DunningOutcome::Message,
            None if self.already_done => DunningOutcome::AlreadyDone,
            None if !self.kept_out.is_empty() => DunningOutcome::Suppressed,
            None if self.postponed.is_some() => DunningOutcome::Postponed,
            None => DunningOutcome::NothingDue,
        }
    }

    /// Heeds what the contact rules say of the letter: it is put off, or nothing of it may be asked
    /// for until a fact changes (CC-11). At sending they are asked again.
    pub fn heed(&mut self, answer: ContactAnswer) {
        match answer.verdict {
            ContactVerdict::Allowed => {}
            ContactVerdict::Later(reason, from) => self.not_before = Some((reason, from)),
            ContactVerdict::Forbidden(reason) => self.forbid(reason),
        }
        self.findings.extend(answer.findings);
    }

    fn forbid(&mut self, reason: Reason) {
        let Some(letter) = self.letter.take() else {
            return;
        };
        for invoice_id in letter.invoice_ids() {
            let lines = letter
                .lines
                .iter()
                .filter(|line| line.invoice_id == invoice_id);
            let lines: Vec<Line> = lines.cloned().collect();
            let Some(first) = lines.first() else { continue };
            self.kept_out.push(KeptOut {
                invoice_id,
                step: StepReference {
                    step_code: first.step_code.clone(),
                    level: first.level,
                    ..letter.step.clone()
                },
                reason,
                lines,
            });
        }
    }

    /// Whether unapplied cash kept something out: a person should apply it (CA-8).
    #[must_use]
    pub fn cash_covers(&self) -> bool {
        let by_cash = |kept: &KeptOut| kept.reason == Reason::UnappliedCashCovers;
        self.kept_out.iter().any(by_cash)
    }
}
