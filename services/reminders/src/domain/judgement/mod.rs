//! Owns what a case comes to on a day: one letter at most, whatever the number of invoices, and for
//! each due step that is not in it the rule that kept it out (DU-9, P14). Must not look at the time
//! of day: whether the debtor may be contacted at an instant is [`super::contact`]'s.
//!
//! The order, and why it is this one:
//!
//! 1. A case with a message under way, or with its message for the day, gets none: a repeated run
//!    does nothing a second time (DU-9).
//! 2. An invoice whose last step still waits for a person does not advance (DU-1).
//! 3. Each other invoice has at most one due step; holds keep it out, or a part of it (P18).
//! 4. Minimum amounts, per currency: the total of a currency is held against the minimum of the
//!    gravest step in it; where it falls short, the invoices at that step stay out, and what is left
//!    is held against the next gravest. So an old trifle never keeps a real debt from being asked for.
//! 5. Unapplied cash that covers what a currency would ask for keeps it out (CA-8). Last, since it is
//!    held against what would really be asked for.

mod outcome;

use std::collections::BTreeMap;

use calendar::{Date, Timestamp};
use money::{Currency, Money, MoneyError};

use crate::domain::code::Level;
use crate::domain::decision::Findings;
use crate::domain::hold::{Bearing, bearing};
use crate::domain::id::InvoiceId;
use crate::domain::invoice::CaseInvoice;
use crate::domain::ladder::{Climb, Due, Ladder, Rung};
use crate::domain::letter::{Letter, Line, StepReference, lines_of};
use crate::domain::reason::Reason;
use crate::domain::situation::Situation;

/// What a case came to on a day.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Judgement {
    /// What is to be asked for.
    pub letter: Option<Letter>,
    /// The due steps that a rule kept out, by invoice.
    pub kept_out: Vec<KeptOut>,
    /// The earliest day to which a due step is put off (DU-5), with the step.
    pub postponed: Option<(StepReference, Date)>,
    /// Not before this instant, for this reason: the contact rules say so.
    pub not_before: Option<(Reason, Timestamp)>,
    /// Whether the case had its message for the day, or has one under way.
    pub already_done: bool,
    /// The rules that were asked.
    pub findings: Findings,
}

/// A due step that a rule kept out of the letter.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeptOut {
    /// The invoice.
    pub invoice_id: InvoiceId,
    /// The step.
    pub step: StepReference,
    /// The rule's reason.
    pub reason: Reason,
    /// What would have been asked for.
    pub lines: Vec<Line>,
}

/// A due step that nothing has kept out so far.
struct Candidate<'a> {
    invoice_id: InvoiceId,
    currency: Currency,
    rung: Rung<'a>,
    lines: Vec<Line>,
}

/// Judges a case on a day in the debtor's zone, by the version of a strategy named
/// `strategy_version`; steps below `min_level` are left alone.
///
/// # Errors
/// [`MoneyError`] when amounts add up to more than an amount can be.
pub fn judge(
    situation: &Situation<'_>,
    ladder: &Ladder<'_>,
    strategy_version: &str,
    on: Date,
    min_level: Level,
) -> Result<Judgement, MoneyError> {
    let mut judging = Judging::new(situation, ladder, on);
    judging.findings.fact("step_date", on);
    if situation.messages.iter().any(|message| message.bars(on)) {
        judging
            .findings
            .rule("DU-9", false, "the case has its message for this day");
        return Ok(judging.conclude(Vec::new(), strategy_version, true));
    }
    let mut candidates = Vec::new();
    for invoice in situation.invoices {
        candidates.extend(judging.candidate(invoice, min_level)?);
    }
    let candidates = judging.above_minimum(candidates)?;
    let candidates = judging.not_covered(candidates)?;
    Ok(judging.conclude(candidates, strategy_version, false))
}

/// A judgement while it is being made.
struct Judging<'a> {
    situation: &'a Situation<'a>,
    ladder: &'a Ladder<'a>,
    on: Date,
    kept_out: Vec<KeptOut>,
    postponed: Option<(StepReference, Date)>,
    findings: Findings,
}

