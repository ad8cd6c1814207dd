//! Credit policies and limits.

use contracts::convert::{date_to_wire, instant_to_wire, money_from_wire, money_to_wire};
use contracts::credit as wire;
use jiff::SignedDuration;
use runtime::{Refusal, Violations};

use super::field;
use super::terms::{
    late_fee_from_wire, late_fee_to_wire, offer_from_wire, offer_to_wire, ratio_to_wire,
    terms_from_wire, terms_to_wire, tolerance_from_wire, tolerance_to_wire,
};
use crate::domain::{
    CreditLimit, CreditPolicy, PolicyCode, PolicyDraft, Segment, SegmentPolicies, SegmentPolicy,
};

/// The most entries of a policy, and one more, of which the domain says that it is too many.
const ENTRIES_READ: usize = 101;
const SHORTEST_RESERVATION: SignedDuration = SignedDuration::from_mins(1);
const LONGEST_RESERVATION: SignedDuration = SignedDuration::from_hours(90 * 24);

/// The version to publish.
///
/// # Errors
/// INVALID_ARGUMENT with the fields at fault.
pub fn draft_from_wire(request: &wire::PublishCreditPolicyRequest) -> Result<PolicyDraft, Refusal> {
    let mut violations = Violations::new();
    let code = &request.policy_code;
    let policy_code = field::typed(&mut violations, "policy_code", code, PolicyCode::try_new);
    let previous = request.previous_version;
    violations.check(previous >= 0, "previous_version", "must not be negative");
    let from = request.valid_from_date.as_ref();
    let valid_from_date = field::optional_date(&mut violations, "valid_from_date", from);
    let note = optional_note(&mut violations, &request.note);
    let entries = request.segments.iter().take(ENTRIES_READ).enumerate();
    let entries: Option<Vec<_>> = entries
        .map(|(index, entry)| {
            violations.within(format!("segments[{index}]"), |violations| {
                entry_from_wire(violations, entry)
            })
        })
        .collect();
    let segments = entries
        .and_then(|entries| violations.parsed("segments", SegmentPolicies::try_new(entries)));
    let values = (policy_code, valid_from_date, segments, note);
    let (policy_code, valid_from_date, segments, note) = violations.complete(values)?;
    Ok(PolicyDraft {
        policy_code,
        previous_version: previous,
        valid_from_date,
        segments,
        note,
    })
}

/// Words of a person, which may have several lines.
fn optional_note(violations: &mut Violations, note: &str) -> Option<String> {
    let fits = note.chars().count() <= 2000;
    violations.check(fits, "note", "is longer than 2000 characters");
    let plain = note.chars().all(|sign| !sign.is_control() || sign == '\n');
    violations.check(plain, "note", "contains control characters");
    (fits && plain).then(|| note.to_owned())
}

fn entry_from_wire(
    violations: &mut Violations,
    entry: &wire::SegmentPolicy,
) -> Option<(Option<Segment>, SegmentPolicy)> {
    let segment = field::optional_typed(violations, "segment", &entry.segment, Segment::try_new);
    let terms = violations.required("payment_terms", entry.payment_terms.as_ref());
    let terms = terms.and_then(|terms| {
        violations.within("payment_terms", |inner| terms_from_wire(inner, terms))
    });
    let offer = nested(
        violations,
        "early_payment_offer",
        entry.early_payment_offer.as_ref(),
        offer_from_wire,
    );
    let tolerance = nested(
        violations,
        "payment_tolerance",
        entry.payment_tolerance.as_ref(),
        tolerance_from_wire,
    );
    let late_fee_rule = nested(
        violations,
        "late_fee_rule",
        entry.late_fee_rule.as_ref(),
        late_fee_from_wire,
    );
    let limit = limit_from_wire(violations, "credit_limit", entry.credit_limit.as_ref());
    let ratio = entry.limit_tolerance_ratio.as_ref();
    let limit_tolerance_ratio = field::ratio(violations, "limit_tolerance_ratio", ratio);
    let hold_days = entry.overdue_hold_days;
    let overdue = field::optional_days(violations, "overdue_hold_days", hold_days, 365);
    let lifetime = lifetime_from_wire(violations, entry.reservation_lifetime.as_ref());
    let horizon = entry.order_horizon_days;
    let horizon = field::optional_days(violations, "order_horizon_days", horizon, 3650);
    let policy = SegmentPolicy {
        terms: terms?,
        early_payment_offer: offer?,
        tolerance: tolerance?,
        late_fee_rule: late_fee_rule?,
        credit_limit: limit?,
        limit_tolerance_ratio: limit_tolerance_ratio?,
        overdue_hold_days: overdue?,
        hold_over_limit: entry.hold_over_limit,
        reservation_lifetime: lifetime?,
        order_horizon_days: horizon?,
    };
    Some((segment?, policy))
}

