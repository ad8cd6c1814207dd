//! Owns the placement policy of a tenant by versions: what is written is a draft, one version at
//! most is in force, and going back is activating an older one again. Must not judge debts.

use calendar::Timestamp;

use super::event::{Event, Fact, Subject};
use super::named::named;
use super::placement_rule::{DefinitionError, PolicyDefinition};

named! {
    /// Where a version stands.
    pub enum PolicyVersionState {
        /// Written, never in force.
        Draft = "DRAFT",
        /// In force.
        Active = "ACTIVE",
        /// Was in force.
        Retired = "RETIRED",
    }
}

/// The policy of a tenant; what it says stands in its versions.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct PlacementPolicy {
    /// The version in force.
    pub active_version: Option<i32>,
    /// The newest version; 0 while there is none.
    pub latest_version: i32,
    /// Counts its changes; 0 before the first, when there is a policy without a version.
    pub version: i64,
}

/// One version of the policy; what it says never changes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PolicyVersion {
    /// Counts from 1.
    pub version: i32,
    /// Where it stands.
    pub state: PolicyVersionState,
    /// What it says.
    pub definition: PolicyDefinition,
    /// Why it was written.
    pub change_note: String,
    /// When it was created.
    pub created_time: Timestamp,
    /// Who created it.
    pub created_by: String,
    /// When it was last activated.
    pub activated_time: Option<Timestamp>,
    /// Who activated it last.
    pub activated_by: Option<String>,
}

/// A version that judges.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PolicyInForce<'a> {
    /// Which one.
    pub version: i32,
    /// What it says.
    pub definition: &'a PolicyDefinition,
}

impl PolicyInForce<'_> {
    /// How decisions name it.
    #[must_use]
    pub fn name(&self) -> String {
        format!("placement-policy@{}", self.version)
    }
}

/// Why a policy cannot be changed or used so.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PolicyError {
    /// The definition contradicts itself (PLACEMENT_POLICY_INVALID).
    #[error(transparent)]
    Definition(#[from] DefinitionError),
    /// It is in force already (PLACEMENT_POLICY_VERSION_ACTIVE).
    #[error("version {0} is in force already")]
    VersionActive(i32),
    /// There is no such version (PLACEMENT_POLICY_VERSION_NOT_FOUND).
    #[error("there is no version {0}")]
    VersionNotFound(i32),
    /// None is in force and none was named (NO_PLACEMENT_POLICY).
    #[error("no version of the placement policy is in force")]
    NoPolicy,
    /// Only a preview may ask for a version that is not in force (VERSION_FOR_PREVIEW_ONLY).
    #[error("version {0} is not in force: it can only be previewed")]
    PreviewOnly(i32),
}

impl PlacementPolicy {
    /// Writes a new version, a draft; the one in force stays.
    ///
    /// # Errors
    /// [`PolicyError::Definition`].
    pub fn write_version(
        &mut self,
        definition: PolicyDefinition,
        change_note: String,
        created_by: &str,
        at: Timestamp,
    ) -> Result<PolicyVersion, PolicyError> {
        definition.check()?;
        self.latest_version = self.latest_version.saturating_add(1);
        self.version = self.version.saturating_add(1);
        Ok(PolicyVersion {
            version: self.latest_version,
            state: PolicyVersionState::Draft,
            definition,
            change_note,
            created_time: at,
            created_by: created_by.to_owned(),
            activated_time: None,
            activated_by: None,
        })
    }

    /// Puts a version in force and retires the one that was, which the caller brings along.
    ///
    /// # Errors
    /// [`PolicyError::VersionActive`].
    pub fn activate(
        &mut self,
        version: &mut PolicyVersion,
        before: Option<&mut PolicyVersion>,
        activated_by: &str,
        at: Timestamp,
    ) -> Result<Event, PolicyError> {
        if version.state == PolicyVersionState::Active {
            return Err(PolicyError::VersionActive(version.version));
        }
        let previous_version = self.active_version;
        if let Some(before) = before {
            before.state = PolicyVersionState::Retired;
        }
        version.state = PolicyVersionState::Active;
        version.activated_time = Some(at);
        version.activated_by = Some(activated_by.to_owned());
        self.active_version = Some(version.version);
        self.version = self.version.saturating_add(1);
        Ok(Event {
            subject: Subject::Tenant,
            subject_version: self.version,
            fact: Fact::PlacementPolicyVersionActivated {
                version: version.version,
                previous_version,
                definition: Box::new(version.definition.clone()),
                activated_by: activated_by.to_owned(),
            },
        })
    }

