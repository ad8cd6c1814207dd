//! Owns the rules that propose placements: what they ask of a debtor and of each invoice, and from
//! which sum on they propose (AY-3). Must not know excluded facts, and must not choose the agency.

use std::collections::{BTreeMap, BTreeSet};

use calendar::{Date, days_past_due};
use money::{Currency, Money, MoneyError};
use serde::{Deserialize, Serialize};

use super::allocation::AgencyShare;
use super::country::Country;
use super::debt::{Debt, Debtor, DebtorKind};
use super::excluded_fact::ExcludedFact;
use super::identity::AgencyId;

/// What a version of the placement policy says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PolicyDefinition {
    /// The rules, asked in order for every customer and currency; the first that fits proposes.
    pub rules: Vec<PlacementRule>,
    /// Facts under which no invoice is placed, besides those that always forbid it.
    pub excluded_facts: BTreeSet<ExcludedFact>,
}

/// A rule that proposes placements.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PlacementRule {
    /// Short name, unique in the version; the rule's identity in decisions.
    pub rule_code: String,
    /// The invoice's oldest open due date lies at least so many days back.
    pub min_days_past_due: i32,
    /// It has reached this level of its ladder, or a higher one; 0: any.
    pub min_level: i32,
    /// It has had the last step of its ladder.
    pub needs_completed_ladder: bool,
    /// Its last step lies at least so many days back; 0: any.
    pub min_days_since_step: i32,
    /// The least sum of the qualifying invoices in a currency; others have no minimum (RD-5).
    pub minimum_amounts: BTreeMap<Currency, Money>,
    /// Only debtors in these countries; empty: in any.
    pub countries: BTreeSet<Country>,
    /// Only customers of these segments; empty: of any.
    pub segments: BTreeSet<String>,
    /// Only debtors of these kinds; empty: of any.
    pub debtor_kinds: BTreeSet<DebtorKind>,
    /// Who gets the debts.
    pub agency_shares: Vec<AgencyShare>,
}

/// Why a definition is refused (PLACEMENT_POLICY_INVALID).
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum DefinitionError {
    /// None, or more than 50.
    #[error("a placement policy has 1 to 50 rules")]
    RuleCount,
    /// A code that is no code.
    #[error("a rule code is a small letter and up to 39 small letters, digits or hyphens")]
    RuleCode,
    /// A code twice.
    #[error("two rules have the code {0}")]
    RuleCodeTwice(String),
    /// A number of days or a level below zero.
    #[error("rule {0} asks for less than nothing")]
    Negative(String),
    /// An amount whose currency is not the one it is listed under, or below zero.
    #[error("rule {0} has a minimum amount that is none")]
    Minimum(String),
    /// Nobody gets the debts.
    #[error("rule {0} names no agency")]
    NoAgency(String),
    /// An agency twice.
    #[error("rule {0} names an agency twice")]
    AgencyTwice(String),
    /// A weight outside its range.
    #[error("a weight of rule {0} is not 1 to 1000")]
    Weight(String),
}

const MAX_RULES: usize = 50;

impl PolicyDefinition {
    /// Checks that it does not contradict itself.
    ///
    /// # Errors
    /// [`DefinitionError`], the first that is found.
    pub fn check(&self) -> Result<(), DefinitionError> {
        if self.rules.is_empty() || self.rules.len() > MAX_RULES {
            return Err(DefinitionError::RuleCount);
        }
        let mut codes = BTreeSet::new();
        for rule in &self.rules {
            rule.check()?;
            if !codes.insert(&rule.rule_code) {
                return Err(DefinitionError::RuleCodeTwice(rule.rule_code.clone()));
            }
        }
        Ok(())
    }

    /// Every agency that it names.
    #[must_use]
    pub fn agencies(&self) -> BTreeSet<AgencyId> {
        let shares = self.rules.iter().flat_map(|rule| &rule.agency_shares);
        shares.map(|share| share.agency_id).collect()
    }
}

/// What a rule found at a customer in one currency.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct RuleFinding<'a> {
    /// The invoices that qualify; none where the customer does not.
    pub(super) qualifying: Vec<&'a Debt>,
    /// Whether the rule is for this customer.
    pub(super) for_debtor: bool,
}