/// A message that may be absent.
fn nested<W, T>(
    violations: &mut Violations,
    field: &str,
    message: Option<&W>,
    parse: impl FnOnce(&mut Violations, &W) -> Option<T>,
) -> Option<Option<T>> {
    match message {
        None => Some(None),
        Some(message) => violations
            .within(field, |violations| parse(violations, message))
            .map(Some),
    }
}

/// A limit that must be there.
/// A limit that must be there.
pub fn limit_from_wire(
    violations: &mut Violations,
    field: &str,
    limit: Option<&wire::CreditLimit>,
) -> Option<CreditLimit> {
    let limit = violations.required(field, limit.and_then(|limit| limit.limit.as_ref()))?;
    match limit {
        wire::credit_limit::Limit::NoLimit(true) => Some(CreditLimit::NoLimit),
        wire::credit_limit::Limit::NoLimit(false) => {
            violations.add(format!("{field}.no_limit"), "must be true");
            None
        }
        wire::credit_limit::Limit::Amount(amount) => {
            let path = format!("{field}.amount");
            let amount = violations.parsed(&path, money_from_wire(amount))?;
            violations.check(!amount.is_negative(), path, "must not be negative");
            Some(CreditLimit::Amount(amount))
        }
    }
}

fn lifetime_from_wire(
    violations: &mut Violations,
    lifetime: Option<&prost_types::Duration>,
) -> Option<SignedDuration> {
    let lifetime = violations.required("reservation_lifetime", lifetime)?;
    let within = (0..1_000_000_000).contains(&lifetime.nanos);
    let lifetime = within.then(|| SignedDuration::new(lifetime.seconds, lifetime.nanos));
    let fits = lifetime.filter(|one| (SHORTEST_RESERVATION..=LONGEST_RESERVATION).contains(one));
    let said = fits.ok_or("must be 1 minute to 90 days");
    violations.parsed("reservation_lifetime", said)
}

/// A version of a policy for the wire.
#[must_use]
pub fn policy_to_wire(policy: &CreditPolicy) -> wire::CreditPolicy {
    let entries = policy.segments.entries();
    wire::CreditPolicy {
        policy_code: policy.policy_code.to_string(),
        version: policy.version,
        valid_from_date: Some(date_to_wire(policy.valid_from_date)),
        segments: entries
            .map(|(name, entry)| entry_to_wire(name, entry))
            .collect(),
        note: policy.note.clone(),
        published_by: policy.published_by.clone(),
        published_time: Some(instant_to_wire(policy.published_time)),
    }
}

fn entry_to_wire(segment: Option<&Segment>, entry: &SegmentPolicy) -> wire::SegmentPolicy {
    let lifetime = entry.reservation_lifetime;
    wire::SegmentPolicy {
        segment: segment.map(Segment::to_string).unwrap_or_default(),
        payment_terms: Some(terms_to_wire(&entry.terms)),
        early_payment_offer: entry.early_payment_offer.as_ref().map(offer_to_wire),
        payment_tolerance: entry.tolerance.as_ref().map(tolerance_to_wire),
        late_fee_rule: entry.late_fee_rule.as_ref().map(late_fee_to_wire),
        credit_limit: Some(limit_to_wire(entry.credit_limit)),
        limit_tolerance_ratio: Some(ratio_to_wire(entry.limit_tolerance_ratio)),
        overdue_hold_days: entry.overdue_hold_days.map(i32::from),
        hold_over_limit: entry.hold_over_limit,
        reservation_lifetime: Some(prost_types::Duration {
            seconds: lifetime.as_secs(),
            nanos: lifetime.subsec_nanos(),
        }),
        order_horizon_days: entry.order_horizon_days.map(i32::from),
    }
}

/// A limit for the wire.
#[must_use]
pub fn limit_to_wire(limit: CreditLimit) -> wire::CreditLimit {
    let limit = match limit {
        CreditLimit::NoLimit => wire::credit_limit::Limit::NoLimit(true),
        CreditLimit::Amount(amount) => wire::credit_limit::Limit::Amount(money_to_wire(amount)),
    };
    wire::CreditLimit { limit: Some(limit) }
}
