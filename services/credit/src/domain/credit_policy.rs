//! Owns how a tenant grants credit: policies in versions that never change, each in force from its
//! day until the next one's. Must not know customers but by their segment.

use jiff::civil::Date;
use jiff::{SignedDuration, Timestamp};
use money::Rate;
use serde::{Deserialize, Serialize};

use super::tenant_profile::UnknownCalendar;
use super::{
    CreditLimit, EarlyPaymentOffer, GrantedTerms, LateFeeRule, PolicyCode, Segment, Terms,
    Tolerance,
};

/// One version of a policy.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CreditPolicy {
    /// Name of the policy.
    pub policy_code: PolicyCode,
    /// Version, from 1.
    pub version: i32,
    /// The first day on which it is in force, in the tenant's zone.
    pub valid_from_date: Date,
    /// What holds for each segment.
    pub segments: SegmentPolicies,
    /// Why it was published.
    pub note: String,
    /// Who published it.
    pub published_by: String,
    /// When it was published.
    pub published_time: Timestamp,
}

/// What holds for each segment: always one entry for all that no other names.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SegmentPolicies {
    named: Vec<(Segment, SegmentPolicy)>,
    others: SegmentPolicy,
}

/// What holds for the customers of a segment.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SegmentPolicy {
    /// On what terms they buy.
    pub terms: Terms,
    /// The discount they are offered for paying early.
    pub early_payment_offer: Option<EarlyPaymentOffer>,
    /// How far a payment may miss.
    pub tolerance: Option<Tolerance>,
    /// What being late costs them.
    pub late_fee_rule: Option<LateFeeRule>,
    /// How much they may owe, where they have no limit of their own (EX-4).
    pub credit_limit: CreditLimit,
    /// By what share exposure may exceed the limit, 0 to 1 (EX-2).
    pub limit_tolerance_ratio: Rate,
    /// Held once anything is overdue by more than these days, 0 to 365; `None`: never for that.
    pub overdue_hold_days: Option<u16>,
    /// Whether held while exposure is above limit plus tolerance.
    pub hold_over_limit: bool,
    /// How long a reservation stands unless it is confirmed: 1 minute to 90 days.
    pub reservation_lifetime: SignedDuration,
    /// Reservations for what will be invoiced later than in these days do not count (EX-1), 0 to
    /// 3650; `None`: all count.
    pub order_horizon_days: Option<u16>,
}

/// A version to publish.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PolicyDraft {
    /// Name of the policy.
    pub policy_code: PolicyCode,
    /// The version that it follows; 0 for the first.
    pub previous_version: i32,
    /// The first day on which it is in force; `None`: today.
    pub valid_from_date: Option<Date>,
    /// What holds for each segment.
    pub segments: SegmentPolicies,
    /// Why.
    pub note: String,
}

/// Why entries do not make a policy.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SegmentsError {
    /// More than 100.
    #[error("has more than 100 entries")]
    TooMany,
    /// A segment named twice.
    #[error("names segment {0} twice")]
    Twice(Segment),
    /// No entry, or more than one, for all others.
    #[error("needs exactly one entry without a segment, for all others")]
    Others,
}

/// Why a version was not published.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PublishError {
    /// Another version was published meanwhile.
    #[error("version {latest} was published meanwhile")]
    StaleVersion {
        /// The latest version; 0: there is none.
        latest: i32,
    },
    /// What was sold would be judged anew.
    #[error("{0} is in the past")]
    ValidFromInThePast(Date),
    /// The latest version would never be in force, or after this one.
    #[error("the latest version is in force from {0} on")]
    ValidFromNotAfterLatest(Date),
    /// No calendar of that code is compiled in.
    #[error("there is no business-day calendar {0}")]
    CalendarUnknown(String),
}

