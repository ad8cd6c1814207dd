//! Owns the last question before a message is handed off: is everything still as the message says,
//! by what invoicing answered a moment ago and by our own facts (P16, P18, P19, CA-8, CC-11)? The
//! answer is one verdict with every rule that was asked.
//!
//! Whoever supersedes a message because invoicing answered something newer takes the answers over
//! into the case's invoices first ([`super::invoice::CaseInvoice::apply`] drops what is older);
//! judged by the old facts the step would be due as before, and the two would turn in a circle.

use std::collections::BTreeMap;
use std::time::Duration;

use calendar::{Date, Timestamp};
use money::{Currency, Money, MoneyError};

use crate::domain::case::Case;
use crate::domain::contact::{ContactAnswer, ContactVerdict};
use crate::domain::decision::{Decision, Findings};
use crate::domain::hold::{Bearing, Hold, HoldReason, bearing};
use crate::domain::id::InvoiceId;
use crate::domain::invoice::Balance;
use crate::domain::letter::{Line, asked_amounts};
use crate::domain::message::{LOOK_VALID, Message};
use crate::domain::reason::Reason;

/// What is known at the last look.
#[derive(Debug, Clone, Copy)]
pub struct LastLook<'a> {
    /// The message, claimed.
    pub message: &'a Message,
    /// Its case, as locked by the transaction that would commit the hand-off.
    pub case: &'a Case,
    /// What invoicing answered for the message's invoices; one that it does not know is missing.
    pub answers: &'a [Balance],
    /// How long ago invoicing was asked, by a clock that never stands still.
    pub since_look: Duration,
    /// The case's holds.
    pub holds: &'a [Hold],
    /// The customer's cash that is not applied yet.
    pub unapplied: &'a BTreeMap<Currency, Money>,
    /// What the contact rules say at this instant; holds are asked here, not there.
    pub contact: &'a ContactAnswer,
    /// Today in the debtor's zone.
    pub today: Date,
    /// Now, by the business clock.
    pub now: Timestamp,
}

/// What becomes of the message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LookVerdict {
    /// Hand it off.
    Go,
    /// The look is too old: look again.
    LookAgain,
    /// The facts changed: supersede it, give the counters back, judge the case anew.
    Superseded(Reason),
    /// A rule forbids all of it: suppress it and give the counters back.
    Suppressed(Reason),
    /// Not at this instant: put it off and give the counters back.
    PutOff(Reason, Timestamp),
}

/// The answer, with what each rule said.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LookAnswer {
    /// What becomes of the message.
    pub verdict: LookVerdict,
    /// Why.
    pub decision: Decision,
}

/// How a rule bears on what a message asks for.
enum Share {
    /// On nothing of it.
    None,
    /// On a part of it: the rest is another letter.
    Part(Reason),
    /// On all of it.
    All(Reason),
}

/// Decides what becomes of a claimed message.
///
/// # Errors
/// [`MoneyError`] when an answer is in another currency than the message, or amounts are too large.
pub fn decide(look: &LastLook<'_>) -> Result<LookAnswer, MoneyError> {
    let mut findings = Findings::new();
    findings.fact("case_epoch", look.case.epoch);
    findings.fact("message_epoch", look.message.case_epoch);
    findings.fact("look_age_ms", look.since_look.as_millis());
    let verdict = look.verdict(&mut findings)?;
    let outcome = match verdict {
        LookVerdict::Go => "GO".to_owned(),
        LookVerdict::LookAgain => "LOOK_AGAIN".to_owned(),
        LookVerdict::Superseded(reason) => format!("SUPERSEDED_BY_{reason}"),
        LookVerdict::Suppressed(reason) => format!("SUPPRESSED_BY_{reason}"),
        LookVerdict::PutOff(reason, _) => format!("PUT_OFF_BY_{reason}"),
    };
    let decision = findings.conclude(outcome, &look.message.strategy_version, look.now);
    Ok(LookAnswer { verdict, decision })
}

