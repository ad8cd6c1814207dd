//! Agreements, commission schedules, and the terms of placements.

use contracts::agency as wire;
use contracts::common;
use contracts::convert::{date_to_wire, instant_to_wire, money_to_wire};
use money::{Money, Rate};
use runtime::{Refusal, Violations};

use super::decision::decision_to_wire;
use super::field;
use super::mirror::{self, Mirror as _};
use crate::domain::agreement::{Agreement, AgreementTerms, NewAgreement, Validity};
use crate::domain::commission_schedule::{CommissionSchedule, CommissionTier};
use crate::domain::commission_terms::{CommissionSlice, CommissionTerms};
use crate::domain::decision::Decision;
use crate::domain::identity::AgencyId;
use crate::rpc::error;

/// Schedules and tiers that are read; one more than there may be, of which the domain says so.
const MOST_SCHEDULES: usize = 200;
const MOST_TIERS: usize = 51;

/// The new agreement of a request.
///
/// # Errors
/// INVALID_ARGUMENT with the fields at fault, or (COMMISSION_SCHEDULE_INVALID).
pub fn new_agreement(
    request: &wire::CreateAgreementRequest,
    created_by: &str,
) -> Result<NewAgreement, Refusal> {
    let mut violations = Violations::new();
    let agency_id = field::id(&mut violations, "agency_id", &request.agency_id);
    let number = &request.agreement_number;
    let number = field::text(&mut violations, "agreement_number", number, 64);
    let from = request.valid_from_date.as_ref();
    let from = field::date(&mut violations, "valid_from_date", from);
    let to = request.valid_to_date.as_ref();
    let to = field::optional_date(&mut violations, "valid_to_date", to);
    if let (Some(from), Some(Some(to))) = (from, to) {
        violations.check(from <= to, "valid_to_date", "lies before the first day");
    }
    let read = violations.required("terms", request.terms.as_ref());
    let head = read.and_then(|terms| {
        violations.within("terms", |violations| terms_from_wire(violations, terms))
    });
    let values = (agency_id, number, from, to, head);
    let (agency_id, agreement_number, from, to, (mut terms, schedules)) =
        violations.complete(values)?;
    for (index, parts) in schedules.into_iter().enumerate() {
        let schedule = parts.checked().map_err(|refused| {
            error::agreement::schedule_invalid(
                &format!("terms.commission_schedules[{index}]"),
                refused,
            )
        })?;
        terms.commission_schedules.push(schedule);
    }
    Ok(NewAgreement {
        agency_id: AgencyId::new(agency_id),
        agreement_number,
        terms,
        validity: Validity { from, to },
        created_by: created_by.to_owned(),
    })
}

/// A schedule whose fields are read, and which may still contradict itself.
struct ScheduleParts {
    currency: money::Currency,
    method: crate::domain::commission_schedule::CommissionMethod,
    age_basis: crate::domain::commission_schedule::AgeBasis,
    tiers: Vec<CommissionTier>,
}

impl ScheduleParts {
    fn checked(
        self,
    ) -> Result<CommissionSchedule, crate::domain::commission_schedule::ScheduleError> {
        CommissionSchedule::try_new(self.currency, self.method, self.age_basis, self.tiers)
    }
}

/// The terms without their schedules, and these.
fn terms_from_wire(
    violations: &mut Violations,
    terms: &wire::AgreementTerms,
) -> Option<(AgreementTerms, Vec<ScheduleParts>)> {
    let schedules = &terms.commission_schedules;
    let fits = (1..=MOST_SCHEDULES).contains(&schedules.len());
    violations.check(fits, "commission_schedules", "has 1 to 200 entries");
    let schedules = schedules.iter().take(MOST_SCHEDULES).enumerate();
    let schedules: Option<Vec<_>> = schedules
        .map(|(index, schedule)| {
            let path = format!("commission_schedules[{index}]");
            violations.within(path, |violations| schedule_from_wire(violations, schedule))
        })
        .collect();
    let mode = mirror::required(violations, "remittance_mode", terms.remittance_mode);
    for (field, days, most) in [
        ("final_demand_days", terms.final_demand_days, 90),
        ("commission_tail_days", terms.commission_tail_days, 365),
        ("recall_notice_days", terms.recall_notice_days, 60),
    ] {
        let within = (0..=most).contains(&days);
        violations.check(within, field, format_args!("must be 0 to {most}"));
    }
    let head = AgreementTerms {
        commission_schedules: Vec::new(),
        remittance_mode: mode?,
        commission_on_direct_payments: terms.commission_on_direct_payments,
        final_demand_days: terms.final_demand_days,
        commission_tail_days: terms.commission_tail_days,
        recall_notice_days: terms.recall_notice_days,
    };
    Some((head, schedules?))
}

