//! Owns how a promise comes out: kept on the day on which enough had come, broken on the day after
//! the grace, and corrected by later facts inside the term (PR-2, PR-3).

use std::collections::BTreeSet;

use calendar::{Date, Timestamp};
use money::{Money, MoneyError, Rate, Rounding};

use super::{Counted, CountedKind, Promise, PromiseState};
use crate::domain::case::Case;
use crate::domain::decision::{Decision, Findings};
use crate::domain::event::DomainEvent;

/// One judgement of a promise.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PromiseJudgement {
    /// KEPT or BROKEN; OPEN or PARTLY_KEPT when it runs again.
    pub state: PromiseState,
    /// The day on which it was kept, or the first after the grace; none when the term runs on.
    pub effective_date: Option<Date>,
    /// Cash that counted.
    pub received_amount: Money,
    /// Received by required.
    pub kept_ratio: Rate,
    /// Which receipts counted, and why.
    pub decision: Decision,
}

/// How a promise came out, as it is announced.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PromiseResult {
    /// The promise after the judgement.
    pub promise: Promise,
    /// What was asked of it after relief.
    pub required_amount: Money,
    /// The judgement.
    pub judgement: PromiseJudgement,
    /// Whether an earlier judgement said otherwise.
    pub corrects_earlier: bool,
}

/// What judging a promise came to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Judged {
    /// Nothing new, but perhaps that a part has come.
    Unchanged,
    /// It is kept: its hold ends.
    Kept(DomainEvent),
    /// It is broken: its hold has ended, the case is more urgent, a task is opened, and the next
    /// step comes at once where the strategy says so (PR-4).
    Broken(Box<PromiseResult>),
    /// It runs again, and so does its hold (PR-3).
    Reopened(DomainEvent),
}

impl Promise {
    /// Judges it by what counts so far, on a day in the debtor's zone: after every fact, and on the
    /// day after the grace once the feed has been read to the head that it had then.
    ///
    /// # Errors
    /// [`MoneyError::Overflow`].
    pub fn judge(
        &mut self,
        case: &Case,
        today: Date,
        now: Timestamp,
    ) -> Result<Judged, MoneyError> {
        if !self.state.is_judged_by_facts() {
            return Ok(Judged::Unchanged);
        }
        let (state, effective_date) = self.outcome(today)?;
        let before = std::mem::replace(&mut self.state, state);
        if state == before || (state.is_running() && before.is_running()) {
            return Ok(Judged::Unchanged);
        }
        let judgement = self.judgement(state, effective_date, now)?;
        let corrects_earlier = !before.is_running();
        self.judgements.push(judgement.clone());
        self.revision = self.revision.saturating_add(1);
        let result = PromiseResult {
            promise: self.clone(),
            required_amount: self.required_amount()?,
            judgement,
            corrects_earlier,
        };
        Ok(self.announced(case, result))
    }

    fn announced(&self, case: &Case, result: PromiseResult) -> Judged {
        match self.state {
            PromiseState::Kept => Judged::Kept(DomainEvent::PromiseKept {
                case: case.reference(),
                result: Box::new(result),
            }),
            PromiseState::Broken => Judged::Broken(Box::new(result)),
            _ => Judged::Reopened(DomainEvent::PromiseReopened {
                case: case.reference(),
                promise: Box::new(self.clone()),
                received_amount: result.judgement.received_amount,
            }),
        }
    }

    /// What the facts make of it.
    fn outcome(&self, today: Date) -> Result<(PromiseState, Option<Date>), MoneyError> {
        if let Some(kept_on) = self.kept_on()? {
            return Ok((PromiseState::Kept, Some(kept_on)));
        }
        let judged_on = self.judged_on();
        if judged_on.is_some_and(|day| day <= today) {
            return Ok((PromiseState::Broken, judged_on));
        }
        let part = self.received_amount()?.is_positive();
        Ok(match part {
            true => (PromiseState::PartlyKept, None),
            false => (PromiseState::Open, None),
        })
    }

    /// The first day by which enough had come, by receipt dates: the required amount as it was by
    /// then, less the tolerance.
    fn kept_on(&self) -> Result<Option<Date>, MoneyError> {
        let days: BTreeSet<Date> = self.counted.iter().map(|counted| counted.date).collect();
        for day in days {
            let by_then = |counted: &Counted| counted.date <= day;
            let required = self.required_by(by_then)?;
            let received = self.sum(CountedKind::Cash, by_then)?;
            if received.try_cmp(&self.enough(required)?)?.is_ge() {
                return Ok(Some(day));
            }
        }
        Ok(None)
    }

    /// The least that keeps it. Rounded up: received amounts are whole smallest units, so that one
    /// below the exact bound is below this too.
    fn enough(&self, required: Money) -> Result<Money, MoneyError> {
        required.checked_mul_rounded(self.tolerance.complement(), Rounding::Ceiling)
    }