impl SegmentPolicies {
    /// The entries of a policy; `None` stands for all that no other names.
    ///
    /// # Errors
    /// [`SegmentsError`].
    pub fn try_new(entries: Vec<(Option<Segment>, SegmentPolicy)>) -> Result<Self, SegmentsError> {
        if entries.len() > 100 {
            return Err(SegmentsError::TooMany);
        }
        let (mut named, mut others): (Vec<(Segment, SegmentPolicy)>, Option<SegmentPolicy>) =
            (Vec::new(), None);
        for (segment, policy) in entries {
            match segment {
                None if others.is_some() => return Err(SegmentsError::Others),
                None => others = Some(policy),
                Some(segment) if named.iter().any(|(name, _)| *name == segment) => {
                    return Err(SegmentsError::Twice(segment));
                }
                Some(segment) => named.push((segment, policy)),
            }
        }
        let others = others.ok_or(SegmentsError::Others)?;
        Ok(Self { named, others })
    }

    /// What holds for a segment, and the segment whose entry that is.
    #[must_use]
    pub fn entry_for(&self, segment: Option<&Segment>) -> (Option<&Segment>, &SegmentPolicy) {
        let own = self.named.iter().find(|(name, _)| Some(name) == segment);
        match own {
            Some((name, policy)) => (Some(name), policy),
            None => (None, &self.others),
        }
    }

    /// All entries, that for all others last.
    pub fn entries(&self) -> impl Iterator<Item = (Option<&Segment>, &SegmentPolicy)> {
        let named = self.named.iter().map(|(name, policy)| (Some(name), policy));
        named.chain([(None, &self.others)])
    }
}

impl CreditPolicy {
    /// The version that a draft becomes, after `latest`.
    ///
    /// # Errors
    /// [`PublishError`].
    pub fn publish(
        draft: PolicyDraft,
        latest: Option<&Self>,
        published_by: String,
        now: Timestamp,
        today: Date,
    ) -> Result<Self, PublishError> {
        let latest_version = latest.map_or(0, |policy| policy.version);
        if draft.previous_version != latest_version {
            return Err(PublishError::StaleVersion {
                latest: latest_version,
            });
        }
        let valid_from_date = draft.valid_from_date.unwrap_or(today);
        if valid_from_date < today {
            return Err(PublishError::ValidFromInThePast(valid_from_date));
        }
        if let Some(latest) = latest
            && valid_from_date <= latest.valid_from_date
        {
            return Err(PublishError::ValidFromNotAfterLatest(
                latest.valid_from_date,
            ));
        }
        for (_, entry) in draft.segments.entries() {
            let known = entry.terms.check_calendar();
            known.map_err(|UnknownCalendar(code)| PublishError::CalendarUnknown(code))?;
        }
        Ok(Self {
            policy_code: draft.policy_code,
            version: latest_version.saturating_add(1),
            valid_from_date,
            segments: draft.segments,
            note: draft.note,
            published_by,
            published_time: now,
        })
    }

    /// How decisions name it: `credit-policy/standard@3`.
    #[must_use]
    pub fn name(&self) -> String {
        format!("credit-policy/{}@{}", self.policy_code, self.version)
    }

    /// What customers of a segment are granted by this version, from `earliest` on at the earliest.
    #[must_use]
    pub fn grant(&self, segment: Option<&Segment>, earliest: Date) -> GrantedTerms {
        let (segment, entry) = self.segments.entry_for(segment);
        GrantedTerms {
            policy_code: self.policy_code.clone(),
            policy_version: self.version,
            segment: segment.cloned(),
            valid_from_date: self.valid_from_date.max(earliest),
            terms: entry.terms.clone(),
            early_payment_offer: entry.early_payment_offer.clone(),
            tolerance: entry.tolerance.clone(),
            late_fee_rule: entry.late_fee_rule.clone(),
        }
    }
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use crate::domain::samples::{eur, policy, segment, segment_policy};

    use super::*;

    fn draft(previous_version: i32, valid_from_date: Option<Date>) -> PolicyDraft {
        PolicyDraft {
            policy_code: PolicyCode::standard(),
            previous_version,
            valid_from_date,
            segments: policy(1, "2026-01-01").segments,
            note: String::new(),
        }
    }

