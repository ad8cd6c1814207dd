//! What a policy grants besides a limit: terms, offers, tolerance, late fees.

use calendar::DayCount;
use contracts::convert::terms::{
    UnfitTerms, convention_from_wire, schedule_from_wire, terms_to_wire as schedule_to_wire,
};
use contracts::convert::{date_to_wire, money_to_wire};
use contracts::{common, credit as wire};
use money::{Rate, decimal_string};
use runtime::Violations;

use super::field;
use crate::domain::{
    DiscountTier, EarlyPaymentOffer, GrantedTerms, LateFeeRule, LateInterest, Segment, Terms,
    Tolerance,
};

/// Payment terms; `None`: something is noted.
pub fn terms_from_wire(violations: &mut Violations, terms: &common::PaymentTerms) -> Option<Terms> {
    let code = field::text(violations, "terms_code", &terms.terms_code, 64);
    let calendar = field::optional_text(violations, "calendar_code", &terms.calendar_code, 32);
    let fit = |unfit: UnfitTerms, violations: &mut Violations| {
        violations.add(unfit.field, unfit.fault);
    };
    let schedule = schedule_from_wire(terms).map_err(|unfit| fit(unfit, violations));
    let convention = convention_from_wire(terms).map_err(|unfit| fit(unfit, violations));
    Some(Terms {
        code: code?,
        schedule: schedule.ok()?,
        convention: convention.ok()?,
        calendar_code: Some(calendar?).filter(|code| !code.is_empty()),
    })
}

/// An offer for paying early; `None`: something is noted.
pub fn offer_from_wire(
    violations: &mut Violations,
    offer: &common::EarlyPaymentOffer,
) -> Option<EarlyPaymentOffer> {
    let tier = |(index, tier): (usize, &common::DiscountTier)| {
        violations.within(format!("tiers[{index}]"), |violations| {
            let within_days = field::days(violations, "within_days", tier.within_days, 365);
            let ratio = violations.required("discount_ratio", tier.discount_ratio.as_ref());
            let ratio = field::ratio(violations, "discount_ratio", ratio);
            Some(DiscountTier {
                within_days: within_days?,
                ratio: ratio?,
            })
        })
    };
    // One more than may be: the domain says so.
    let tiers: Option<Vec<DiscountTier>> =
        offer.tiers.iter().take(9).enumerate().map(tier).collect();
    let offer = EarlyPaymentOffer::try_new(tiers?, offer.partial_payments_earn);
    violations.parsed("tiers", offer)
}

/// A tolerance; `None`: something is noted.
pub fn tolerance_from_wire(
    violations: &mut Violations,
    tolerance: &common::PaymentTolerance,
) -> Option<Tolerance> {
    let ratio = field::ratio(violations, "ratio", tolerance.ratio.as_ref());
    let maximum = field::amounts(violations, "maximum_amounts", &tolerance.maximum_amounts);
    let grace = tolerance.discount_grace_days;
    let grace = field::days(violations, "discount_grace_days", grace, 60);
    Some(Tolerance {
        ratio: ratio?,
        maximum_amounts: maximum?,
        discount_grace_days: grace?,
    })
}

/// What being late costs; `None`: something is noted.
pub fn late_fee_from_wire(
    violations: &mut Violations,
    rule: &wire::LateFeeRule,
) -> Option<LateFeeRule> {
    let grace_days = field::days(violations, "grace_days", rule.grace_days, 365);
    let fixed_fees = field::amounts(violations, "fixed_fees", &rule.fixed_fees);
    let ratio = rule.yearly_interest_ratio.as_ref();
    let yearly_ratio = field::ratio(violations, "yearly_interest_ratio", ratio)?;
    let interest = match (yearly_ratio == Rate::ZERO, day_count(rule.day_count())) {
        (true, _) => None,
        (false, Some(day_count)) => Some(LateInterest {
            yearly_ratio,
            day_count,
        }),
        (false, None) => {
            violations.add("day_count", "is required with interest");
            return None;
        }
    };
    Some(LateFeeRule {
        grace_days: grace_days?,
        fixed_fees: fixed_fees?,
        interest,
    })
}

