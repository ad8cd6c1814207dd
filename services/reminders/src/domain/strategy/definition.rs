//! Owns what one version of a strategy says, and what makes it contradict itself.

use std::collections::BTreeSet;

use money::{Money, Rate};
use serde::{Deserialize, Serialize};

use crate::domain::code::{Code, Level};
use crate::domain::debtor::{Channel, DebtorKind};
use crate::domain::named::named;

named! {
    /// What sets a step off.
    pub enum StepTrigger {
        /// The case's timer, on the step's day, at the first permitted minute.
        Timer = "TIMER",
        /// A dunning run that somebody starts; between runs nothing leaves.
        DunningRun = "DUNNING_RUN",
    }
}

/// What one version of a strategy says. Stored as it is, and never changed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StrategyDefinition {
    /// The segments it serves; none: every customer whose segment no other strategy names.
    pub segments: BTreeSet<String>,
    /// What sets a step off.
    pub step_trigger: StepTrigger,
    /// The steps from the mildest to the gravest; the place, from 1 on, is the level.
    pub steps: Vec<Step>,
    /// How promises are judged.
    pub promise_terms: PromiseTerms,
}

/// One rung of the ladder.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Step {
    /// Short name, unique in the version.
    pub step_code: Code,
    /// Days after the due date; negative before it.
    pub offset_days: i32,
    /// How the customer is addressed.
    pub channel: Channel,
    /// Short name of the template; a call may do without.
    pub template_code: Option<Code>,
    /// When the step may be taken.
    pub condition: StepCondition,
    /// The least that must be asked for, each currency at most once (DU-9).
    pub minimum_amounts: Vec<Money>,
}

/// When a step may be taken. Everything that is set must hold.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct StepCondition {
    /// Only debtors of these kinds; none: of any.
    pub debtor_kinds: BTreeSet<DebtorKind>,
    /// Only debtors in these countries; none: in any.
    pub country_codes: BTreeSet<String>,
    /// Only invoices that have had the step before (DU-3).
    pub needs_previous_step: bool,
    /// At least so many days since the customer's last message (DU-5).
    pub min_days_since_last_message: i32,
}

/// How promises to pay are judged (PR-1 to PR-4).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PromiseTerms {
    /// Days after the promised date within which money still counts.
    pub grace_days: i32,
    /// Part of the promised sum that may be missing.
    pub tolerance: Rate,
    /// How many days ahead a promise may reach.
    pub max_days_ahead: i32,
    /// Take the next step at once when a promise is broken.
    pub escalate_when_broken: bool,
}

/// One thing that is wrong with a definition.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    /// Where, as a path in the definition: `steps[2].offset_days`.
    pub field: String,
    /// What, for the person who wrote it.
    pub problem: &'static str,
}

impl Step {
    /// Whether it is meant for debtors of this kind in this country.
    #[must_use]
    pub fn is_for(&self, kind: DebtorKind, country_code: &str) -> bool {
        let StepCondition {
            debtor_kinds,
            country_codes,
            ..
        } = &self.condition;
        (debtor_kinds.is_empty() || debtor_kinds.contains(&kind))
            && (country_codes.is_empty() || country_codes.contains(country_code))
    }

    /// The least that must be asked for in the currency of `amount`, if there is such a rule.
    #[must_use]
    pub fn minimum_like(&self, amount: Money) -> Option<Money> {
        let same = |minimum: &&Money| minimum.currency() == amount.currency();
        self.minimum_amounts.iter().find(same).copied()
    }
}

impl StrategyDefinition {
    /// The step of a level; none above the last.
    #[must_use]
    pub fn step(&self, level: Level) -> Option<&Step> {
        let place = usize::from(level.number()).checked_sub(1)?;
        self.steps.get(place)
    }

    /// Everything that is wrong with it; nothing: it may be stored.
    #[must_use]
    pub fn faults(&self) -> Vec<Fault> {
        let mut faults = Faults(Vec::new());
        faults.unless(
            (1..=50).contains(&self.steps.len()),
            "steps",
            "a strategy has 1 to 50 steps",
        );
        for (place, step) in self.steps.iter().enumerate() {
            let before = self.steps.get(..place).unwrap_or_default();
            faults.of_step(&format!("steps[{place}]"), step, before);
        }
        faults.of_promises(&self.promise_terms);
        faults.0
    }
}

/// Faults while they are collected.
struct Faults(Vec<Fault>);