impl LastLook<'_> {
    /// The rules in their order: what makes asking pointless first, what only puts off last.
    fn verdict(&self, findings: &mut Findings) -> Result<LookVerdict, MoneyError> {
        let same_epoch = self.case.epoch == self.message.case_epoch;
        findings.rule("P19", same_epoch, "the case is as it was claimed");
        if !same_epoch {
            return Ok(LookVerdict::Superseded(Reason::Fenced));
        }
        let fresh = self.since_look < LOOK_VALID;
        findings.rule("P16", fresh, "invoicing was asked at most 1.5 s ago");
        if !fresh {
            return Ok(LookVerdict::LookAgain);
        }
        let changed = self.changed()?;
        findings.rule("P16", changed.is_none(), told_of_amounts(changed));
        if let Some(reason) = changed {
            return Ok(LookVerdict::Superseded(reason));
        }
        let held = self.held()?;
        findings.rule(
            "P18",
            matches!(held, Share::None),
            told_of(&held, "no hold bears on it"),
        );
        let covered = self.covered()?;
        findings.rule(
            "CA-8",
            matches!(covered, Share::None),
            told_of(&covered, "no cash covers it"),
        );
        match (held, covered) {
            (Share::All(reason), _) | (Share::None, Share::All(reason)) => {
                return Ok(LookVerdict::Suppressed(reason));
            }
            (Share::Part(reason), _) | (Share::None, Share::Part(reason)) => {
                return Ok(LookVerdict::Superseded(reason));
            }
            (Share::None, Share::None) => {}
        }
        findings.extend(self.contact.findings.clone());
        Ok(match self.contact.verdict {
            ContactVerdict::Allowed => LookVerdict::Go,
            ContactVerdict::Later(reason, until) => LookVerdict::PutOff(reason, until),
            ContactVerdict::Forbidden(reason) => LookVerdict::Suppressed(reason),
        })
    }

    /// What invoicing says otherwise than the message: paid, disputed, or another amount.
    fn changed(&self) -> Result<Option<Reason>, MoneyError> {
        let mut found = None;
        for invoice_id in self.message.invoice_ids() {
            let lines: Vec<&Line> = self.lines_of(invoice_id).collect();
            let answer = self
                .answers
                .iter()
                .find(|answer| answer.invoice_id == invoice_id);
            let changed = match answer {
                Some(answer) => self.changed_in(&lines, answer)?,
                None => Some(Reason::AmountChanged),
            };
            // Whatever else changed, what is told is what changed first in the message.
            found = found.or(changed);
        }
        Ok(found)
    }

    fn changed_in(&self, lines: &[&Line], answer: &Balance) -> Result<Option<Reason>, MoneyError> {
        let nothing = Money::zero(answer.currency);
        let opens: Vec<Money> = lines
            .iter()
            .map(|line| {
                let item = answer
                    .items
                    .iter()
                    .find(|item| item.open_item_id == line.open_item_id);
                item.map_or(nothing, |item| item.open_amount)
            })
            .collect();
        if opens.iter().all(Money::is_zero) {
            return Ok(Some(Reason::Paid));
        }
        let same = |(line, open): (&&Line, &Money)| line.open_amount == *open;
        if !lines.iter().zip(&opens).all(same) {
            return Ok(Some(Reason::AmountChanged));
        }
        let open = Money::sum(
            answer.currency,
            answer.items.iter().map(|item| item.open_amount),
        )?;
        let invoice_id = answer.invoice_id;
        let held = match bearing(self.holds, invoice_id, answer.currency, self.today)? {
            Bearing::Part(part) => part.max_with(answer.disputed_amount)?,
            Bearing::Free | Bearing::Whole(_) => answer.disputed_amount,
        };
        let asked = asked_amounts(&opens, open, held)?;
        let same = |(line, asked): (&&Line, &Money)| line.asked_amount == *asked;
        Ok((!lines.iter().zip(&asked).all(same)).then_some(Reason::Dispute))
    }

    /// How holds bear on the message (P18). Parts of an invoice were compared with the amounts.
    fn held(&self) -> Result<Share, MoneyError> {
        let mut reasons: Vec<Option<HoldReason>> = Vec::new();
        for line in &self.message.lines {
            let currency = line.open_amount.currency();
            reasons.push(
                match bearing(self.holds, line.invoice_id, currency, self.today)? {
                    Bearing::Whole(reason) => Some(reason),
                    Bearing::Free | Bearing::Part(_) => None,
                },
            );
        }
        Ok(share(&reasons, Reason::from))
    }

    /// In which currencies unapplied cash covers what is asked for (CA-8).
    fn covered(&self) -> Result<Share, MoneyError> {
        let mut covered: Vec<Option<()>> = Vec::new();
        for total in self.message.totals()? {
            let cash = self.unapplied.get(&total.asked_amount.currency());
            let covers = match cash {
                Some(cash) => cash.try_cmp(&total.asked_amount)?.is_ge(),
                None => false,
            };
            covered.push(covers.then_some(()));
        }
        Ok(share(&covered, |()| Reason::UnappliedCashCovers))
    }

    fn lines_of(&self, invoice_id: InvoiceId) -> impl Iterator<Item = &Line> {
        self.message
            .lines
            .iter()
            .filter(move |line| line.invoice_id == invoice_id)
    }
}