impl<'a> Judging<'a> {
    fn new(situation: &'a Situation<'a>, ladder: &'a Ladder<'a>, on: Date) -> Self {
        Self {
            situation,
            ladder,
            on,
            kept_out: Vec::new(),
            postponed: None,
            findings: Findings::new(),
        }
    }

    /// The due step of one invoice, unless something keeps it out.
    fn candidate(
        &mut self,
        invoice: &CaseInvoice,
        min_level: Level,
    ) -> Result<Option<Candidate<'a>>, MoneyError> {
        let Some(climb) = invoice.climb() else {
            return Ok(None);
        };
        if self.situation.waits_for_outcome(invoice.invoice_id) {
            self.findings.rule(
                "DU-1",
                false,
                "a step of an invoice still waits for its outcome",
            );
            return Ok(None);
        }
        match self
            .ladder
            .due(&climb, self.situation.last_message, self.on)
        {
            Some(Due::Now(rung)) if rung.level >= min_level => self.free(invoice, &climb, rung),
            Some(Due::From(rung, from)) if rung.level >= min_level => {
                self.postpone(rung, from);
                Ok(None)
            }
            _ => Ok(None),
        }
    }

    /// Takes off what holds keep back (P18, CC-10).
    fn free(
        &mut self,
        invoice: &CaseInvoice,
        climb: &Climb,
        rung: Rung<'a>,
    ) -> Result<Option<Candidate<'a>>, MoneyError> {
        let lines = |held| lines_of(invoice, climb, rung, self.ladder, held, self.on);
        let all = lines(Money::zero(invoice.currency))?;
        let held = bearing(
            self.situation.holds,
            invoice.invoice_id,
            invoice.currency,
            self.on,
        )?;
        let (reason, asked) = match held {
            Bearing::Whole(reason) => (Reason::from(reason), Vec::new()),
            Bearing::Part(part) => (
                Reason::Dispute,
                lines(part.max_with(invoice.disputed_amount)?)?,
            ),
            Bearing::Free => (Reason::Dispute, lines(invoice.disputed_amount)?),
        };
        let candidate = |lines| Candidate {
            invoice_id: invoice.invoice_id,
            currency: invoice.currency,
            rung,
            lines,
        };
        if asked.is_empty() {
            self.findings
                .rule("P18", false, format!("held for {reason}"));
            self.keep_out(candidate(all), reason);
            return Ok(None);
        }
        Ok(Some(candidate(asked)))
    }

    /// Leaves out, currency by currency, what stays below the minimum of its step (DU-9).
    fn above_minimum(
        &mut self,
        mut candidates: Vec<Candidate<'a>>,
    ) -> Result<Vec<Candidate<'a>>, MoneyError> {
        while let Some((currency, level)) = too_little(&candidates)? {
            let falls_short = |candidate: &Candidate<'_>| {
                candidate.currency == currency && candidate.rung.level == level
            };
            self.findings.rule(
                "DU-9",
                false,
                format!("what is asked for in {currency} is below the minimum of level {level}"),
            );
            candidates = self.split_off(candidates, falls_short, Reason::BelowMinimum);
        }
        Ok(candidates)
    }

    /// Leaves out the currencies in which unapplied cash covers what would be asked for (CA-8).
    fn not_covered(
        &mut self,
        candidates: Vec<Candidate<'a>>,
    ) -> Result<Vec<Candidate<'a>>, MoneyError> {
        let mut left = candidates;
        for (currency, asked) in asked_by_currency(&left)? {
            let unapplied = self.situation.unapplied.get(&currency);
            let covers = match unapplied {
                Some(cash) => cash.try_cmp(&asked)?.is_ge(),
                None => false,
            };
            if covers {
                self.findings
                    .rule("CA-8", false, format!("unapplied cash covers {asked}"));
                let in_currency = |candidate: &Candidate<'_>| candidate.currency == currency;
                left = self.split_off(left, in_currency, Reason::UnappliedCashCovers);
            }
        }
        Ok(left)
    }

    fn split_off(
        &mut self,
        candidates: Vec<Candidate<'a>>,
        out: impl Fn(&Candidate<'_>) -> bool,
        reason: Reason,
    ) -> Vec<Candidate<'a>> {
        let (kept_out, left) = candidates.into_iter().partition(out);
        let kept_out: Vec<Candidate<'_>> = kept_out;
        for candidate in kept_out {
            self.keep_out(candidate, reason);
        }
        left
    }

    fn keep_out(&mut self, candidate: Candidate<'_>, reason: Reason) {
        self.kept_out.push(KeptOut {
            invoice_id: candidate.invoice_id,
            step: StepReference::of(candidate.rung),
            reason,
            lines: candidate.lines,
        });
    }

    fn postpone(&mut self, rung: Rung<'_>, from: Date) {
        self.findings.rule(
            "DU-5",
            false,
            format!("not before {from}: too soon after the last message"),
        );
        if self
            .postponed
            .as_ref()
            .is_none_or(|(_, earliest)| from < *earliest)
        {
            self.postponed = Some((StepReference::of(rung), from));
        }
    }

    /// One letter of what is left; the gravest step sets the tone.
    fn conclude(
        mut self,
        candidates: Vec<Candidate<'_>>,
        strategy_version: &str,
        already_done: bool,
    ) -> Judgement {
        let gravest = candidates
            .iter()
            .map(|candidate| candidate.rung)
            .max_by_key(|rung| rung.level);
        let mut lines: Vec<Line> = candidates
            .into_iter()
            .flat_map(|candidate| candidate.lines)
            .collect();
        lines.sort_by(|a, b| {
            let key = |line: &Line| {
                (
                    line.due_date,
                    line.invoice_number.clone(),
                    line.open_item_id,
                )
            };
            key(a).cmp(&key(b))
        });
        let letter = gravest.map(|rung| Letter {
            step_date: self.on,
            step: StepReference::of(rung),
            lines,
            strategy_version: strategy_version.to_owned(),
        });
        if let Some(letter) = &letter {
            let explanation = format!("level {} is the gravest that is due", letter.step.level);
            self.findings.rule("DU-9", true, explanation);
        }
        Judgement {
            letter,
            kept_out: self.kept_out,
            postponed: self.postponed,
            not_before: None,
            already_done,
            findings: self.findings,
        }
    }
}