impl Faults {
    fn unless(&mut self, holds: bool, field: &str, problem: &'static str) {
        if !holds {
            self.0.push(Fault {
                field: field.to_owned(),
                problem,
            });
        }
    }

    fn of_step(&mut self, path: &str, step: &Step, before: &[Step]) {
        let at = |field: &str| format!("{path}.{field}");
        self.unless(
            (-60..=730).contains(&step.offset_days),
            &at("offset_days"),
            "from -60 to 730",
        );
        self.unless(
            before
                .last()
                .is_none_or(|last| last.offset_days < step.offset_days),
            &at("offset_days"),
            "greater than that of the step before",
        );
        self.unless(
            before.iter().all(|other| other.step_code != step.step_code),
            &at("step_code"),
            "each code once",
        );
        self.unless(
            step.template_code.is_some() || step.channel == Channel::Call,
            &at("template_code"),
            "required for e-mail and letter",
        );
        self.unless(
            (0..=366).contains(&step.condition.min_days_since_last_message),
            &at("condition.min_days_since_last_message"),
            "from 0 to 366",
        );
        for (place, minimum) in step.minimum_amounts.iter().enumerate() {
            let field = at(&format!("minimum_amounts[{place}]"));
            let others = step.minimum_amounts.get(..place).unwrap_or_default();
            let once = others
                .iter()
                .all(|other| other.currency() != minimum.currency());
            self.unless(once, &field, "each currency once");
            self.unless(!minimum.is_negative(), &field, "not negative");
        }
    }

    fn of_promises(&mut self, terms: &PromiseTerms) {
        self.unless(
            (0..=30).contains(&terms.grace_days),
            "promise_terms.grace_days",
            "from 0 to 30",
        );
        self.unless(
            Rate::ZERO <= terms.tolerance && terms.tolerance < Rate::ONE,
            "promise_terms.tolerance_ratio",
            "from 0 to below 1",
        );
        self.unless(
            (1..=365).contains(&terms.max_days_ahead),
            "promise_terms.max_days_ahead",
            "from 1 to 365",
        );
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::samples::{self, eur, step};

    #[test]
    fn a_sound_definition_has_no_faults() {
        assert_eq!(samples::definition(&[-3, 5, 20, 40]).faults(), []);
    }

    #[test]
    fn every_contradiction_is_told_with_its_place() {
        let mut definition = samples::definition(&[5, 5, 800]);
        definition.steps[1].step_code = definition.steps[0].step_code.clone();
        definition.steps[2].template_code = None;
        definition.steps[2].minimum_amounts = vec![eur("10.00"), eur("5.00")];
        definition.promise_terms.grace_days = 31;
        definition.promise_terms.tolerance = Rate::ONE;
        let found = definition.faults();
        let fields: Vec<&str> = found.iter().map(|fault| fault.field.as_str()).collect();
        assert_eq!(
            fields,
            [
                "steps[1].offset_days",
                "steps[1].step_code",
                "steps[2].offset_days",
                "steps[2].template_code",
                "steps[2].minimum_amounts[1]",
                "promise_terms.grace_days",
                "promise_terms.tolerance_ratio",
            ]
        );
        assert_eq!(samples::definition(&[]).faults()[0].field, "steps");
    }

    #[test]
    fn levels_are_the_places_of_the_steps() {
        let definition = samples::definition(&[5, 20]);
        assert_eq!(definition.step(Level::NONE), None);
        assert_eq!(definition.step(Level::new(2)).unwrap().offset_days, 20);
        assert_eq!(definition.step(Level::new(3)), None);
    }

    #[test]
    fn conditions_pick_debtors_by_kind_and_country() {
        let mut step = step("call", 10);
        assert!(step.is_for(DebtorKind::Consumer, "DE"));
        step.condition.debtor_kinds.insert(DebtorKind::Business);
        assert!(!step.is_for(DebtorKind::Consumer, "DE"));
        step.condition.country_codes.insert("FR".to_owned());
        assert!(!step.is_for(DebtorKind::Business, "DE"));
        assert!(step.is_for(DebtorKind::Business, "FR"));
    }

    #[test]
    fn a_definition_is_stored_and_read_back() {
        let definition = samples::definition(&[-3, 5]);
        let json = serde_json::to_value(&definition).unwrap();
        assert_eq!(json["promise_terms"]["tolerance"], "0.05");
        assert_eq!(
            serde_json::from_value::<StrategyDefinition>(json).unwrap(),
            definition
        );
    }
}
