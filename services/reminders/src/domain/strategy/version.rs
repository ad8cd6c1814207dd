//! Owns the life of a strategy and its versions: written, put in force, retired, brought back.

use std::collections::BTreeMap;

use calendar::Timestamp;

use super::definition::{Fault, StrategyDefinition};
use crate::domain::code::Code;
use crate::domain::debtor::Channel;
use crate::domain::event::DomainEvent;
use crate::domain::id::StrategyId;
use crate::domain::named::named;

named! {
    /// Where a version of a strategy stands.
    pub enum StrategyVersionState {
        /// Written, never in force.
        Draft = "DRAFT",
        /// In force.
        Active = "ACTIVE",
        /// Was in force; may come back.
        Retired = "RETIRED",
    }
}

/// A strategy: the name under which its versions stand.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Strategy {
    /// Which one.
    pub strategy_id: StrategyId,
    /// Short name, unique in the tenant.
    pub strategy_code: Code,
    /// Name for people.
    pub display_name: String,
    /// The version in force.
    pub active_version: Option<i32>,
    /// The newest version, from 1 on.
    pub latest_version: i32,
    /// When it was created.
    pub created_time: Timestamp,
    /// Rises with every change; the etag.
    pub revision: i64,
}

/// One version of a strategy. What it says never changes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StrategyVersion {
    /// The strategy.
    pub strategy_id: StrategyId,
    /// The strategy's short name.
    pub strategy_code: Code,
    /// From 1 on.
    pub version: i32,
    /// Where it stands.
    pub state: StrategyVersionState,
    /// What it says.
    pub definition: StrategyDefinition,
    /// Why it was written.
    pub change_note: String,
    /// When it was written.
    pub created_time: Timestamp,
    /// Who wrote it.
    pub created_by: String,
    /// When and by whom it was last put in force.
    pub activated: Option<(Timestamp, String)>,
}

/// What somebody writes as a new version.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewVersion {
    /// What it says.
    pub definition: StrategyDefinition,
    /// Why.
    pub change_note: String,
    /// Who.
    pub by: String,
    /// When.
    pub at: Timestamp,
}

/// Why a strategy was not written or not put in force.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum StrategyError {
    /// STRATEGY_INVALID: the definition contradicts itself.
    #[error("the definition contradicts itself in {} places", .0.len())]
    Invalid(Vec<Fault>),
    /// STRATEGY_VERSION_ACTIVE.
    #[error("this version is in force already")]
    VersionActive,
    /// SEGMENT_TAKEN: the other strategy, and the segment; none: both serve all others.
    #[error("strategy {strategy_code} serves this segment already")]
    SegmentTaken {
        /// The strategy that serves it.
        strategy_code: Code,
        /// The segment; none: every customer whose segment no strategy names.
        segment: Option<String>,
    },
    /// TEMPLATE_NOT_ACTIVE: a step names a template without an active version or of another channel.
    #[error("template {template_code} has no active version for the channel of step {step_code}")]
    TemplateNotActive {
        /// The step.
        step_code: Code,
        /// The template it names.
        template_code: Code,
    },
}

impl Strategy {
    /// A strategy with its first version, a draft.
    ///
    /// # Errors
    /// [`StrategyError::Invalid`].
    pub fn create(
        strategy_id: StrategyId,
        strategy_code: Code,
        display_name: String,
        first: NewVersion,
    ) -> Result<(Self, StrategyVersion), StrategyError> {
        let mut strategy = Self {
            strategy_id,
            strategy_code,
            display_name,
            active_version: None,
            latest_version: 0,
            created_time: first.at,
            revision: 0,
        };
        let version = strategy.write(first)?;
        Ok((strategy, version))
    }