fn schedule_from_wire(
    violations: &mut Violations,
    schedule: &wire::CommissionSchedule,
) -> Option<ScheduleParts> {
    let currency = field::currency(violations, "currency_code", &schedule.currency_code);
    let method = mirror::required(violations, "method", schedule.method);
    let age_basis = mirror::required(violations, "age_basis", schedule.age_basis);
    let tiers = schedule.tiers.iter().take(MOST_TIERS).enumerate();
    let tiers: Option<Vec<_>> = tiers
        .map(|(index, tier)| {
            let path = format!("tiers[{index}]");
            violations.within(path, |violations| tier_from_wire(violations, tier))
        })
        .collect();
    Some(ScheduleParts {
        currency: currency?,
        method: method?,
        age_basis: age_basis?,
        tiers: tiers?,
    })
}

fn tier_from_wire(
    violations: &mut Violations,
    tier: &wire::CommissionTier,
) -> Option<CommissionTier> {
    let from = field::optional_money(violations, "from_amount", tier.from_amount.as_ref());
    let below = field::optional_money(violations, "below_amount", tier.below_amount.as_ref());
    let rate = field::rate(violations, "rate", tier.rate.as_ref());
    Some(CommissionTier {
        min_age_days: tier.min_age_days,
        max_age_days: tier.max_age_days,
        from_amount: from?,
        below_amount: below?,
        foreign: tier.foreign,
        min_placement_number: tier.min_placement_number,
        rate: rate?,
    })
}

/// An agreement for the wire.
#[must_use]
pub fn agreement_to_wire(agreement: &Agreement) -> wire::Agreement {
    wire::Agreement {
        agreement_id: agreement.agreement_id.to_string(),
        agency_id: agreement.agency_id.to_string(),
        agreement_number: agreement.agreement_number.clone(),
        terms: Some(terms_to_wire(&agreement.terms)),
        valid_from_date: Some(date_to_wire(agreement.validity.from)),
        valid_to_date: agreement.validity.to.map(date_to_wire),
        created_time: Some(instant_to_wire(agreement.created_time)),
        created_by: agreement.created_by.clone(),
        etag: field::etag(agreement.version),
    }
}

/// What an agreement says, for the wire.
#[must_use]
pub fn terms_to_wire(terms: &AgreementTerms) -> wire::AgreementTerms {
    let schedules = terms.commission_schedules.iter();
    wire::AgreementTerms {
        commission_schedules: schedules.map(schedule_to_wire).collect(),
        remittance_mode: terms.remittance_mode.wire(),
        commission_on_direct_payments: terms.commission_on_direct_payments,
        final_demand_days: terms.final_demand_days,
        commission_tail_days: terms.commission_tail_days,
        recall_notice_days: terms.recall_notice_days,
    }
}

fn schedule_to_wire(schedule: &CommissionSchedule) -> wire::CommissionSchedule {
    let tier = |tier: &CommissionTier| wire::CommissionTier {
        min_age_days: tier.min_age_days,
        max_age_days: tier.max_age_days,
        from_amount: tier.from_amount.map(money_to_wire),
        below_amount: tier.below_amount.map(money_to_wire),
        foreign: tier.foreign,
        min_placement_number: tier.min_placement_number,
        rate: Some(rate_to_wire(tier.rate)),
    };
    wire::CommissionSchedule {
        currency_code: schedule.currency().to_string(),
        method: schedule.method().wire(),
        age_basis: schedule.age_basis().wire(),
        tiers: schedule.tiers().iter().map(tier).collect(),
    }
}

fn rate_to_wire(rate: Rate) -> common::Decimal {
    common::Decimal {
        value: rate.to_string(),
    }
}

/// What an agency earns on a placement, for the wire, with why.
#[must_use]
pub fn commission_terms_to_wire(
    terms: &CommissionTerms,
    decision: Option<&Decision>,
) -> wire::CommissionTerms {
    let slice = |slice: &CommissionSlice| wire::CommissionSlice {
        from_amount: Some(money_to_wire(slice.from_amount)),
        below_amount: slice
            .below_amount
            .map(|amount: Money| money_to_wire(amount)),
        rate: Some(rate_to_wire(slice.rate)),
    };
    wire::CommissionTerms {
        agreement_id: terms.agreement_id.to_string(),
        method: terms.method.wire(),
        age_days: terms.age_days,
        foreign: terms.foreign,
        slices: terms.slices.iter().map(slice).collect(),
        final_demand_date: terms.final_demand_date.map(date_to_wire),
        decision: decision.map(decision_to_wire),
    }
}