    fn judgement(
        &self,
        state: PromiseState,
        effective_date: Option<Date>,
        now: Timestamp,
    ) -> Result<PromiseJudgement, MoneyError> {
        let (required, received) = (self.required_amount()?, self.received_amount()?);
        let enough = self.enough(required)?;
        let kept = state == PromiseState::Kept;
        let mut findings = Findings::new();
        findings.rule("PR-2", kept, format!("{received} came, {enough} keep it"));
        findings.fact("promised_amount", self.promised_amount);
        findings.fact("promised_date", self.promised_date);
        findings.fact("required_amount", required);
        findings.fact("grace_days", self.grace_days);
        findings.fact("tolerance_ratio", self.tolerance);
        for (place, counted) in self.counted.iter().enumerate() {
            let told = format!(
                "{} {} of {} on {}",
                counted.kind, counted.amount, counted.source_id, counted.date
            );
            findings.fact(&format!("counted_{:03}", place.saturating_add(1)), told);
        }
        Ok(PromiseJudgement {
            state,
            effective_date,
            received_amount: received,
            kept_ratio: self.kept_ratio()?,
            decision: findings.conclude(state, "", now),
        })
    }
}

impl PromiseResult {
    /// The announcement of a broken promise, once the case has its new priority.
    #[must_use]
    pub fn broken(self, case: &Case) -> DomainEvent {
        DomainEvent::PromiseBroken {
            case: case.reference(),
            result: Box::new(self),
            case_priority: case.priority,
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::{PromiseFact, appropriate, reverse};
    use super::*;
    use crate::domain::samples::{self, eur, invoice_id};

    fn may(day: i8) -> Date {
        Date::constant(2026, 5, day)
    }

    /// 500.00 by 10 May, grace 2 days, tolerance 5 %.
    fn promise() -> Promise {
        samples::promise(1, &[1], eur("500.00"), may(10))
    }

    fn fact(source: u128, kind: CountedKind, amount: &str, on: Date) -> PromiseFact {
        PromiseFact {
            source_id: samples::uuid(source),
            kind,
            invoice_id: invoice_id(1),
            amount: eur(amount),
            date: on,
        }
    }

    fn pay(promise: &mut Promise, source: u128, amount: &str, on: Date) {
        let cash = fact(source, CountedKind::Cash, amount, on);
        appropriate(std::slice::from_mut(promise), &cash).unwrap();
    }

    fn judge(promise: &mut Promise, today: Date) -> Judged {
        promise
            .judge(&samples::case(), today, Timestamp::UNIX_EPOCH)
            .unwrap()
    }

    fn last(promise: &Promise) -> &PromiseJudgement {
        promise.judgements.last().unwrap()
    }

    #[test]
    fn pr_2_enough_within_the_grace_keeps_it_on_that_day() {
        let mut promise = promise();
        pay(&mut promise, 1, "300.00", may(8));
        assert_eq!(judge(&mut promise, may(8)), Judged::Unchanged);
        assert_eq!(promise.state, PromiseState::PartlyKept);
        pay(&mut promise, 2, "175.00", may(12));
        assert!(matches!(judge(&mut promise, may(12)), Judged::Kept(_)));
        assert_eq!(last(&promise).effective_date, Some(may(12)));
        assert_eq!(last(&promise).received_amount, eur("475.00"));
    }

    #[test]
    fn pr_2_a_cent_too_little_breaks_it_on_the_day_after_the_grace() {
        let mut promise = promise();
        pay(&mut promise, 1, "300.00", may(8));
        pay(&mut promise, 2, "174.99", may(12));
        assert_eq!(judge(&mut promise, may(12)), Judged::Unchanged);
        let Judged::Broken(result) = judge(&mut promise, may(13)) else {
            panic!("474.99 of 500.00 is not enough");
        };
        assert_eq!(result.judgement.effective_date, Some(may(13)));
        assert_eq!(result.judgement.kept_ratio.to_string(), "0.94998");
        assert!(!result.corrects_earlier);
        assert_eq!(judge(&mut promise, may(14)), Judged::Unchanged);
    }

    #[test]
    fn pr_2_a_receipt_booked_late_with_a_date_inside_the_term_corrects_the_judgement() {
        let mut promise = promise();
        judge(&mut promise, may(13));
        assert_eq!(promise.state, PromiseState::Broken);
        pay(&mut promise, 1, "500.00", may(11));
        let Judged::Kept(DomainEvent::PromiseKept { result, .. }) = judge(&mut promise, may(20))
        else {
            panic!("it was kept on the 11th");
        };
        assert!(result.corrects_earlier);
        assert_eq!(result.judgement.effective_date, Some(may(11)));
        assert_eq!(promise.judgements.len(), 2);
    }

    #[test]
    fn pr_3_a_reversal_reopens_it_only_while_the_term_runs() {
        let kept = || {
            let mut promise = promise();
            pay(&mut promise, 1, "100.00", may(7));
            pay(&mut promise, 2, "400.00", may(8));
            judge(&mut promise, may(8));
            reverse(std::slice::from_mut(&mut promise), samples::uuid(2));
            promise
        };
        let mut in_term = kept();
        assert!(matches!(judge(&mut in_term, may(12)), Judged::Reopened(_)));
        assert_eq!(in_term.state, PromiseState::PartlyKept);
        assert_eq!(last(&in_term).effective_date, None);
        let mut after = kept();
        let Judged::Broken(result) = judge(&mut after, may(13)) else {
            panic!("the term is over");
        };
        assert!(result.corrects_earlier);
    }

    #[test]
    fn pr_1_credit_notes_lower_the_promised_sum() {
        let mut promise = promise();
        let relief = fact(1, CountedKind::Relief, "100.00", may(6));
        appropriate(std::slice::from_mut(&mut promise), &relief).unwrap();
        assert_eq!(promise.required_amount(), Ok(eur("400.00")));
        pay(&mut promise, 2, "379.99", may(8));
        assert_eq!(judge(&mut promise, may(8)), Judged::Unchanged);
        pay(&mut promise, 3, "0.01", may(9));
        assert!(matches!(judge(&mut promise, may(9)), Judged::Kept(_)));
        assert_eq!(last(&promise).kept_ratio.to_string(), "0.95");
    }

    #[test]
    fn a_promise_of_what_was_credited_in_full_is_kept() {
        let mut promise = promise();
        let relief = fact(1, CountedKind::Relief, "500.00", may(6));
        appropriate(std::slice::from_mut(&mut promise), &relief).unwrap();
        assert!(matches!(judge(&mut promise, may(6)), Judged::Kept(_)));
        assert_eq!(last(&promise).kept_ratio, Rate::ONE);
    }

    #[test]
    fn pr_2_it_was_kept_on_the_receipt_date_not_on_the_day_of_booking() {
        let mut promise = promise();
        pay(&mut promise, 1, "200.00", may(11));
        pay(&mut promise, 2, "300.00", may(3));
        assert!(matches!(judge(&mut promise, may(20)), Judged::Kept(_)));
        assert_eq!(last(&promise).effective_date, Some(may(11)));
    }

    #[test]
    fn a_cancelled_promise_is_not_judged() {
        let mut promise = promise();
        promise.cancel(&samples::case(), "ann").unwrap();
        assert_eq!(judge(&mut promise, may(30)), Judged::Unchanged);
        assert_eq!(promise.state, PromiseState::Cancelled);
    }

    #[test]
    fn the_smallest_units_of_the_bound_are_exact() {
        // 95 % of 0.99 is 0.9405: 0.94 is too little.
        let mut promise = promise();
        promise.promised_amount = eur("0.99");
        pay(&mut promise, 1, "0.94", may(8));
        judge(&mut promise, may(13));
        assert_eq!(promise.state, PromiseState::Broken);
    }

    proptest! {
        #![proptest_config(samples::config())]

        #[test]
        fn pr_2_the_state_follows_from_the_facts(
            steps in prop::collection::vec((0u8..4, 1u32..300, 1i8..28), 0..20),
        ) {
            let mut promise = promise();
            let mut naive: Vec<(u128, CountedKind, u32, i8)> = Vec::new();
            let mut today = 1i8;
            for (source, (what, amount, on)) in (1u128..).zip(steps) {
                match what {
                    0 | 1 => {
                        let kind = [CountedKind::Cash, CountedKind::Relief][usize::from(what)];
                        let waits = promise.outstanding_amount().unwrap();
                        let takes = promise.state != PromiseState::Kept && on <= 12;
                        let fact = fact(source, kind, &format!("{amount}.00"), may(on));
                        appropriate(std::slice::from_mut(&mut promise), &fact).unwrap();
                        let whole = u32::try_from(waits.to_minor() / 100).unwrap();
                        let counts = amount.min(whole);
                        if takes && counts > 0 {
                            naive.push((source, kind, counts, on));
                        }
                    }
                    2 => {
                        let source = u128::from(amount) % (source + 1);
                        reverse(std::slice::from_mut(&mut promise), samples::uuid(source));
                        naive.retain(|(known, ..)| *known != source);
                    }
                    _ => today = today.max(on),
                }
                judge(&mut promise, may(today));
                let sum = |kind| -> u32 {
                    let of_kind = naive.iter().filter(|(_, known, ..)| *known == kind);
                    of_kind.map(|(_, _, amount, _)| amount).sum()
                };
                let (received, required) = (sum(CountedKind::Cash), 500 - sum(CountedKind::Relief));
                let expected = if received * 100 >= required * 95 {
                    PromiseState::Kept
                } else if today > 12 {
                    PromiseState::Broken
                } else if received > 0 {
                    PromiseState::PartlyKept
                } else {
                    PromiseState::Open
                };
                prop_assert_eq!(promise.state, expected);
                prop_assert_eq!(promise.received_amount(), Ok(eur(&format!("{received}.00"))));
            }
        }
    }
}
