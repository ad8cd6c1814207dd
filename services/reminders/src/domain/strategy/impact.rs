//! Owns what putting a version in force changes for the cases it serves, counted by step.

use std::collections::BTreeMap;

use calendar::Date;

use crate::domain::code::Code;

/// What is next for a case: a step of a strategy on a day.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NextStep {
    /// The strategy.
    pub strategy_code: Code,
    /// The step.
    pub step_code: Code,
    /// Its day, in the debtor's zone.
    pub date: Date,
}

/// What an activation changes, over all cases with something owed.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct StrategyImpact {
    case_count: u32,
    changed_case_count: u32,
    shifts: BTreeMap<(Option<String>, Option<String>), u32>,
}

/// How many cases go from one next step to another.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StepShift {
    /// Before, as `standard/reminder-1`.
    pub from_step: Option<String>,
    /// After.
    pub to_step: Option<String>,
    /// How many cases.
    pub case_count: u32,
}

impl StrategyImpact {
    /// Counts one case, with what was next and what would be.
    pub fn count(&mut self, before: Option<&NextStep>, after: Option<&NextStep>) {
        self.case_count = self.case_count.saturating_add(1);
        if before == after {
            return;
        }
        self.changed_case_count = self.changed_case_count.saturating_add(1);
        let name = |next: &NextStep| format!("{}/{}", next.strategy_code, next.step_code);
        let shift = self
            .shifts
            .entry((before.map(name), after.map(name)))
            .or_default();
        *shift = shift.saturating_add(1);
    }

    /// Cases that the version serves.
    #[must_use]
    pub fn case_count(&self) -> u32 {
        self.case_count
    }

    /// Those whose next step, its day or its strategy changes.
    #[must_use]
    pub fn changed_case_count(&self) -> u32 {
        self.changed_case_count
    }

    /// The changes, by next step before and after; one whose day alone changes goes from a step to
    /// itself.
    #[must_use]
    pub fn shifts(&self) -> Vec<StepShift> {
        let shift = |((from, to), count): (&(Option<String>, Option<String>), &u32)| StepShift {
            from_step: from.clone(),
            to_step: to.clone(),
            case_count: *count,
        };
        self.shifts.iter().map(shift).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn next(step: &str, day: i8) -> NextStep {
        NextStep {
            strategy_code: "standard".parse().unwrap(),
            step_code: step.parse().unwrap(),
            date: Date::constant(2026, 3, day),
        }
    }

    #[test]
    fn cases_are_counted_by_where_they_go() {
        let mut impact = StrategyImpact::default();
        impact.count(Some(&next("first", 1)), Some(&next("first", 1)));
        impact.count(Some(&next("first", 1)), Some(&next("first", 8)));
        impact.count(Some(&next("first", 1)), Some(&next("second", 1)));
        impact.count(Some(&next("first", 2)), Some(&next("second", 2)));
        impact.count(None, Some(&next("first", 1)));
        impact.count(None, None);
        assert_eq!((impact.case_count(), impact.changed_case_count()), (6, 4));
        let shifts = impact.shifts();
        let second = shifts
            .iter()
            .find(|shift| shift.to_step.as_deref() == Some("standard/second"));
        assert_eq!(second.unwrap().case_count, 2);
        assert_eq!(shifts[0].from_step, None);
        assert_eq!(shifts.len(), 3);
    }
}