/// A currency in which too little would be asked for, with the gravest level in it.
fn too_little(candidates: &[Candidate<'_>]) -> Result<Option<(Currency, Level)>, MoneyError> {
    for (currency, asked) in asked_by_currency(candidates)? {
        let in_currency = candidates
            .iter()
            .filter(|candidate| candidate.currency == currency);
        let gravest = in_currency
            .map(|candidate| candidate.rung)
            .max_by_key(|rung| rung.level);
        let Some(rung) = gravest else { continue };
        if let Some(minimum) = rung.step.minimum_like(asked)
            && asked.try_cmp(&minimum)?.is_lt()
        {
            return Ok(Some((currency, rung.level)));
        }
    }
    Ok(None)
}

/// What would be asked for, by currency; amounts of different ones are never added up (RD-5).
fn asked_by_currency(candidates: &[Candidate<'_>]) -> Result<Vec<(Currency, Money)>, MoneyError> {
    let mut sums: BTreeMap<Currency, Money> = BTreeMap::new();
    for line in candidates.iter().flat_map(|candidate| &candidate.lines) {
        let currency = line.asked_amount.currency();
        let sum = sums.entry(currency).or_insert(Money::zero(currency));
        *sum = sum.checked_add(line.asked_amount)?;
    }
    Ok(sums.into_iter().collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::contact::{ContactAnswer, ContactVerdict};
    use crate::domain::debtor::{Channel, DebtorKind};
    use crate::domain::dunning_run::DunningOutcome;
    use crate::domain::hold::{Hold, HoldReason, HoldScope, NewHold};
    use crate::domain::id::HoldId;
    use crate::domain::message::MessageState;
    use crate::domain::samples::{self, at_level, eur, invoice, invoice_id, usd};
    use crate::domain::situation::MessageOnCase;
    use crate::domain::strategy::StrategyDefinition;

    const DUE: Date = Date::constant(2026, 3, 1);

    /// A day so many days after the due date of the sample invoices.
    fn day(offset: i32) -> Date {
        calendar::add_days(DUE, offset).unwrap()
    }

    struct Known {
        definition: StrategyDefinition,
        invoices: Vec<CaseInvoice>,
        holds: Vec<Hold>,
        unapplied: BTreeMap<Currency, Money>,
        messages: Vec<MessageOnCase>,
        last_message: Option<Date>,
        min_level: u8,
    }

    /// Steps on days 5, 20 and 40.
    fn known(invoices: Vec<CaseInvoice>) -> Known {
        Known {
            definition: samples::definition(&[5, 20, 40]),
            invoices,
            holds: Vec::new(),
            unapplied: BTreeMap::new(),
            messages: Vec::new(),
            last_message: None,
            min_level: 0,
        }
    }

    fn judged(known: &Known, offset: i32) -> Judgement {
        let ladder = Ladder::new(&known.definition, DebtorKind::Business, "DE");
        let situation = Situation {
            invoices: &known.invoices,
            holds: &known.holds,
            unapplied: &known.unapplied,
            messages: &known.messages,
            last_message: known.last_message,
        };
        let min_level = Level::new(known.min_level);
        judge(
            &situation,
            &ladder,
            "strategy/standard@1",
            day(offset),
            min_level,
        )
        .unwrap()
    }

    /// The lines as `number:level:asked`.
    fn lines(judgement: &Judgement) -> Vec<String> {
        let lines = judgement.letter.iter().flat_map(|letter| &letter.lines);
        lines
            .map(|line| {
                let number = line.invoice_number.trim_start_matches("INV-");
                format!("{number}:{}:{}", line.level, line.asked_amount)
            })
            .collect()
    }

    fn kept_out(judgement: &Judgement) -> Vec<(Reason, u8)> {
        let kept = judgement.kept_out.iter();
        kept.map(|kept| (kept.reason, kept.step.level.number()))
            .collect()
    }

    fn hold(reason: HoldReason, number: u128, part: Option<Money>) -> Hold {
        let new = NewHold {
            hold_id: HoldId::new(samples::uuid(7)),
            scope: HoldScope::Invoices([invoice_id(number)].into()),
            reason,
            end_date: None,
            note: String::new(),
            by: "ann".to_owned(),
            at: calendar::Timestamp::UNIX_EPOCH,
        };
        Hold::follow(&samples::case(), new, samples::uuid(9), part).0
    }

    fn message(state: MessageState, offset: i32, number: u128) -> MessageOnCase {
        MessageOnCase {
            state,
            step_date: day(offset),
            invoice_ids: vec![invoice_id(number)],
        }
    }

    #[test]
    fn du_9_one_letter_the_gravest_step_sets_the_tone_and_each_line_keeps_its_own() {
        let known = known(vec![
            invoice(1, day(15), eur("10.00")),
            at_level(invoice(2, DUE, eur("20.00")), 1),
            invoice(3, day(18), usd("30.00")),
        ]);
        let judgement = judged(&known, 20);
        assert_eq!(lines(&judgement), ["2:2:20.00 EUR", "1:1:10.00 EUR"]);
        let letter = judgement.letter.as_ref().unwrap();
        assert_eq!(letter.step.step_code, samples::code("step-2"));
        assert_eq!(letter.lines[1].days_past_due, 5);
        assert_eq!(judgement.outcome(), DunningOutcome::Message);
    }

    #[test]
    fn du_9_a_repeated_run_does_nothing_a_second_time() {
        let mut known = known(vec![invoice(1, DUE, eur("10.00"))]);
        for state in [
            MessageState::Sent,
            MessageState::WithPerson,
            MessageState::Unknown,
        ] {
            known.messages = vec![message(state, 6, 2)];
            assert_eq!(
                judged(&known, 6).outcome(),
                DunningOutcome::AlreadyDone,
                "{state}"
            );
            assert_eq!(
                judged(&known, 7).outcome(),
                DunningOutcome::Message,
                "{state}"
            );
        }
        // The clock was set back: the day of that message is still to come, and is done.
        assert_eq!(judged(&known, 5).outcome(), DunningOutcome::AlreadyDone);
        known.messages = vec![message(MessageState::Queued, 3, 2)];
        assert_eq!(judged(&known, 6).outcome(), DunningOutcome::AlreadyDone);
        for state in MessageState::ALL
            .iter()
            .filter(|state| state.left_no_trace())
        {
            known.messages = vec![message(*state, 6, 1)];
            assert_eq!(
                judged(&known, 6).outcome(),
                DunningOutcome::Message,
                "{state}"
            );
        }
    }

    #[test]
    fn du_1_what_is_not_processed_does_not_advance() {
        let mut known = known(vec![
            invoice(1, DUE, eur("10.00")),
            invoice(2, DUE, eur("20.00")),
        ]);
        known.messages = vec![message(MessageState::WithPerson, 5, 1)];
        // Level 1 of the first invoice is an open task: on day 30 only the second is asked for.
        assert_eq!(lines(&judged(&known, 30)), ["2:2:20.00 EUR"]);
        known.messages[0].state = MessageState::Sent;
        assert_eq!(lines(&judged(&known, 30)).len(), 2);
    }

    #[test]
    fn du_1_paid_is_not_dunned() {
        let known = known(vec![at_level(invoice(1, DUE, eur("0.00")), 1)]);
        assert_eq!(judged(&known, 50).outcome(), DunningOutcome::NothingDue);
    }

    #[test]
    fn p18_each_hold_keeps_its_invoice_out_and_is_told() {
        let mut known = known(vec![
            invoice(1, DUE, eur("10.00")),
            invoice(2, DUE, eur("20.00")),
        ]);
        for reason in HoldReason::ALL {
            known.holds = vec![hold(*reason, 1, None)];
            let judgement = judged(&known, 6);
            assert_eq!(lines(&judgement), ["2:1:20.00 EUR"]);
            assert_eq!(kept_out(&judgement), [(Reason::from(*reason), 1)]);
            assert_eq!(judgement.kept_out[0].lines[0].asked_amount, eur("10.00"));
        }
        known.holds.push(hold(HoldReason::Legal, 2, None));
        assert_eq!(judged(&known, 6).outcome(), DunningOutcome::Suppressed);
    }

    #[test]
    fn cc_10_the_undisputed_part_is_asked_for() {
        let mut known = known(vec![invoice(1, DUE, eur("100.00"))]);
        known.holds = vec![hold(HoldReason::Dispute, 1, Some(eur("30.00")))];
        assert_eq!(lines(&judged(&known, 6)), ["1:1:70.00 EUR"]);
        // Invoicing tells of the dispute before the hold is made, and of more than the hold knows.
        known.invoices[0].disputed_amount = eur("40.00");
        assert_eq!(lines(&judged(&known, 6)), ["1:1:60.00 EUR"]);
        known.holds.clear();
        assert_eq!(lines(&judged(&known, 6)), ["1:1:60.00 EUR"]);
        known.invoices[0].disputed_amount = eur("100.00");
        assert_eq!(kept_out(&judged(&known, 6)), [(Reason::Dispute, 1)]);
    }

    #[test]
    fn du_9_minimum_amounts_are_per_letter_and_currency() {
        let mut known = known(vec![
            invoice(1, DUE, eur("6.00")),
            invoice(2, DUE, eur("3.00")),
            invoice(3, DUE, usd("3.00")),
        ]);
        known.definition.steps[0].minimum_amounts = vec![eur("10.00"), usd("3.00")];
        let judgement = judged(&known, 6);
        assert_eq!(lines(&judgement), ["3:1:3.00 USD"]);
        assert_eq!(kept_out(&judgement), [(Reason::BelowMinimum, 1); 2]);
        // A cent more, on whichever invoice, and both are asked for.
        known.invoices[1] = invoice(2, DUE, eur("4.00"));
        assert_eq!(lines(&judged(&known, 6)).len(), 3);
        // A currency without a minimum has none.
        known.definition.steps[0].minimum_amounts = vec![usd("99.00")];
        assert_eq!(lines(&judged(&known, 6)).len(), 2);
    }

    #[test]
    fn du_9_an_old_trifle_does_not_keep_a_real_debt_from_being_asked_for() {
        let mut known = known(vec![
            at_level(invoice(1, DUE, eur("2.00")), 2),
            invoice(2, day(35), eur("80.00")),
        ]);
        known.definition.steps[2].minimum_amounts = vec![eur("100.00")];
        let judgement = judged(&known, 40);
        assert_eq!(lines(&judgement), ["2:1:80.00 EUR"]);
        assert_eq!(kept_out(&judgement), [(Reason::BelowMinimum, 3)]);
        // Together they reach the minimum of the gravest step.
        known.invoices[1] = invoice(2, day(35), eur("98.00"));
        assert_eq!(lines(&judged(&known, 40)).len(), 2);
    }

    #[test]
    fn ca_8_nobody_is_reminded_whose_cash_covers_what_would_be_asked_for() {
        let mut known = known(vec![
            invoice(1, DUE, eur("60.00")),
            invoice(2, DUE, eur("40.00")),
            invoice(3, DUE, usd("5.00")),
        ]);
        known.unapplied = BTreeMap::from([(Currency::EUR, eur("99.99"))]);
        assert_eq!(lines(&judged(&known, 6)).len(), 3);
        known.unapplied = BTreeMap::from([(Currency::EUR, eur("100.00"))]);
        let judgement = judged(&known, 6);
        assert_eq!(lines(&judgement), ["3:1:5.00 USD"]);
        assert!(judgement.cash_covers());
        known.invoices.truncate(2);
        assert_eq!(judged(&known, 6).outcome(), DunningOutcome::Suppressed);
        // What is disputed is not asked for, so the cash need not cover it.
        known.unapplied = BTreeMap::from([(Currency::EUR, eur("70.00"))]);
        known.holds = vec![hold(HoldReason::Dispute, 1, Some(eur("30.00")))];
        assert!(judged(&known, 6).cash_covers());
    }

    #[test]
    fn du_5_what_is_put_off_is_told_with_its_day() {
        let mut known = known(vec![invoice(1, DUE, eur("60.00"))]);
        known.definition.steps[0]
            .condition
            .min_days_since_last_message = 7;
        known.last_message = Some(day(3));
        let judgement = judged(&known, 6);
        assert_eq!(judgement.outcome(), DunningOutcome::Postponed);
        assert_eq!(judgement.postponed.map(|(_, from)| from), Some(day(10)));
    }

    #[test]
    fn a_call_or_a_letter_is_a_task() {
        let mut known = known(vec![invoice(1, DUE, eur("60.00"))]);
        known.definition.steps[0].channel = Channel::Call;
        assert_eq!(judged(&known, 6).outcome(), DunningOutcome::Task);
    }

    #[test]
    fn steps_below_the_level_asked_for_are_left_alone() {
        let mut known = known(vec![
            invoice(1, day(15), eur("10.00")),
            invoice(2, DUE, eur("20.00")),
        ]);
        known.min_level = 2;
        assert_eq!(lines(&judged(&known, 20)), ["2:2:20.00 EUR"]);
    }

    #[test]
    fn cc_11_the_contact_rules_put_a_letter_off_or_forbid_it() {
        let known = known(vec![
            at_level(invoice(1, DUE, eur("10.00")), 1),
            invoice(2, day(15), eur("20.00")),
        ]);
        let heeded = |verdict| {
            let mut judgement = judged(&known, 20);
            judgement.heed(ContactAnswer {
                verdict,
                findings: Findings::new(),
            });
            judgement
        };
        assert_eq!(heeded(ContactVerdict::Allowed), judged(&known, 20));
        let monday = samples::instant("2026-03-23T08:00Z");
        let later = heeded(ContactVerdict::Later(Reason::OutsideHours, monday));
        assert_eq!(later.outcome(), DunningOutcome::Postponed);
        assert!(later.letter.is_some());
        let forbidden = heeded(ContactVerdict::Forbidden(Reason::OptedOut));
        assert_eq!(forbidden.outcome(), DunningOutcome::Suppressed);
        assert_eq!(
            kept_out(&forbidden),
            [(Reason::OptedOut, 2), (Reason::OptedOut, 1)]
        );
    }
}
