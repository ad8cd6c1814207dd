//! The placement policy.

use std::collections::{BTreeMap, BTreeSet};

use contracts::agency as wire;
use contracts::convert::{instant_to_wire, money_to_wire};
use runtime::{Refusal, Violations};

use super::field;
use super::mirror::{self, Mirror as _};
use crate::domain::allocation::AgencyShare;
use crate::domain::country::Country;
use crate::domain::identity::AgencyId;
use crate::domain::placement_policy::{PlacementPolicy, PolicyVersion};
use crate::domain::placement_rule::{PlacementRule, PolicyDefinition};
use crate::rpc::error;

/// Entries that are read; of more the domain, or a violation, says that it is too many.
const MOST_RULES: usize = 51;
const MOST_ENTRIES: usize = 500;

/// A new version, as asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewVersion {
    /// What it says.
    pub definition: PolicyDefinition,
    /// Why it is written.
    pub change_note: String,
}

/// The new version of a request.
///
/// # Errors
/// INVALID_ARGUMENT with the fields at fault; (PLACEMENT_POLICY_INVALID) for a currency or agency
/// named twice.
pub fn new_version(
    request: &wire::CreatePlacementPolicyVersionRequest,
) -> Result<NewVersion, Refusal> {
    let mut violations = Violations::new();
    violations.check(!request.etag.is_empty(), "etag", "is required");
    let note = field::optional_note(&mut violations, "change_note", &request.change_note, 1000);
    let definition = violations.required("definition", request.definition.as_ref());
    let read = definition.and_then(|definition| {
        violations.within("definition", |violations| {
            definition_from_wire(violations, definition)
        })
    });
    let (note, (definition, twice)) = violations.complete((note, read))?;
    match twice {
        Some(fault) => Err(error::placement_policy::invalid(fault)),
        None => Ok(NewVersion {
            definition,
            change_note: note.unwrap_or_default(),
        }),
    }
}

/// A definition, and what in it is named twice although it is a set.
type Read = (PolicyDefinition, Option<String>);

fn definition_from_wire(
    violations: &mut Violations,
    definition: &wire::PlacementPolicyDefinition,
) -> Option<Read> {
    let rules = definition.rules.iter().take(MOST_RULES).enumerate();
    let rules: Option<Vec<_>> = rules
        .map(|(index, rule)| {
            violations.within(format!("rules[{index}]"), |violations| {
                rule_from_wire(violations, rule)
            })
        })
        .collect();
    let facts = mirror::each(violations, "excluded_facts", &definition.excluded_facts);
    let (rules, twice): (Vec<_>, Vec<_>) = rules?.into_iter().unzip();
    let definition = PolicyDefinition {
        rules,
        excluded_facts: facts?.into_iter().collect(),
    };
    Some((definition, twice.into_iter().flatten().next()))
}

fn rule_from_wire(
    violations: &mut Violations,
    rule: &wire::PlacementRule,
) -> Option<(PlacementRule, Option<String>)> {
    let amounts = &rule.minimum_amounts;
    for (name, entries) in [
        ("minimum_amounts", amounts.len()),
        ("country_codes", rule.country_codes.len()),
        ("segments", rule.segments.len()),
        ("agency_shares", rule.agency_shares.len()),
    ] {
        violations.check(entries <= MOST_ENTRIES, name, "has more than 500 entries");
    }
    let mut minimums = BTreeMap::new();
    let mut twice = None;
    for (index, amount) in amounts.iter().take(MOST_ENTRIES).enumerate() {
        let path = format!("minimum_amounts[{index}]");
        let amount = field::optional_money(violations, &path, Some(amount))??;
        if minimums.insert(amount.currency(), amount).is_some() {
            let fault = format!("rule {} names {} twice", rule.rule_code, amount.currency());
            twice.get_or_insert(fault);
        }
    }
    let countries = countries_from_wire(violations, &rule.country_codes);
    let segments = segments_from_wire(violations, &rule.segments);
    let kinds = mirror::each(violations, "debtor_kinds", &rule.debtor_kinds);
    let shares = rule.agency_shares.iter().take(MOST_ENTRIES).enumerate();
    let shares: Option<Vec<_>> = shares
        .map(|(index, share)| {
            violations.within(format!("agency_shares[{index}]"), |violations| {
                share_from_wire(violations, share)
            })
        })
        .collect();
    let rule = PlacementRule {
        rule_code: rule.rule_code.clone(),
        min_days_past_due: rule.min_days_past_due,
        min_level: rule.min_level,
        needs_completed_ladder: rule.needs_completed_ladder,
        min_days_since_step: rule.min_days_since_step,
        minimum_amounts: minimums,
        countries: countries?,
        segments: segments?,
        debtor_kinds: kinds?.into_iter().collect(),
        agency_shares: shares?,
    };
    Some((rule, twice))
}