impl PlacementRule {
    fn check(&self) -> Result<(), DefinitionError> {
        let code = || self.rule_code.clone();
        if !is_rule_code(&self.rule_code) {
            return Err(DefinitionError::RuleCode);
        }
        let numbers = [
            self.min_days_past_due,
            self.min_level,
            self.min_days_since_step,
        ];
        if numbers.iter().any(|number| *number < 0) {
            return Err(DefinitionError::Negative(code()));
        }
        let mut minimums = self.minimum_amounts.iter();
        if minimums.any(|(currency, least)| least.currency() != *currency || least.is_negative()) {
            return Err(DefinitionError::Minimum(code()));
        }
        let agencies: BTreeSet<_> = self.agency_shares.iter().map(|one| one.agency_id).collect();
        if agencies.is_empty() {
            return Err(DefinitionError::NoAgency(code()));
        }
        if agencies.len() != self.agency_shares.len() {
            return Err(DefinitionError::AgencyTwice(code()));
        }
        let mut weights = self.agency_shares.iter().map(|share| share.weight);
        match weights.all(|weight| (1..=1000).contains(&weight)) {
            true => Ok(()),
            false => Err(DefinitionError::Weight(code())),
        }
    }

    /// Which of the debts qualify, whatever they come to and whatever excludes them.
    pub(super) fn examine<'a>(
        &self,
        debtor: &Debtor,
        debts: &[&'a Debt],
        as_of: Date,
    ) -> RuleFinding<'a> {
        let for_debtor = (self.countries.is_empty() || self.countries.contains(&debtor.country))
            && (self.segments.is_empty() || self.segments.contains(&debtor.segment))
            && (self.debtor_kinds.is_empty() || self.debtor_kinds.contains(&debtor.kind));
        let qualify = |debt: &&&Debt| for_debtor && self.qualifies(debt, as_of);
        RuleFinding {
            qualifying: debts.iter().filter(qualify).copied().collect(),
            for_debtor,
        }
    }

    fn qualifies(&self, debt: &Debt, as_of: Date) -> bool {
        let past_due = |due| days_past_due(due, as_of) >= self.min_days_past_due;
        let waited = |step| days_past_due(step, as_of) >= self.min_days_since_step;
        let ladder = &debt.ladder;
        debt.balance.oldest_due_date.is_some_and(past_due)
            && ladder.level >= self.min_level
            && (ladder.completed || !self.needs_completed_ladder)
            && (self.min_days_since_step == 0 || ladder.last_step_date.is_some_and(waited))
    }

    /// The least sum in `currency`.
    pub(super) fn minimum(&self, currency: Currency) -> Money {
        let listed = self.minimum_amounts.get(&currency).copied();
        listed.unwrap_or(Money::zero(currency))
    }

    /// Whether a sum of something reaches the least one.
    pub(super) fn reaches_minimum(&self, amount: Money) -> Result<bool, MoneyError> {
        let enough = amount.try_cmp(&self.minimum(amount.currency()))?.is_ge();
        Ok(amount.is_positive() && enough)
    }
}

