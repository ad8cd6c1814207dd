//! Owns the climb of one invoice: which step is due on a day, and on which day the next one will be.
//! Days are days in the debtor's zone. Must not know amounts, holds or contact rules.
//!
//! The rules, in the order in which they are asked:
//!
//! - A step's day is the oldest unpaid due date plus its offset; when that date moves, so do the
//!   days of all steps still to come (P21).
//! - Only steps above the level reached; a step before the due date lapses with it.
//! - A step that needs the one before it waits until that one was taken (DU-3). Steps that are not
//!   for this debtor, and steps that have lapsed, are nobody's predecessor.
//! - Of several the gravest; the milder ones are passed over and never sent late (DU-9). With steps
//!   that need the one before, this is the first later one that passes (DU-1).
//! - A step whose customer had a message too recently is put off, not replaced (DU-5).
//! - After a broken promise the next step of an overdue invoice is due at once (PR-4).

use std::collections::BTreeSet;

use calendar::{Date, add_days};

use crate::domain::code::Level;
use crate::domain::debtor::DebtorKind;
use crate::domain::strategy::{Step, StrategyDefinition};

/// The steps of a strategy that are meant for one debtor.
#[derive(Debug, Clone)]
pub struct Ladder<'a> {
    rungs: Vec<Rung<'a>>,
}

/// A step with its level.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rung<'a> {
    /// Its place in the strategy, from 1 on.
    pub level: Level,
    /// What it says.
    pub step: &'a Step,
}

/// How far up one invoice is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Climb {
    /// The oldest due date with an open amount: the steps count from it.
    pub due_date: Date,
    /// The level reached by what is due then.
    pub level: Level,
    /// From this day on the next step does not wait for its own day (PR-4).
    pub expedited_from: Option<Date>,
}

/// A step that is due.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Due<'a> {
    /// It may be taken.
    Now(Rung<'a>),
    /// The customer had a message too recently: not before this day (DU-5).
    From(Rung<'a>, Date),
}

impl<'a> Ladder<'a> {
    /// The ladder of a debtor of this kind in this country.
    #[must_use]
    pub fn new(definition: &'a StrategyDefinition, kind: DebtorKind, country_code: &str) -> Self {
        let steps = definition.steps.iter().enumerate();
        let rungs = steps
            .filter(|(_, step)| step.is_for(kind, country_code))
            .map(|(place, step)| Rung {
                level: Level::of_place(place),
                step,
            });
        Self {
            rungs: rungs.collect(),
        }
    }

    /// The step that is due on a day, if any. `last_message` is the day of the customer's last
    /// message.
    #[must_use]
    pub fn due(&self, climb: &Climb, last_message: Option<Date>, on: Date) -> Option<Due<'a>> {
        let later = |rung: &&Rung<'a>| rung.level > climb.level && !has_lapsed(rung, climb, on);
        let next = self.rungs.iter().find(later)?;
        let at_once = climb.expedited_from.is_some_and(|from| from <= on) && climb.due_date < on;
        let gravest = self
            .rungs
            .iter()
            .filter(later)
            .filter(|rung| day_has_come(rung, climb, on) || (at_once && *rung == next))
            .rfind(|rung| self.may_follow(rung, climb, on))?;
        Some(match free_from(gravest, last_message) {
            Some(from) if on < from => Due::From(*gravest, from),
            _ => Due::Now(*gravest),
        })
    }

    /// The first step above `beyond` that may be taken on `from` or later, with its day, if nothing
    /// else changes.
    #[must_use]
    pub fn upcoming(
        &self,
        climb: &Climb,
        last_message: Option<Date>,
        from: Date,
        beyond: Level,
    ) -> Option<(Rung<'a>, Date)> {
        // What is due changes on these days only; being put off adds the day it ends.
        let mut days: BTreeSet<Date> = self
            .rungs
            .iter()
            .filter_map(|rung| day_of(rung, climb.due_date))
            .chain(climb.expedited_from)
            .chain(climb.due_date.tomorrow().ok())
            .chain([from])
            .filter(|day| *day >= from)
            .collect();
        while let Some(day) = days.pop_first() {
            match self.due(climb, last_message, day) {
                Some(Due::Now(rung)) if rung.level > beyond => return Some((rung, day)),
                Some(Due::From(_, later)) => {
                    days.insert(later);
                }
                _ => {}
            }
        }
        None
    }

    /// The level that something due on `due_date` has come to by its age alone.
    #[must_use]
    pub fn level_by_age(&self, due_date: Date, on: Date) -> Level {
        let has_come = |rung: &&Rung<'_>| day_of(rung, due_date).is_some_and(|day| day <= on);
        let gravest = self.rungs.iter().rfind(has_come);
        gravest.map_or(Level::NONE, |rung| rung.level)
    }

    /// Whether no step of this debtor's lies above a level.
    #[must_use]
    pub fn ends_at(&self, level: Level) -> bool {
        self.rungs.last().is_none_or(|last| last.level <= level)
    }

    /// Whether the step that this one needs, if any, was taken (DU-3).
    fn may_follow(&self, rung: &Rung<'_>, climb: &Climb, on: Date) -> bool {
        let before = |other: &&Rung<'_>| other.level < rung.level && !has_lapsed(other, climb, on);
        !rung.step.condition.needs_previous_step
            || self
                .rungs
                .iter()
                .rfind(before)
                .is_none_or(|previous| previous.level <= climb.level)
    }
}