    fn publish(
        draft: PolicyDraft,
        latest: Option<&CreditPolicy>,
    ) -> Result<CreditPolicy, PublishError> {
        let now = "2026-03-02T11:00:00Z".parse().unwrap();
        CreditPolicy::publish(draft, latest, "ada".to_owned(), now, date(2026, 3, 2))
    }

    #[test]
    fn versions_follow_each_other_in_number_and_day() {
        let first = publish(draft(0, None), None).unwrap();
        assert_eq!(
            (first.version, first.valid_from_date),
            (1, date(2026, 3, 2))
        );
        assert_eq!(first.name(), "credit-policy/standard@1");
        let second = publish(draft(1, Some(date(2026, 4, 1))), Some(&first)).unwrap();
        assert_eq!(
            (second.version, second.valid_from_date),
            (2, date(2026, 4, 1))
        );
    }

    #[test]
    fn what_does_not_follow_is_refused() {
        let first = policy(1, "2026-03-02");
        let stale = PublishError::StaleVersion { latest: 1 };
        assert_eq!(publish(draft(0, None), Some(&first)), Err(stale));
        let yesterday = date(2026, 3, 1);
        assert_eq!(
            publish(draft(1, Some(yesterday)), Some(&first)),
            Err(PublishError::ValidFromInThePast(yesterday))
        );
        assert_eq!(
            publish(draft(1, None), Some(&first)),
            Err(PublishError::ValidFromNotAfterLatest(date(2026, 3, 2)))
        );
        let mut atlantis = draft(0, None);
        let mut entry = segment_policy(CreditLimit::NoLimit);
        entry.terms.calendar_code = Some("ATLANTIS".to_owned());
        atlantis.segments = SegmentPolicies::try_new(vec![(None, entry)]).unwrap();
        assert_eq!(
            publish(atlantis, None),
            Err(PublishError::CalendarUnknown("ATLANTIS".to_owned()))
        );
    }

    #[test]
    fn a_segment_has_its_own_entry_or_that_of_all_others() {
        let (own, others) = (segment("smb"), segment("key-accounts"));
        let entries = vec![
            (
                Some(own.clone()),
                segment_policy(CreditLimit::Amount(eur("500.00"))),
            ),
            (None, segment_policy(CreditLimit::NoLimit)),
        ];
        let policies = SegmentPolicies::try_new(entries).unwrap();
        let limit_of = |segment| policies.entry_for(segment).1.credit_limit;
        assert_eq!(limit_of(Some(&own)), CreditLimit::Amount(eur("500.00")));
        assert_eq!(limit_of(Some(&others)), CreditLimit::NoLimit);
        assert_eq!(limit_of(None), CreditLimit::NoLimit);
        assert_eq!(policies.entry_for(Some(&others)).0, None);
    }

    #[test]
    fn entries_name_each_segment_once_and_all_others_once() {
        let entry = || segment_policy(CreditLimit::NoLimit);
        let (a, b) = (segment("a"), segment("b"));
        let refused = |entries| SegmentPolicies::try_new(entries).unwrap_err();
        assert_eq!(refused(vec![]), SegmentsError::Others);
        assert_eq!(
            refused(vec![(Some(a.clone()), entry())]),
            SegmentsError::Others
        );
        assert_eq!(
            refused(vec![(None, entry()), (None, entry())]),
            SegmentsError::Others
        );
        let twice = vec![(Some(b.clone()), entry()), (Some(b.clone()), entry())];
        assert_eq!(refused(twice), SegmentsError::Twice(b));
        let many = (0..101).map(|_| (None, entry())).collect();
        assert_eq!(refused(many), SegmentsError::TooMany);
    }

    #[test]
    fn a_stored_policy_is_the_same_when_read() {
        let segments = policy(1, "2026-01-01").segments;
        let stored = serde_json::to_string(&segments).unwrap();
        assert_eq!(
            serde_json::from_str::<SegmentPolicies>(&stored).unwrap(),
            segments
        );
    }
}