    /// Which version a run is judged by: the one in force, or for a preview any that was written.
    ///
    /// # Errors
    /// [`PolicyError::NoPolicy`], [`PolicyError::VersionNotFound`], [`PolicyError::PreviewOnly`].
    pub fn version_for_run(
        &self,
        named: Option<i32>,
        validate_only: bool,
    ) -> Result<i32, PolicyError> {
        let Some(named) = named else {
            return self.active_version.ok_or(PolicyError::NoPolicy);
        };
        if !(1..=self.latest_version).contains(&named) {
            return Err(PolicyError::VersionNotFound(named));
        }
        match validate_only || self.active_version == Some(named) {
            true => Ok(named),
            false => Err(PolicyError::PreviewOnly(named)),
        }
    }
}

#[cfg(test)]
pub(super) mod tests {
    use std::collections::{BTreeMap, BTreeSet};

    use uuid::Uuid;

    use super::*;
    use crate::domain::allocation::AgencyShare;
    use crate::domain::identity::AgencyId;
    use crate::domain::placement_rule::PlacementRule;

    pub(crate) const AGENCY: AgencyId = AgencyId::new(Uuid::from_u128(1));

    /// Whatever is overdue, for one agency.
    pub(crate) fn rule(rule_code: &str) -> PlacementRule {
        PlacementRule {
            rule_code: rule_code.to_owned(),
            min_days_past_due: 0,
            min_level: 0,
            needs_completed_ladder: false,
            min_days_since_step: 0,
            minimum_amounts: BTreeMap::new(),
            countries: BTreeSet::new(),
            segments: BTreeSet::new(),
            debtor_kinds: BTreeSet::new(),
            agency_shares: vec![AgencyShare {
                agency_id: AGENCY,
                weight: 1,
            }],
        }
    }

    pub(crate) fn definition() -> PolicyDefinition {
        PolicyDefinition {
            rules: vec![rule("overdue")],
            excluded_facts: BTreeSet::new(),
        }
    }

    const AT: Timestamp = Timestamp::UNIX_EPOCH;

    fn write(policy: &mut PlacementPolicy) -> PolicyVersion {
        policy
            .write_version(definition(), String::new(), "ada", AT)
            .unwrap()
    }

    #[test]
    fn one_version_is_in_force_and_an_older_one_may_come_back() {
        let mut policy = PlacementPolicy::default();
        assert_eq!(
            policy.version_for_run(None, false),
            Err(PolicyError::NoPolicy)
        );
        let mut first = write(&mut policy);
        policy.activate(&mut first, None, "ada", AT).unwrap();
        let mut second = write(&mut policy);
        assert_eq!(
            policy.version_for_run(Some(2), false),
            Err(PolicyError::PreviewOnly(2))
        );
        assert_eq!(policy.version_for_run(Some(2), true), Ok(2));
        assert_eq!(
            policy.version_for_run(Some(3), true),
            Err(PolicyError::VersionNotFound(3))
        );
        let event = policy
            .activate(&mut second, Some(&mut first), "ada", AT)
            .unwrap();
        assert_eq!(first.state, PolicyVersionState::Retired);
        assert_eq!(event.subject_version, 4);
        assert_eq!(policy.version_for_run(None, false), Ok(2));
        let again = policy.activate(&mut second, None, "ada", AT).map(|_| ());
        assert_eq!(again, Err(PolicyError::VersionActive(2)));
        policy
            .activate(&mut first, Some(&mut second), "ada", AT)
            .unwrap();
        assert_eq!((policy.active_version, policy.latest_version), (Some(1), 2));
    }

    #[test]
    fn a_definition_that_contradicts_itself_is_not_written() {
        let mut policy = PlacementPolicy::default();
        let mut definition = definition();
        definition.rules.clear();
        let refused = policy.write_version(definition, String::new(), "ada", AT);
        assert_eq!(refused, Err(DefinitionError::RuleCount.into()));
        assert_eq!(policy, PlacementPolicy::default());
    }
}