/// Whether something bears on all, some or none.
fn share<T: Copy>(found: &[Option<T>], reason: impl Fn(T) -> Reason) -> Share {
    let Some(first) = found.iter().flatten().next() else {
        return Share::None;
    };
    if found.iter().all(Option::is_some) {
        Share::All(reason(*first))
    } else {
        Share::Part(reason(*first))
    }
}

fn told_of_amounts(changed: Option<Reason>) -> String {
    match changed {
        None => "invoicing says the same amounts as the message".to_owned(),
        Some(reason) => format!("invoicing says otherwise: {reason}"),
    }
}

fn told_of(share: &Share, none: &str) -> String {
    match share {
        Share::None => none.to_owned(),
        Share::Part(reason) => format!("a part of it: {reason}"),
        Share::All(reason) => format!("all of it: {reason}"),
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::domain::hold::{HoldScope, NewHold};
    use crate::domain::id::HoldId;
    use crate::domain::samples::{self, balance, eur, instant, invoice_id};

    const DUE: Date = Date::constant(2026, 3, 1);
    const TODAY: Date = Date::constant(2026, 3, 10);

    /// Two invoices over 100.00 and 50.00, both asked for.
    struct Known {
        case: Case,
        message: Message,
        answers: Vec<Balance>,
        since_look: Duration,
        holds: Vec<Hold>,
        unapplied: BTreeMap<Currency, Money>,
        contact: ContactVerdict,
    }

    fn known() -> Known {
        let case = samples::case();
        Known {
            message: samples::message(&case),
            case,
            answers: vec![
                balance(1, 1, &[(1, DUE, eur("100.00"))]),
                balance(2, 1, &[(2, DUE, eur("50.00"))]),
            ],
            since_look: Duration::from_millis(20),
            holds: Vec::new(),
            unapplied: BTreeMap::new(),
            contact: ContactVerdict::Allowed,
        }
    }

    fn answer(known: &Known) -> LookAnswer {
        decide(&LastLook {
            message: &known.message,
            case: &known.case,
            answers: &known.answers,
            since_look: known.since_look,
            holds: &known.holds,
            unapplied: &known.unapplied,
            contact: &ContactAnswer {
                verdict: known.contact,
                findings: Findings::new(),
            },
            today: TODAY,
            now: instant("2026-03-10T12:00Z"),
        })
        .unwrap()
    }

    fn verdict(change: impl FnOnce(&mut Known)) -> LookVerdict {
        let mut known = known();
        change(&mut known);
        answer(&known).verdict
    }

    fn hold(reason: HoldReason, scope: HoldScope, part: Option<Money>) -> Hold {
        let new = NewHold {
            hold_id: HoldId::new(samples::uuid(7)),
            scope,
            reason,
            end_date: None,
            note: String::new(),
            by: "ann".to_owned(),
            at: Timestamp::UNIX_EPOCH,
        };
        Hold::follow(&samples::case(), new, samples::uuid(9), part).0
    }

    fn on_first() -> HoldScope {
        HoldScope::Invoices(BTreeSet::from([invoice_id(1)]))
    }

    #[test]
    fn nothing_changed_and_it_goes() {
        let answer = answer(&known());
        assert_eq!(answer.verdict, LookVerdict::Go);
        assert!(answer.decision.rules.iter().all(|rule| rule.passed));
    }

    #[test]
    fn p16_what_was_paid_since_is_not_asked_for() {
        let paid = verdict(|known| known.answers[0].items[0].open_amount = eur("0.00"));
        assert_eq!(paid, LookVerdict::Superseded(Reason::Paid));
        let in_part = verdict(|known| known.answers[1].items[0].open_amount = eur("49.99"));
        assert_eq!(in_part, LookVerdict::Superseded(Reason::AmountChanged));
        let unknown = verdict(|known| known.answers.truncate(1));
        assert_eq!(unknown, LookVerdict::Superseded(Reason::AmountChanged));
    }

    #[test]
    fn p16_an_old_look_is_none() {
        let old = verdict(|known| known.since_look = LOOK_VALID);
        assert_eq!(old, LookVerdict::LookAgain);
    }

    #[test]
    fn p18_a_dispute_opened_since_changes_what_may_be_asked() {
        let disputed = verdict(|known| known.answers[0].disputed_amount = eur("30.00"));
        assert_eq!(disputed, LookVerdict::Superseded(Reason::Dispute));
        // The message knew of it: it asks for the undisputed part.
        let known_before = verdict(|known| {
            known.answers[0].disputed_amount = eur("30.00");
            known.message.lines[0].asked_amount = eur("70.00");
        });
        assert_eq!(known_before, LookVerdict::Go);
        let by_hold = verdict(|known| {
            known.holds = vec![hold(HoldReason::Dispute, on_first(), Some(eur("30.00")))];
        });
        assert_eq!(by_hold, LookVerdict::Superseded(Reason::Dispute));
    }

    #[test]
    fn p18_a_hold_on_all_suppresses_and_on_a_part_supersedes() {
        for reason in [
            HoldReason::Deceased,
            HoldReason::Insolvency,
            HoldReason::Legal,
        ] {
            let all = verdict(|known| known.holds = vec![hold(reason, HoldScope::Case, None)]);
            assert_eq!(all, LookVerdict::Suppressed(Reason::from(reason)));
        }
        let part = verdict(|known| {
            known.holds = vec![hold(HoldReason::Promise, on_first(), None)];
        });
        assert_eq!(part, LookVerdict::Superseded(Reason::Promise));
    }

    #[test]
    fn p19_a_case_of_another_epoch_is_judged_anew() {
        let fenced = verdict(|known| known.case.raise_epoch());
        assert_eq!(fenced, LookVerdict::Superseded(Reason::Fenced));
    }

    #[test]
    fn ca_8_cash_that_covers_what_is_asked_suppresses() {
        let with = |amount: &str| {
            verdict(|known| {
                known.unapplied = BTreeMap::from([(Currency::EUR, eur(amount))]);
            })
        };
        assert_eq!(
            with("150.00"),
            LookVerdict::Suppressed(Reason::UnappliedCashCovers)
        );
        assert_eq!(with("149.99"), LookVerdict::Go);
        let dollars = verdict(|known| {
            known.unapplied = BTreeMap::from([(Currency::USD, samples::usd("900.00"))]);
        });
        assert_eq!(dollars, LookVerdict::Go);
    }

    #[test]
    fn cc_11_the_contact_rules_have_the_last_word() {
        let monday = instant("2026-03-16T08:00Z");
        let later = ContactVerdict::Later(Reason::OutsideHours, monday);
        assert_eq!(
            verdict(|known| known.contact = later),
            LookVerdict::PutOff(Reason::OutsideHours, monday)
        );
        let opted_out = ContactVerdict::Forbidden(Reason::OptedOut);
        assert_eq!(
            verdict(|known| known.contact = opted_out),
            LookVerdict::Suppressed(Reason::OptedOut)
        );
        let mut paid_at_night = known();
        paid_at_night.contact = later;
        paid_at_night.answers[0].items[0].open_amount = eur("0.00");
        let answer = answer(&paid_at_night);
        assert_eq!(answer.verdict, LookVerdict::Superseded(Reason::Paid));
        assert_eq!(answer.decision.outcome, "SUPERSEDED_BY_PAID");
    }
}
