//! Owns what a contact policy says, what makes it unusable, and which one counts for a debtor.

use std::collections::BTreeSet;

use calendar::{BusinessCalendar, Date, Timestamp};
use serde::{Deserialize, Serialize};

use super::caps::FrequencyCap;
use super::hours::PermittedHours;
use crate::domain::debtor::{Channel, DebtorKind};
use crate::domain::event::DomainEvent;
use crate::domain::id::ContactPolicyId;

/// When and how often debtors of a country and kind may be contacted, from a day on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ContactPolicy {
    /// Which one.
    pub contact_policy_id: ContactPolicyId,
    /// What it says.
    pub definition: ContactPolicyDefinition,
    /// When it was added.
    pub created_time: Timestamp,
    /// Who added it.
    pub created_by: String,
}

/// What a contact policy says. Stored as it is, and never changed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ContactPolicyDefinition {
    /// Only debtors in this country, ISO 3166-1 alpha-2; none: in any.
    pub country_code: Option<String>,
    /// Only debtors of this kind; none: of any.
    pub debtor_kind: Option<DebtorKind>,
    /// The first day on which it is in force, in the debtor's zone.
    pub valid_from_date: Date,
    /// The permitted hours; an instant is permitted when one of them covers it.
    pub permitted_hours: Vec<PermittedHours>,
    /// The holidays on which nobody is contacted.
    pub calendar_code: Option<String>,
    /// More days on which nobody is contacted.
    pub closed_dates: BTreeSet<Date>,
    /// How often; every cap must hold.
    pub frequency_caps: Vec<FrequencyCap>,
    /// The channels for which a recorded consent is needed.
    pub consent_channels: BTreeSet<Channel>,
    /// Where the rules come from.
    pub source: String,
}

/// One thing that is wrong with a policy.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    /// Where, as a path in the definition: `permitted_hours[0].weekdays`.
    pub field: String,
    /// What, for the person who wrote it.
    pub problem: &'static str,
}

/// Why a policy was not added.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ContactPolicyError {
    /// Out of limits, in these places.
    #[error("the policy is out of limits in {} places", .0.len())]
    Invalid(Vec<Fault>),
    /// CALENDAR_UNKNOWN.
    #[error("there is no calendar of this code")]
    CalendarUnknown {
        /// Those there are.
        known: Vec<&'static str>,
    },
    /// CONTACT_POLICY_EXISTS: country and kind have one from the same day.
    #[error("country and kind have a policy from this day already")]
    Exists(ContactPolicyId),
    /// VALID_FROM_IN_THE_PAST: what was decided stays decided.
    #[error("the day lies before {today}, and country and kind have a policy already")]
    ValidFromInThePast {
        /// Today in the tenant's zone.
        today: Date,
    },
}

impl ContactPolicy {
    /// A new policy; `others` are those of the same country and kind.
    ///
    /// # Errors
    /// [`ContactPolicyError`].
    pub fn create(
        contact_policy_id: ContactPolicyId,
        definition: ContactPolicyDefinition,
        others: &[Self],
        today: Date,
        by: &str,
        at: Timestamp,
    ) -> Result<(Self, DomainEvent), ContactPolicyError> {
        definition.check()?;
        let same_day =
            |other: &&Self| other.definition.valid_from_date == definition.valid_from_date;
        if let Some(other) = others.iter().find(same_day) {
            return Err(ContactPolicyError::Exists(other.contact_policy_id));
        }
        if definition.valid_from_date < today && !others.is_empty() {
            return Err(ContactPolicyError::ValidFromInThePast { today });
        }
        let policy = Self {
            contact_policy_id,
            definition,
            created_time: at,
            created_by: by.to_owned(),
        };
        let event = DomainEvent::ContactPolicyCreated(Box::new(policy.clone()));
        Ok((policy, event))
    }

    /// As decisions name it.
    #[must_use]
    pub fn name(&self) -> String {
        format!("contact-policy/{}", self.contact_policy_id)
    }
}

impl ContactPolicyDefinition {
    fn check(&self) -> Result<(), ContactPolicyError> {
        let faults = self.faults();
        if !faults.is_empty() {
            return Err(ContactPolicyError::Invalid(faults));
        }
        match &self.calendar_code {
            Some(code) if BusinessCalendar::built_in(code).is_err() => {
                Err(ContactPolicyError::CalendarUnknown {
                    known: BusinessCalendar::built_in_ids().collect(),
                })
            }
            _ => Ok(()),
        }
    }

