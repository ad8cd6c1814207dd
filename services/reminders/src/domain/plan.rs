//! Owns when a case is looked at next, and why then: the one timer a case needs. It is a plan: the
//! facts decide again when its time has come (CC-11). Must not promise anything to anybody.
//!
//! A look is due when a step's day begins and the contact rules permit its channel, when a hold runs
//! out, and on the day after a promise's grace. A due step that was reported as kept out asks for no
//! look of its own: it waits for a fact to change, and each such change plans anew. It is judged in
//! the first permitted minute and not in the one of the fact: nothing could leave earlier, and facts
//! that belong together (a receipt, what it closed) come by several feeds, in no order.

use calendar::{Date, Timestamp};

use crate::domain::code::Level;
use crate::domain::contact::ContactPolicy;
use crate::domain::decision::{Decision, Findings};
use crate::domain::hold::Hold;
use crate::domain::invoice::CaseInvoice;
use crate::domain::ladder::{Ladder, Rung};
use crate::domain::letter::StepReference;
use crate::domain::promise::Promise;
use crate::domain::reason::Reason;
use crate::domain::situation::Situation;
use crate::domain::strategy::{NextStep, StepTrigger, StrategyVersion};
use crate::domain::zones::Zones;

/// What is planned next for a case.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NextAction {
    /// When the case is looked at again.
    pub action_time: Timestamp,
    /// The step that is due then; none when only a hold ends or a promise is judged.
    pub step: Option<StepReference>,
    /// Why then and not earlier.
    pub decision: Decision,
}

/// What a plan is made from, besides the situation of the case.
#[derive(Debug, Clone, Copy)]
pub struct Planning<'a> {
    /// What is known of the case.
    pub situation: Situation<'a>,
    /// The strategy in force for the customer, with the ladder of the debtor.
    pub strategy: Option<(&'a StrategyVersion, &'a Ladder<'a>)>,
    /// The promises of the case; judged ones may be left out.
    pub promises: &'a [Promise],
    /// The zones in which the debtor may be.
    pub zones: &'a Zones,
    /// The contact policy that counts for the debtor.
    pub policy: Option<&'a ContactPolicy>,
    /// Now.
    pub now: Timestamp,
}

/// A reason to look, before the earliest is chosen.
struct Look<'a> {
    time: Timestamp,
    rung: Option<Rung<'a>>,
    rule_id: &'static str,
    explanation: String,
}

/// When a case is looked at next; none when nothing will happen by itself.
#[must_use]
pub fn next_action(planning: &Planning<'_>) -> Option<NextAction> {
    let first_day = planning.first_day();
    let steps = planning.step_looks(|invoice| {
        let kept_out = invoice.kept_out.map(|mark| mark.level);
        Some((first_day, kept_out.unwrap_or(Level::NONE)))
    });
    let holds = planning
        .situation
        .holds
        .iter()
        .filter_map(|hold| planning.hold_look(hold));
    let promises = planning
        .promises
        .iter()
        .filter_map(|promise| planning.promise_look(promise));
    // Of several at the same instant the gravest step is told, and a step before an ending.
    let next = steps
        .into_iter()
        .chain(holds)
        .chain(promises)
        .min_by_key(|look| {
            let level = look.rung.map_or(Level::NONE, |rung| rung.level);
            (look.time, std::cmp::Reverse(level))
        })?;
    Some(planning.told(next))
}

/// When steps that were kept out are judged anew, because a fact changed that may have set them free:
/// on the next day where a person could not do them.
#[must_use]
pub fn look_again(planning: &Planning<'_>) -> Option<Timestamp> {
    let first_day = planning.first_day();
    let tomorrow = planning.zones.local_date(planning.now).tomorrow();
    let looks = planning.step_looks(|invoice| {
        let from = match invoice.kept_out?.reason {
            Reason::NotDone => first_day.max(*tomorrow.as_ref().ok()?),
            _ => first_day,
        };
        Some((from, Level::NONE))
    });
    looks.iter().map(|look| look.time).min()
}