fn is_rule_code(code: &str) -> bool {
    let mut letters = code.bytes();
    let begins = letters
        .next()
        .is_some_and(|first| first.is_ascii_lowercase());
    let goes_on = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
    begins && code.len() <= 40 && letters.all(goes_on)
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;
    use uuid::Uuid;

    use super::*;
    use crate::domain::commission_schedule::tests::euro;
    use crate::domain::debt::tests::{debt, debtor};
    use crate::domain::placement_policy::tests::{definition, rule};

    fn refused(change: impl FnOnce(&mut PolicyDefinition)) -> DefinitionError {
        let mut definition = definition();
        change(&mut definition);
        definition.check().unwrap_err()
    }

    #[test]
    fn a_definition_does_not_contradict_itself() {
        assert_eq!(definition().check(), Ok(()));
        let code = || "overdue".to_owned();
        let twice = refused(|policy| policy.rules.push(rule("overdue")));
        assert_eq!(twice, DefinitionError::RuleCodeTwice(code()));
        assert_eq!(
            refused(|policy| policy.rules.clear()),
            DefinitionError::RuleCount
        );
        let many = refused(|policy| policy.rules = vec![rule("overdue"); 51]);
        assert_eq!(many, DefinitionError::RuleCount);
        for bad in ["", "Overdue", "1st", "über", &"a".repeat(41)] {
            let error = refused(|policy| policy.rules[0].rule_code = bad.to_owned());
            assert_eq!(error, DefinitionError::RuleCode, "{bad:?}");
        }
        let days = refused(|policy| policy.rules[0].min_days_past_due = -1);
        assert_eq!(days, DefinitionError::Negative(code()));
        let none = refused(|policy| policy.rules[0].agency_shares.clear());
        assert_eq!(none, DefinitionError::NoAgency(code()));
        let share = definition().rules[0].agency_shares[0];
        let agency = refused(|policy| policy.rules[0].agency_shares.push(share));
        assert_eq!(agency, DefinitionError::AgencyTwice(code()));
        let weight = refused(|policy| policy.rules[0].agency_shares[0].weight = 0);
        assert_eq!(weight, DefinitionError::Weight(code()));
        let least = refused(|policy| {
            let yen = (Currency::JPY, euro("5.00"));
            policy.rules[0].minimum_amounts = BTreeMap::from([yen]);
        });
        assert_eq!(least, DefinitionError::Minimum(code()));
    }

    #[test]
    fn a_definition_is_stored_and_read_back() {
        let mut definition = definition();
        let share = AgencyShare {
            agency_id: AgencyId::new(Uuid::from_u128(9)),
            weight: 3,
        };
        definition.rules[0].agency_shares.push(share);
        definition.excluded_facts = ExcludedFact::ALL.iter().copied().collect();
        definition.rules[0].countries = BTreeSet::from([Country::try_new("DE").unwrap()]);
        let stored = serde_json::to_string(&definition).unwrap();
        assert_eq!(
            serde_json::from_str::<PolicyDefinition>(&stored).unwrap(),
            definition
        );
        assert_eq!(definition.agencies().len(), 2);
    }

    #[test]
    fn an_invoice_qualifies_when_everything_holds_for_it() {
        // Due on 2026-01-31.
        let as_of = date(2026, 5, 1);
        let mut asked = rule("overdue");
        asked.min_days_past_due = 90;
        asked.min_level = 2;
        asked.needs_completed_ladder = true;
        asked.min_days_since_step = 10;
        let mut ripe = debt(1, "100.00");
        ripe.ladder.level = 2;
        ripe.ladder.completed = true;
        ripe.ladder.last_step_date = Some(date(2026, 4, 21));
        let fits = |debt: &Debt, day| asked.examine(&debtor(), &[debt], day).qualifying.len() == 1;
        assert!(fits(&ripe, as_of));
        assert!(!fits(&ripe, date(2026, 4, 30)));
        let changes: [fn(&mut Debt); 5] = [
            |debt| debt.ladder.level = 1,
            |debt| debt.ladder.completed = false,
            |debt| debt.ladder.last_step_date = None,
            |debt| debt.ladder.last_step_date = Some(date(2026, 4, 22)),
            |debt| debt.balance.oldest_due_date = None,
        ];
        for (number, change) in changes.iter().enumerate() {
            let mut unripe = ripe.clone();
            change(&mut unripe);
            assert!(!fits(&unripe, as_of), "change {number}");
        }
    }

    #[test]
    fn a_rule_is_for_some_debtors_or_for_all() {
        let debt = debt(1, "100.00");
        let finds = |asked: &PlacementRule| {
            asked
                .examine(&debtor(), &[&debt], date(2026, 9, 1))
                .for_debtor
        };
        let mut asked = rule("overdue");
        assert!(finds(&asked));
        asked.segments.insert("smb".to_owned());
        asked.debtor_kinds.insert(DebtorKind::Business);
        asked.countries.insert(Country::try_new("DE").unwrap());
        assert!(finds(&asked));
        asked.debtor_kinds = BTreeSet::from([DebtorKind::Consumer]);
        assert!(!finds(&asked));
    }
}