fn countries_from_wire(violations: &mut Violations, codes: &[String]) -> Option<BTreeSet<Country>> {
    let read = |(index, code): (usize, &String)| {
        let path = format!("country_codes[{index}]");
        field::typed(violations, &path, code, Country::try_new)
    };
    codes
        .iter()
        .take(MOST_ENTRIES)
        .enumerate()
        .map(read)
        .collect()
}

fn segments_from_wire(
    violations: &mut Violations,
    segments: &[String],
) -> Option<BTreeSet<String>> {
    let read = |(index, segment): (usize, &String)| {
        field::text(violations, &format!("segments[{index}]"), segment, 32)
    };
    segments
        .iter()
        .take(MOST_ENTRIES)
        .enumerate()
        .map(read)
        .collect()
}

fn share_from_wire(violations: &mut Violations, share: &wire::AgencyShare) -> Option<AgencyShare> {
    let agency_id = field::id(violations, "agency_id", &share.agency_id);
    let within = u32::try_from(share.weight)
        .ok()
        .filter(|weight| (1..=1000).contains(weight));
    let weight = violations.parsed("weight", within.ok_or("must be 1 to 1000"));
    Some(AgencyShare {
        agency_id: AgencyId::new(agency_id?),
        weight: weight?,
    })
}

/// The policy for the wire.
#[must_use]
pub fn policy_to_wire(policy: &PlacementPolicy) -> wire::PlacementPolicy {
    wire::PlacementPolicy {
        active_version: policy.active_version,
        latest_version: policy.latest_version,
        etag: field::etag(policy.version),
    }
}

/// A version for the wire.
#[must_use]
pub fn version_to_wire(version: &PolicyVersion) -> wire::PlacementPolicyVersion {
    wire::PlacementPolicyVersion {
        version: version.version,
        state: version.state.wire(),
        definition: Some(definition_to_wire(&version.definition)),
        change_note: version.change_note.clone(),
        created_time: Some(instant_to_wire(version.created_time)),
        created_by: version.created_by.clone(),
        activated_time: version.activated_time.map(instant_to_wire),
        activated_by: version.activated_by.clone().unwrap_or_default(),
    }
}

/// What a version says, for the wire.
#[must_use]
pub fn definition_to_wire(definition: &PolicyDefinition) -> wire::PlacementPolicyDefinition {
    let facts = definition.excluded_facts.iter();
    wire::PlacementPolicyDefinition {
        rules: definition.rules.iter().map(rule_to_wire).collect(),
        excluded_facts: facts.map(|fact| fact.wire()).collect(),
    }
}

fn rule_to_wire(rule: &PlacementRule) -> wire::PlacementRule {
    let share = |share: &AgencyShare| wire::AgencyShare {
        agency_id: share.agency_id.to_string(),
        weight: i32::try_from(share.weight).unwrap_or(i32::MAX),
    };
    wire::PlacementRule {
        rule_code: rule.rule_code.clone(),
        min_days_past_due: rule.min_days_past_due,
        min_level: rule.min_level,
        needs_completed_ladder: rule.needs_completed_ladder,
        min_days_since_step: rule.min_days_since_step,
        minimum_amounts: rule
            .minimum_amounts
            .values()
            .copied()
            .map(money_to_wire)
            .collect(),
        country_codes: rule.countries.iter().map(Country::to_string).collect(),
        segments: rule.segments.iter().cloned().collect(),
        debtor_kinds: rule.debtor_kinds.iter().map(|kind| kind.wire()).collect(),
        agency_shares: rule.agency_shares.iter().map(share).collect(),
    }
}