    /// A new version, a draft; the active one stays in force.
    ///
    /// # Errors
    /// [`StrategyError::Invalid`].
    pub fn write(&mut self, new: NewVersion) -> Result<StrategyVersion, StrategyError> {
        let faults = new.definition.faults();
        if !faults.is_empty() {
            return Err(StrategyError::Invalid(faults));
        }
        self.latest_version = self.latest_version.saturating_add(1);
        self.revision = self.revision.saturating_add(1);
        Ok(StrategyVersion {
            strategy_id: self.strategy_id,
            strategy_code: self.strategy_code.clone(),
            version: self.latest_version,
            state: StrategyVersionState::Draft,
            definition: new.definition,
            change_note: new.change_note,
            created_time: new.at,
            created_by: new.by,
            activated: None,
        })
    }

    /// Whether a version of this strategy may be put in force: `others` are the active versions of
    /// the other strategies, `templates` the channels of the templates with an active version.
    ///
    /// # Errors
    /// All but [`StrategyError::Invalid`].
    pub fn check_activation(
        &self,
        version: &StrategyVersion,
        others: &[StrategyVersion],
        templates: &BTreeMap<Code, Channel>,
    ) -> Result<(), StrategyError> {
        if self.active_version == Some(version.version) {
            return Err(StrategyError::VersionActive);
        }
        let others = others
            .iter()
            .filter(|other| other.strategy_id != self.strategy_id);
        for other in others {
            version.check_segments(other)?;
        }
        version.check_templates(templates)
    }

    /// Puts a version in force and retires `previous`, the one that was. Check it before.
    pub fn activate(
        &mut self,
        version: &mut StrategyVersion,
        previous: Option<&mut StrategyVersion>,
        by: &str,
        at: Timestamp,
    ) -> DomainEvent {
        let previous_version = self.active_version.replace(version.version);
        if let Some(previous) = previous {
            previous.state = StrategyVersionState::Retired;
        }
        version.state = StrategyVersionState::Active;
        version.activated = Some((at, by.to_owned()));
        self.revision = self.revision.saturating_add(1);
        DomainEvent::StrategyVersionActivated {
            version: Box::new(version.clone()),
            previous_version,
            activated_by: by.to_owned(),
        }
    }
}

impl StrategyVersion {
    /// As decisions name it: `strategy/standard@3`.
    #[must_use]
    pub fn name(&self) -> String {
        format!("strategy/{}@{}", self.strategy_code, self.version)
    }

    /// Two active strategies serve no segment both, and only one serves all the others.
    fn check_segments(&self, other: &Self) -> Result<(), StrategyError> {
        let (mine, theirs) = (&self.definition.segments, &other.definition.segments);
        let taken = |segment: Option<&String>| StrategyError::SegmentTaken {
            strategy_code: other.strategy_code.clone(),
            segment: segment.cloned(),
        };
        if mine.is_empty() && theirs.is_empty() {
            return Err(taken(None));
        }
        mine.intersection(theirs)
            .next()
            .map_or(Ok(()), |segment| Err(taken(Some(segment))))
    }

    fn check_templates(&self, active: &BTreeMap<Code, Channel>) -> Result<(), StrategyError> {
        for step in &self.definition.steps {
            if let Some(template_code) = &step.template_code
                && active.get(template_code) != Some(&step.channel)
            {
                return Err(StrategyError::TemplateNotActive {
                    step_code: step.step_code.clone(),
                    template_code: template_code.clone(),
                });
            }
        }
        Ok(())
    }
}