/// The day of a step; none beyond the end of the calendar.
fn day_of(rung: &Rung<'_>, due_date: Date) -> Option<Date> {
    add_days(due_date, rung.step.offset_days).ok()
}

fn day_has_come(rung: &Rung<'_>, climb: &Climb, on: Date) -> bool {
    day_of(rung, climb.due_date).is_some_and(|day| day <= on)
}

/// A step before the due date has no meaning after it: "will be due" would be wrong.
fn has_lapsed(rung: &Rung<'_>, climb: &Climb, on: Date) -> bool {
    rung.step.offset_days < 0 && climb.due_date < on
}

/// The first day that leaves enough days since the customer's last message (DU-5).
fn free_from(rung: &Rung<'_>, last_message: Option<Date>) -> Option<Date> {
    add_days(
        last_message?,
        rung.step.condition.min_days_since_last_message,
    )
    .ok()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::domain::samples;

    const DUE: Date = Date::constant(2026, 1, 10);

    fn day(offset: i32) -> Date {
        add_days(DUE, offset).unwrap()
    }

    fn climb(level: u8) -> Climb {
        Climb {
            due_date: DUE,
            level: Level::new(level),
            expedited_from: None,
        }
    }

    fn ladder(definition: &StrategyDefinition) -> Ladder<'_> {
        Ladder::new(definition, DebtorKind::Business, "DE")
    }

    fn level_due(definition: &StrategyDefinition, reached: u8, offset: i32) -> Option<u8> {
        match ladder(definition).due(&climb(reached), None, day(offset))? {
            Due::Now(rung) => Some(rung.level.number()),
            Due::From(..) => None,
        }
    }

    /// 5/20/40, each step needing the one before: Tryton's procedure.
    fn tryton() -> StrategyDefinition {
        let mut definition = samples::definition(&[5, 20, 40]);
        for step in &mut definition.steps {
            step.condition.needs_previous_step = true;
        }
        definition
    }

    #[test]
    fn du_1_levels_come_on_their_days_and_one_after_the_other() {
        let levels = tryton();
        assert_eq!(level_due(&levels, 0, 4), None);
        assert_eq!(level_due(&levels, 0, 5), Some(1));
        // Processed: level 1 on day 5, level 2 on day 30, level 3 on day 50, then the end.
        assert_eq!(level_due(&levels, 1, 19), None);
        assert_eq!(level_due(&levels, 1, 30), Some(2));
        assert_eq!(level_due(&levels, 2, 39), None);
        assert_eq!(level_due(&levels, 2, 50), Some(3));
        assert_eq!(level_due(&levels, 3, 400), None);
        assert!(ladder(&levels).ends_at(Level::new(3)));
        assert!(!ladder(&levels).ends_at(Level::new(2)));
    }

    #[test]
    fn du_1_the_next_level_is_the_first_later_one_not_the_highest() {
        assert_eq!(level_due(&tryton(), 0, 60), Some(1));
        assert_eq!(level_due(&tryton(), 1, 60), Some(2));
    }

    #[test]
    fn du_3_level_n_needs_the_one_before() {
        let mut definition = samples::definition(&[5, 20, 40]);
        definition.steps[2].condition.needs_previous_step = true;
        // Level 2 follows the calendar and catches up; level 3 waits for it.
        assert_eq!(level_due(&definition, 0, 60), Some(2));
        assert_eq!(level_due(&definition, 1, 60), Some(2));
        assert_eq!(level_due(&definition, 2, 60), Some(3));
    }

    #[test]
    fn du_3_days_after_the_previous_reminder() {
        // Due 10 Jan 2026: 10 days net is 20 Jan; then ten days after the reminder.
        let mut definition = samples::definition(&[10, 11]);
        definition.steps[1].condition.needs_previous_step = true;
        definition.steps[1].condition.min_days_since_last_message = 10;
        let ladder = ladder(&definition);
        let first = ladder.upcoming(&climb(0), None, DUE, Level::NONE).unwrap();
        assert_eq!(first.1, Date::constant(2026, 1, 20));
        let sent = Date::constant(2026, 2, 28);
        let second = ladder
            .upcoming(&climb(1), Some(sent), sent, Level::NONE)
            .unwrap();
        assert_eq!(
            (second.0.level.number(), second.1),
            (2, Date::constant(2026, 3, 10))
        );
    }

    #[test]
    fn du_9_after_an_outage_only_the_current_step_is_sent() {
        let definition = samples::definition(&[5, 20, 40]);
        assert_eq!(level_due(&definition, 0, 45), Some(3));
        assert_eq!(level_due(&definition, 3, 45), None);
    }

    #[test]
    fn du_5_too_recent_a_message_puts_off_and_does_not_skip() {
        let mut definition = samples::definition(&[5, 20]);
        definition.steps[1].condition.min_days_since_last_message = 7;
        let ladder = ladder(&definition);
        let last = Some(day(18));
        let Some(Due::From(rung, from)) = ladder.due(&climb(0), last, day(20)) else {
            panic!("put off");
        };
        // Level 2 is put off; level 1, which has no such rule, is not sent instead.
        assert_eq!((rung.level.number(), from), (2, day(25)));
        assert_eq!(ladder.due(&climb(0), last, day(25)), Some(Due::Now(rung)));
        let upcoming = ladder.upcoming(&climb(1), last, day(19), Level::NONE);
        assert_eq!(upcoming, Some((rung, day(25))));
    }

    #[test]
    fn dd_10_a_step_on_the_due_date_and_one_after_it() {
        let definition = samples::definition(&[0, 1]);
        assert_eq!(level_due(&definition, 0, -1), None);
        assert_eq!(level_due(&definition, 0, 0), Some(1));
        assert_eq!(level_due(&definition, 0, 1), Some(2));
    }

    #[test]
    fn p21_a_step_before_the_due_date_lapses_with_it_and_holds_nobody_up() {
        let mut definition = samples::definition(&[-5, 5]);
        definition.steps[1].condition.needs_previous_step = true;
        assert_eq!(level_due(&definition, 0, -6), None);
        assert_eq!(level_due(&definition, 0, -5), Some(1));
        assert_eq!(level_due(&definition, 0, 0), Some(1));
        assert_eq!(level_due(&definition, 0, 1), None);
        assert_eq!(level_due(&definition, 0, 5), Some(2));
    }

    #[test]
    fn a_step_for_other_debtors_is_nobodys_predecessor() {
        let mut definition = samples::definition(&[5, 10, 20]);
        definition.steps[1]
            .condition
            .debtor_kinds
            .insert(DebtorKind::Consumer);
        definition.steps[2].condition.needs_previous_step = true;
        assert_eq!(level_due(&definition, 1, 15), None);
        assert_eq!(level_due(&definition, 1, 20), Some(3));
        let consumer = Ladder::new(&definition, DebtorKind::Consumer, "DE");
        let due = consumer.due(&climb(1), None, day(20));
        assert!(matches!(due, Some(Due::Now(rung)) if rung.level == Level::new(2)));
    }

    #[test]
    fn pr_4_after_a_broken_promise_the_next_step_is_due_at_once() {
        let definition = samples::definition(&[5, 20, 40]);
        let ladder = ladder(&definition);
        let broken = Climb {
            expedited_from: Some(day(8)),
            ..climb(1)
        };
        assert_eq!(ladder.due(&broken, None, day(7)), None);
        let due = ladder.due(&broken, None, day(8));
        assert!(matches!(due, Some(Due::Now(rung)) if rung.level == Level::new(2)));
        assert_eq!(
            ladder
                .upcoming(&broken, None, day(6), Level::NONE)
                .unwrap()
                .1,
            day(8)
        );
        // What is not overdue yet is not hurried.
        let early = Climb {
            expedited_from: Some(day(-8)),
            ..climb(0)
        };
        assert_eq!(ladder.due(&early, None, day(0)), None);
        assert_eq!(
            ladder
                .upcoming(&early, None, day(-8), Level::NONE)
                .unwrap()
                .1,
            day(1)
        );
    }

    fn definitions() -> impl Strategy<Value = StrategyDefinition> {
        let step = (any::<bool>(), 0..3i32, any::<bool>());
        (
            prop::collection::btree_set(-10..60i32, 1..7),
            prop::collection::vec(step, 7),
        )
            .prop_map(|(offsets, steps)| {
                let offsets: Vec<i32> = offsets.into_iter().collect();
                let mut definition = samples::definition(&offsets);
                for (step, (needs, min_days, consumers)) in definition.steps.iter_mut().zip(steps) {
                    step.condition.needs_previous_step = needs;
                    step.condition.min_days_since_last_message = min_days * 6;
                    if consumers {
                        step.condition.debtor_kinds.insert(DebtorKind::Consumer);
                    }
                }
                definition
            })
    }

    proptest! {
        #![proptest_config(samples::config())]

        #[test]
        fn p21_the_planned_day_is_the_first_on_which_a_step_is_due(
            definition in definitions(),
            level in 0u8..8,
            expedited in prop::option::of(-10..60i32),
            last in prop::option::of(-20..60i32),
            from in -15..70i32,
            beyond in 0u8..8,
        ) {
            let ladder = ladder(&definition);
            let climb = Climb { expedited_from: expedited.map(day), ..climb(level) };
            let last = last.map(day);
            let naive = (from..500).find_map(|offset| match ladder.due(&climb, last, day(offset)) {
                Some(Due::Now(rung)) if rung.level.number() > beyond => Some((rung, day(offset))),
                _ => None,
            });
            prop_assert_eq!(ladder.upcoming(&climb, last, day(from), Level::new(beyond)), naive);
        }
    }
}