/// The earliest next step of a case, with its day: what an activation compares before and after.
/// Holds are left aside, since they do not change with the strategy.
#[must_use]
pub fn next_step(
    invoices: &[CaseInvoice],
    ladder: &Ladder<'_>,
    version: &StrategyVersion,
    last_message: Option<Date>,
    today: Date,
) -> Option<NextStep> {
    let upcoming = invoices
        .iter()
        .filter_map(|invoice| ladder.upcoming(&invoice.climb()?, last_message, today, Level::NONE));
    let (rung, date) =
        upcoming.min_by_key(|(rung, date)| (*date, std::cmp::Reverse(rung.level)))?;
    Some(NextStep {
        strategy_code: version.strategy_code.clone(),
        step_code: rung.step.step_code.clone(),
        date,
    })
}

impl<'a> Planning<'a> {
    /// The next step of each invoice that is asked for, from a day on and above a level.
    fn step_looks(&self, after: impl Fn(&CaseInvoice) -> Option<(Date, Level)>) -> Vec<Look<'a>> {
        let Some((version, ladder)) = self.strategy else {
            return Vec::new();
        };
        if version.definition.step_trigger == StepTrigger::DunningRun {
            return Vec::new();
        }
        // What is on its way has a timer of its own, and plans anew when it has come to its end.
        if self.situation.has_message_under_way() {
            return Vec::new();
        }
        let free = self
            .situation
            .invoices
            .iter()
            .filter(|invoice| !self.situation.waits_for_outcome(invoice.invoice_id));
        free.filter_map(|invoice| self.step_look(invoice, ladder, after(invoice)?))
            .collect()
    }

    /// Today, or the day after the last for which the case had its message (DU-9).
    fn first_day(&self) -> Date {
        let today = self.zones.local_date(self.now);
        let counted = self
            .situation
            .messages
            .iter()
            .filter(|message| !message.state.left_no_trace());
        let after = counted.filter_map(|message| message.step_date.tomorrow().ok());
        after.max().map_or(today, |after| after.max(today))
    }

    fn step_look(
        &self,
        invoice: &CaseInvoice,
        ladder: &Ladder<'a>,
        (from, beyond): (Date, Level),
    ) -> Option<Look<'a>> {
        let climb = invoice.climb()?;
        let last_message = self.situation.last_message;
        let (rung, date) = ladder.upcoming(&climb, last_message, from, beyond)?;
        let day_begins = self.zones.start_of_day(date).ok()?.max(self.now);
        Some(Look {
            time: self.permitted_from(rung, day_begins),
            rung: Some(rung),
            rule_id: "DU-3",
            explanation: format!("level {} is due on {date}", rung.level),
        })
    }

    /// The first permitted minute; where none ever comes, the day itself, so that the step is
    /// reported as suppressed and not forgotten (P14).
    fn permitted_from(&self, rung: Rung<'_>, from: Timestamp) -> Timestamp {
        let permitted = self.policy.and_then(|policy| {
            let zones = self.zones.candidates();
            policy
                .definition
                .first_permitted(rung.step.channel, zones, from)
                .ok()
        });
        permitted.unwrap_or(from)
    }

    fn hold_look(&self, hold: &Hold) -> Option<Look<'a>> {
        let free_from = hold.free_from()?;
        Some(Look {
            time: self.zones.start_of_day(free_from).ok()?.max(self.now),
            rung: None,
            rule_id: "P18",
            explanation: format!("a hold for {} ends", hold.reason),
        })
    }

    fn promise_look(&self, promise: &Promise) -> Option<Look<'a>> {
        let judged_on = promise.state.is_running().then(|| promise.judged_on())??;
        Some(Look {
            time: self.zones.start_of_day(judged_on).ok()?.max(self.now),
            rung: None,
            rule_id: "PR-2",
            explanation: "a promise is judged".to_owned(),
        })
    }

    fn told(&self, next: Look<'_>) -> NextAction {
        let mut findings = Findings::new();
        findings.rule(next.rule_id, true, next.explanation);
        findings.fact("action_time", next.time);
        let outcome = match (next.rung, next.rule_id) {
            (Some(_), _) => "STEP_PLANNED",
            (None, "P18") => "HOLD_ENDS",
            (None, _) => "PROMISE_JUDGED",
        };
        let version = self
            .strategy
            .map(|(version, _)| version.name())
            .unwrap_or_default();
        NextAction {
            action_time: next.time,
            step: next.rung.map(StepReference::of),
            decision: findings.conclude(outcome, &version, self.now),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::{BTreeMap, BTreeSet};

    use super::*;
    use crate::domain::debtor::DebtorKind;
    use crate::domain::hold::{HoldReason, HoldScope, NewHold};
    use crate::domain::id::HoldId;
    use crate::domain::message::MessageState;
    use crate::domain::samples::{self, eur, instant, invoice, invoice_id};
    use crate::domain::situation::MessageOnCase;

    // A Monday.
    const DUE: Date = Date::constant(2026, 3, 2);

    struct Known {
        invoices: Vec<CaseInvoice>,
        holds: Vec<Hold>,
        messages: Vec<MessageOnCase>,
        promises: Vec<Promise>,
        trigger: StepTrigger,
        now: &'static str,
    }

    impl Default for Known {
        fn default() -> Self {
            Self {
                invoices: vec![invoice(1, DUE, eur("100.00"))],
                holds: Vec::new(),
                messages: Vec::new(),
                promises: Vec::new(),
                trigger: StepTrigger::Timer,
                now: "2026-03-03T12:00+01:00",
            }
        }
    }

    fn plan(known: &Known) -> Option<NextAction> {
        planned(known, next_action)
    }

    fn planned<T>(known: &Known, plan: impl Fn(&Planning<'_>) -> T) -> T {
        let mut version = samples::strategy_version(&[5, 20]);
        version.definition.step_trigger = known.trigger;
        let ladder = Ladder::new(&version.definition, DebtorKind::Business, "DE");
        let zones = samples::debtor().zones();
        let policy = samples::policy();
        plan(&Planning {
            situation: Situation {
                invoices: &known.invoices,
                holds: &known.holds,
                unapplied: &BTreeMap::new(),
                messages: &known.messages,
                last_message: None,
            },
            strategy: Some((&version, &ladder)),
            promises: &known.promises,
            zones: &zones,
            policy: Some(&policy),
            now: instant(known.now),
        })
    }

    fn time(known: &Known) -> Option<Timestamp> {
        plan(known).map(|next| next.action_time)
    }

    fn hold(end: Date) -> Hold {
        let new = NewHold {
            hold_id: HoldId::new(samples::uuid(7)),
            scope: HoldScope::Invoices(BTreeSet::from([invoice_id(1)])),
            reason: HoldReason::Manual,
            end_date: Some(end),
            note: String::new(),
            by: "ann".to_owned(),
            at: Timestamp::UNIX_EPOCH,
        };
        Hold::place_by_person(&samples::case(), new, DUE).unwrap().0
    }

    #[test]
    fn a_step_is_planned_for_the_first_permitted_minute_of_its_day() {
        // Five days after Monday the 2nd is a Saturday; the office opens on Monday.
        let next = plan(&Known::default()).unwrap();
        assert_eq!(next.action_time, instant("2026-03-09T09:00+01:00"));
        assert_eq!(next.step.unwrap().level, Level::new(1));
        assert_eq!(next.decision.outcome, "STEP_PLANNED");
    }

    #[test]
    fn p22_over_the_change_of_the_clocks_the_office_opens_at_nine() {
        // Due 24 March; the step's day is Sunday 29 March, when the clocks go forward.
        let known = Known {
            invoices: vec![invoice(1, Date::constant(2026, 3, 24), eur("100.00"))],
            ..Known::default()
        };
        assert_eq!(time(&known), Some(instant("2026-03-30T09:00+02:00")));
    }

    #[test]
    fn a_due_step_is_looked_at_now_or_at_the_next_opening() {
        let overdue = |now| Known {
            now,
            ..Known::default()
        };
        let noon = "2026-03-10T12:00+01:00";
        assert_eq!(time(&overdue(noon)), Some(instant(noon)));
        let night = "2026-03-10T23:00+01:00";
        assert_eq!(
            time(&overdue(night)),
            Some(instant("2026-03-11T09:00+01:00"))
        );
    }

    #[test]
    fn du_9_after_the_message_of_the_day_comes_another_day() {
        let known = Known {
            now: "2026-03-10T12:00+01:00",
            messages: vec![MessageOnCase {
                state: MessageState::Sent,
                step_date: Date::constant(2026, 3, 10),
                invoice_ids: vec![invoice_id(2)],
            }],
            ..Known::default()
        };
        assert_eq!(time(&known), Some(instant("2026-03-11T09:00+01:00")));
    }

    #[test]
    fn p14_what_was_reported_as_kept_out_waits_for_the_next_step_or_a_fact() {
        let mut known = Known {
            now: "2026-03-10T12:00+01:00",
            holds: vec![hold(Date::constant(2026, 4, 30))],
            ..Known::default()
        };
        known.invoices[0].keep_out(Level::new(1), Reason::Manual);
        let next = plan(&known).unwrap();
        // Level 2: twenty days after the due date, on a Sunday.
        assert_eq!(next.action_time, instant("2026-03-23T09:00+01:00"));
        known.holds = vec![hold(Date::constant(2026, 3, 15))];
        let next = plan(&known).unwrap();
        assert_eq!(next.action_time, instant("2026-03-16T00:00+01:00"));
        assert_eq!(
            (next.step, next.decision.outcome.as_str()),
            (None, "HOLD_ENDS")
        );
    }

    #[test]
    fn cc_11_a_fact_has_what_was_kept_out_judged_when_it_may_leave() {
        let mut known = Known {
            now: "2026-03-10T06:30+01:00",
            ..Known::default()
        };
        let again = |known: &Known| planned(known, look_again);
        assert_eq!(again(&known), None);
        known.invoices[0].keep_out(Level::new(1), Reason::Promise);
        assert_eq!(again(&known), Some(instant("2026-03-10T09:00+01:00")));
        known.now = "2026-03-10T09:30+01:00";
        assert_eq!(again(&known), Some(instant(known.now)));
        known.invoices[0].keep_out(Level::new(1), Reason::NotDone);
        assert_eq!(again(&known), Some(instant("2026-03-11T09:00+01:00")));
        // What is not due any more is not judged.
        known.invoices = vec![invoice(1, DUE, eur("0.00"))];
        known.invoices[0].keep_out(Level::new(1), Reason::Promise);
        assert_eq!(again(&known), None);
    }

    #[test]
    fn pr_2_a_promise_is_judged_on_the_day_after_its_grace() {
        let known = Known {
            promises: vec![samples::promise(
                1,
                &[1],
                eur("50.00"),
                Date::constant(2026, 3, 4),
            )],
            ..Known::default()
        };
        let next = plan(&known).unwrap();
        assert_eq!(next.action_time, instant("2026-03-07T00:00+01:00"));
        assert_eq!(next.decision.outcome, "PROMISE_JUDGED");
    }

    #[test]
    fn du_1_a_step_with_a_person_plans_nothing_for_its_invoices() {
        let known = Known {
            now: "2026-03-10T12:00+01:00",
            messages: vec![MessageOnCase {
                state: MessageState::WithPerson,
                step_date: Date::constant(2026, 3, 9),
                invoice_ids: vec![invoice_id(1)],
            }],
            ..Known::default()
        };
        assert_eq!(plan(&known), None);
    }

    #[test]
    fn while_a_message_is_on_its_way_no_other_is_planned() {
        let known = Known {
            now: "2026-03-10T12:00+01:00",
            messages: vec![MessageOnCase {
                state: MessageState::Queued,
                step_date: Date::constant(2026, 3, 9),
                invoice_ids: vec![invoice_id(2)],
            }],
            ..Known::default()
        };
        assert_eq!(plan(&known), None);
    }

    #[test]
    fn between_runs_nothing_is_planned_but_endings() {
        let known = Known {
            trigger: StepTrigger::DunningRun,
            ..Known::default()
        };
        assert_eq!(plan(&known), None);
        let settled = Known {
            invoices: vec![invoice(1, DUE, eur("0.00"))],
            ..Known::default()
        };
        assert_eq!(plan(&settled), None);
    }
}