const fn day_count(count: wire::DayCount) -> Option<DayCount> {
    match count {
        wire::DayCount::Unspecified => None,
        wire::DayCount::Act365 => Some(DayCount::Act365),
        wire::DayCount::Act360 => Some(DayCount::Act360),
        wire::DayCount::Thirty360Us => Some(DayCount::Thirty360Us),
        wire::DayCount::ThirtyE360 => Some(DayCount::Thirty360E),
    }
}

const fn day_count_to_wire(count: DayCount) -> wire::DayCount {
    match count {
        DayCount::Act365 => wire::DayCount::Act365,
        DayCount::Act360 => wire::DayCount::Act360,
        DayCount::Thirty360Us => wire::DayCount::Thirty360Us,
        DayCount::Thirty360E => wire::DayCount::ThirtyE360,
    }
}

/// A ratio for the wire.
#[must_use]
pub fn ratio_to_wire(ratio: Rate) -> common::Decimal {
    common::Decimal {
        value: decimal_string(ratio.ratio()),
    }
}

/// Payment terms for the wire.
#[must_use]
pub fn terms_to_wire(terms: &Terms) -> common::PaymentTerms {
    let calendar = terms.calendar_code.as_deref();
    schedule_to_wire(&terms.code, &terms.schedule, terms.convention, calendar)
}

/// An offer for the wire.
#[must_use]
pub fn offer_to_wire(offer: &EarlyPaymentOffer) -> common::EarlyPaymentOffer {
    let tier = |tier: &DiscountTier| common::DiscountTier {
        within_days: i32::from(tier.within_days),
        discount_ratio: Some(ratio_to_wire(tier.ratio)),
    };
    common::EarlyPaymentOffer {
        tiers: offer.tiers.iter().map(tier).collect(),
        partial_payments_earn: offer.partial_payments_earn,
    }
}

/// A tolerance for the wire.
#[must_use]
pub fn tolerance_to_wire(tolerance: &Tolerance) -> common::PaymentTolerance {
    let maximum = tolerance.maximum_amounts.values();
    common::PaymentTolerance {
        ratio: Some(ratio_to_wire(tolerance.ratio)),
        maximum_amounts: maximum.map(|amount| money_to_wire(*amount)).collect(),
        discount_grace_days: i32::from(tolerance.discount_grace_days),
    }
}

/// What being late costs, for the wire.
#[must_use]
pub fn late_fee_to_wire(rule: &LateFeeRule) -> wire::LateFeeRule {
    let count = rule
        .interest
        .map(|interest| day_count_to_wire(interest.day_count));
    let ratio = rule
        .interest
        .map(|interest| ratio_to_wire(interest.yearly_ratio));
    let fees = rule.fixed_fees.values();
    wire::LateFeeRule {
        grace_days: i32::from(rule.grace_days),
        fixed_fees: fees.map(|fee| money_to_wire(*fee)).collect(),
        yearly_interest_ratio: ratio,
        day_count: count.unwrap_or(wire::DayCount::Unspecified).into(),
    }
}

/// Granted terms for the wire.
#[must_use]
pub fn granted_to_wire(granted: &GrantedTerms) -> wire::GrantedTerms {
    let segment = granted.segment.as_ref().map(Segment::to_string);
    wire::GrantedTerms {
        policy_code: granted.policy_code.to_string(),
        policy_version: granted.policy_version,
        segment: segment.unwrap_or_default(),
        valid_from_date: Some(date_to_wire(granted.valid_from_date)),
        payment_terms: Some(terms_to_wire(&granted.terms)),
        early_payment_offer: granted.early_payment_offer.as_ref().map(offer_to_wire),
        payment_tolerance: granted.tolerance.as_ref().map(tolerance_to_wire),
        late_fee_rule: granted.late_fee_rule.as_ref().map(late_fee_to_wire),
    }
}