/// The active version that serves a segment: the one that names it, else the one that names none.
#[must_use]
pub fn serving<'a>(active: &'a [StrategyVersion], segment: &str) -> Option<&'a StrategyVersion> {
    let names = |version: &&StrategyVersion| version.definition.segments.contains(segment);
    let serves_others = |version: &&StrategyVersion| version.definition.segments.is_empty();
    active
        .iter()
        .find(names)
        .or_else(|| active.iter().find(serves_others))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::samples;

    fn new(offsets: &[i32], segments: &[&str]) -> NewVersion {
        let mut definition = samples::definition(offsets);
        definition.segments = segments.iter().map(|&segment| segment.to_owned()).collect();
        NewVersion {
            definition,
            change_note: String::new(),
            by: "ann".to_owned(),
            at: Timestamp::UNIX_EPOCH,
        }
    }

    fn create(code: &str, segments: &[&str]) -> (Strategy, StrategyVersion) {
        let id = StrategyId::new(samples::uuid(code.len().try_into().unwrap()));
        Strategy::create(
            id,
            code.parse().unwrap(),
            code.to_owned(),
            new(&[5, 20], segments),
        )
        .unwrap()
    }

    fn templates() -> BTreeMap<Code, Channel> {
        BTreeMap::from([("reminder".parse().unwrap(), Channel::Email)])
    }

    #[test]
    fn versions_count_up_and_only_one_is_active() {
        let (mut strategy, mut first) = create("standard", &[]);
        assert_eq!(
            (first.version, first.state),
            (1, StrategyVersionState::Draft)
        );
        strategy.activate(&mut first, None, "ann", Timestamp::UNIX_EPOCH);
        let mut second = strategy.write(new(&[7], &[])).unwrap();
        assert_eq!((second.version, strategy.active_version), (2, Some(1)));
        let event = strategy.activate(&mut second, Some(&mut first), "bob", Timestamp::UNIX_EPOCH);
        assert_eq!(first.state, StrategyVersionState::Retired);
        assert_eq!(second.state, StrategyVersionState::Active);
        assert_eq!(strategy.active_version, Some(2));
        let DomainEvent::StrategyVersionActivated {
            previous_version, ..
        } = event
        else {
            panic!("{event:?}");
        };
        assert_eq!(previous_version, Some(1));
        // Going back is activating the retired one.
        assert_eq!(strategy.check_activation(&first, &[], &templates()), Ok(()));
        assert_eq!(
            strategy.check_activation(&second, &[], &templates()),
            Err(StrategyError::VersionActive)
        );
        assert_eq!(second.name(), "strategy/standard@2");
    }

    #[test]
    fn a_segment_is_served_by_one_strategy() {
        let (strategy, version) = create("consumers", &["private", "student"]);
        let (_, smb) = create("smb", &["smb"]);
        let (_, private) = create("private-ones", &["private"]);
        let (_, rest) = create("standard", &[]);
        let check =
            |others: &[StrategyVersion]| strategy.check_activation(&version, others, &templates());
        assert_eq!(check(&[smb, rest.clone()]), Ok(()));
        let taken = check(&[private]).unwrap_err();
        assert_eq!(
            taken.to_string(),
            "strategy private-ones serves this segment already"
        );
        let (other, catch_all) = create("all-others", &[]);
        let both = other.check_activation(&catch_all, &[rest], &templates());
        assert!(matches!(
            both,
            Err(StrategyError::SegmentTaken { segment: None, .. })
        ));
    }

    #[test]
    fn the_named_segment_wins_over_all_others() {
        let (_, rest) = create("standard", &[]);
        let (_, smb) = create("smb", &["smb"]);
        let active = [rest.clone(), smb.clone()];
        assert_eq!(serving(&active, "smb"), Some(&smb));
        assert_eq!(serving(&active, ""), Some(&rest));
        assert_eq!(serving(&active[1..], "other"), None);
    }

    #[test]
    fn a_step_needs_an_active_template_of_its_channel() {
        let (strategy, version) = create("standard", &[]);
        let letters = BTreeMap::from([("reminder".parse().unwrap(), Channel::Letter)]);
        for templates in [BTreeMap::new(), letters] {
            let refused = strategy.check_activation(&version, &[], &templates);
            assert!(matches!(
                refused,
                Err(StrategyError::TemplateNotActive { .. })
            ));
        }
    }

    #[test]
    fn nothing_is_written_of_a_definition_with_faults() {
        let (mut strategy, _) = create("standard", &[]);
        let before = strategy.clone();
        assert!(matches!(
            strategy.write(new(&[5, 5], &[])),
            Err(StrategyError::Invalid(_))
        ));
        assert_eq!(strategy, before);
    }
}