    /// Everything that is out of limits in it.
    #[must_use]
    pub fn faults(&self) -> Vec<Fault> {
        let mut found = Vec::new();
        let mut unless = |holds: bool, field: String, problem: &'static str| {
            if !holds {
                found.push(Fault { field, problem });
            }
        };
        let hours = &self.permitted_hours;
        unless(
            (1..=50).contains(&hours.len()),
            "permitted_hours".to_owned(),
            "1 to 50 of them",
        );
        for (place, hours) in hours.iter().enumerate() {
            let weekdays = format!("permitted_hours[{place}].weekdays");
            unless(!hours.weekdays.is_empty(), weekdays, "at least one day");
        }
        unless(
            self.closed_dates.len() <= 366,
            "closed_dates".to_owned(),
            "at most 366",
        );
        unless(
            self.frequency_caps.len() <= 20,
            "frequency_caps".to_owned(),
            "at most 20",
        );
        for (place, cap) in self.frequency_caps.iter().enumerate() {
            let at = |field: &str| format!("frequency_caps[{place}].{field}");
            unless(
                (0..=1_000).contains(&cap.max_count),
                at("max_count"),
                "from 0 to 1000",
            );
            unless(
                (1..=366).contains(&cap.window_days),
                at("window_days"),
                "from 1 to 366",
            );
        }
        found
    }

    fn fits(&self, country_code: &str, kind: DebtorKind, on: Date) -> bool {
        self.valid_from_date <= on
            && self
                .country_code
                .as_deref()
                .is_none_or(|country| country == country_code)
            && self.debtor_kind.is_none_or(|own| own == kind)
    }
}

/// The policy that counts for a debtor on a day: country and kind, then country, then kind, then
/// neither; of several from different days the latest in force.
#[must_use]
pub fn policy_for<'a>(
    policies: &'a [ContactPolicy],
    country_code: &str,
    kind: DebtorKind,
    on: Date,
) -> Option<&'a ContactPolicy> {
    let fitting = policies
        .iter()
        .filter(|policy| policy.definition.fits(country_code, kind, on));
    fitting.max_by_key(|policy| {
        let definition = &policy.definition;
        (
            definition.country_code.is_some(),
            definition.debtor_kind.is_some(),
            definition.valid_from_date,
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::samples;

    const TODAY: Date = Date::constant(2026, 3, 10);

    fn definition(
        country: Option<&str>,
        kind: Option<DebtorKind>,
        from: Date,
    ) -> ContactPolicyDefinition {
        ContactPolicyDefinition {
            country_code: country.map(str::to_owned),
            debtor_kind: kind,
            valid_from_date: from,
            ..samples::office_hours()
        }
    }

    fn policy(number: u128, definition: ContactPolicyDefinition) -> ContactPolicy {
        let id = ContactPolicyId::new(samples::uuid(number));
        ContactPolicy::create(id, definition, &[], TODAY, "ann", Timestamp::UNIX_EPOCH)
            .unwrap()
            .0
    }

    #[test]
    fn the_most_specific_policy_in_force_counts() {
        let old = Date::constant(2020, 1, 1);
        let policies = [
            policy(1, definition(None, None, old)),
            policy(2, definition(None, Some(DebtorKind::Consumer), old)),
            policy(3, definition(Some("US"), None, old)),
            policy(4, definition(Some("US"), Some(DebtorKind::Consumer), old)),
            policy(5, definition(Some("US"), None, TODAY)),
        ];
        let found = |country, kind, on| {
            policy_for(&policies, country, kind, on)
                .map(|policy| policy.contact_policy_id.uuid().as_u128())
        };
        let (business, consumer) = (DebtorKind::Business, DebtorKind::Consumer);
        let before = TODAY.yesterday().unwrap();
        assert_eq!(found("DE", business, TODAY), Some(1));
        assert_eq!(found("DE", consumer, TODAY), Some(2));
        assert_eq!(found("US", business, before), Some(3));
        assert_eq!(found("US", business, TODAY), Some(5));
        assert_eq!(found("US", consumer, TODAY), Some(4));
        assert_eq!(found("DE", business, Date::constant(2019, 12, 31)), None);
    }

    #[test]
    fn cc_11_what_was_decided_stays_decided() {
        let id = ContactPolicyId::new(samples::uuid(9));
        let create = |from, others: &[ContactPolicy]| {
            let definition = definition(None, None, from);
            ContactPolicy::create(id, definition, others, TODAY, "ann", Timestamp::UNIX_EPOCH)
        };
        let yesterday = TODAY.yesterday().unwrap();
        let (first, _) = create(yesterday, &[]).unwrap();
        let others = [first];
        assert_eq!(
            create(yesterday, &others).unwrap_err(),
            ContactPolicyError::Exists(others[0].contact_policy_id)
        );
        let two_days_ago = yesterday.yesterday().unwrap();
        assert_eq!(
            create(two_days_ago, &others).unwrap_err(),
            ContactPolicyError::ValidFromInThePast { today: TODAY }
        );
        assert!(create(TODAY, &others).is_ok());
    }

    #[test]
    fn an_unknown_calendar_is_refused_with_those_there_are() {
        let definition = ContactPolicyDefinition {
            calendar_code: Some("XX".to_owned()),
            ..samples::office_hours()
        };
        let Err(ContactPolicyError::CalendarUnknown { known }) = definition.check() else {
            panic!("XX is no calendar");
        };
        assert!(known.contains(&"GB-SCT"));
    }

    #[test]
    fn limits_are_told_with_their_places() {
        let mut definition = samples::office_hours();
        definition.permitted_hours[0].weekdays.clear();
        definition.frequency_caps[0].window_days = 0;
        let fields: Vec<String> = definition
            .faults()
            .into_iter()
            .map(|fault| fault.field)
            .collect();
        assert_eq!(
            fields,
            [
                "permitted_hours[0].weekdays",
                "frequency_caps[0].window_days"
            ]
        );
        definition.permitted_hours.clear();
        assert_eq!(definition.faults()[0].field, "permitted_hours");
    }
}
