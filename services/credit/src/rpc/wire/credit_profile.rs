//! Limits of single customers, and how customers pay.

use contracts::common;
use contracts::convert::{date_to_wire, instant_to_wire, money_to_wire};
use contracts::credit as wire;
use jiff::civil::Date;
use money::Decimal;
use runtime::{Refusal, Violations};

use super::credit_hold::REASON_CHARS;
use super::credit_policy::{limit_from_wire, limit_to_wire};
use super::field;
use crate::domain::{
    CreditLimit, CurrencyBehaviour, CustomerId, CustomerLimit, LimitOrigin, PaymentBehaviour,
    PaymentTrend,
};

/// A limit as it is to be set.
#[derive(Debug, Clone)]
pub struct Setting {
    /// The customer.
    pub customer_id: CustomerId,
    /// The limit and its last day; `None`: the policy's holds again.
    pub limit: Option<(CreditLimit, Option<Date>)>,
    /// Why. Personal data.
    pub reason: String,
}

/// The limit of a request.
///
/// # Errors
/// INVALID_ARGUMENT with the fields at fault.
pub fn setting_from_wire(request: &wire::SetCreditLimitRequest) -> Result<Setting, Refusal> {
    let mut violations = Violations::new();
    let violated = &mut violations;
    let customer_id = field::id(violated, "customer_id", &request.customer_id);
    let limit = match &request.credit_limit {
        Some(limit) => limit_from_wire(violated, "credit_limit", Some(limit)).map(Some),
        None => Some(None),
    };
    let until = request.valid_until_date.as_ref();
    let until = field::optional_date(violated, "valid_until_date", until);
    let needless = request.credit_limit.is_none() && request.valid_until_date.is_some();
    let text = "must be absent when the policy's limit holds again";
    violated.check(!needless, "valid_until_date", text);
    let reason = field::text(violated, "reason", &request.reason, REASON_CHARS);
    violated.check(!request.etag.is_empty(), "etag", "is required");
    let (customer_id, limit, until, reason) =
        violations.complete((customer_id, limit, until, reason))?;
    Ok(Setting {
        customer_id: CustomerId(customer_id),
        limit: limit.map(|limit| (limit, until)),
        reason,
    })
}

/// Where a limit comes from, for the wire.
#[must_use]
pub const fn origin_to_wire(origin: LimitOrigin) -> wire::LimitOrigin {
    match origin {
        LimitOrigin::Policy => wire::LimitOrigin::Policy,
        LimitOrigin::Customer => wire::LimitOrigin::Customer,
        LimitOrigin::PolicyAfterExpiry => wire::LimitOrigin::PolicyAfterExpiry,
    }
}

/// A customer's own limit for the wire.
#[must_use]
pub fn customer_limit_to_wire(limit: &CustomerLimit) -> wire::CustomerLimit {
    wire::CustomerLimit {
        credit_limit: Some(limit_to_wire(limit.credit_limit)),
        valid_until_date: limit.valid_until_date.map(date_to_wire),
        reason: limit.reason.clone(),
        set_by: limit.set_by.clone(),
        set_time: Some(instant_to_wire(limit.set_time)),
    }
}

/// How a customer pays, for the wire.
#[must_use]
pub fn behaviour_to_wire(
    customer_id: CustomerId,
    behaviour: &PaymentBehaviour,
    oldest_overdue_date: Option<Date>,
) -> wire::PaymentBehaviour {
    let trend = match behaviour.trend {
        None => wire::PaymentTrend::Unspecified,
        Some(PaymentTrend::Improving) => wire::PaymentTrend::Improving,
        Some(PaymentTrend::Stable) => wire::PaymentTrend::Stable,
        Some(PaymentTrend::Worsening) => wire::PaymentTrend::Worsening,
    };
    wire::PaymentBehaviour {
        customer_id: customer_id.0.to_string(),
        from_date: Some(date_to_wire(behaviour.from_date)),
        to_date: Some(date_to_wire(behaviour.to_date)),
        settled_count: count(behaviour.settled_count),
        late_count: count(behaviour.late_count),
        late_ratio: decimal(behaviour.late_ratio),
        average_days_to_pay: decimal(behaviour.average_days_to_pay),
        average_days_late_early_as_zero: decimal(behaviour.average_days_late_early_as_zero),
        average_days_late_signed: decimal(behaviour.average_days_late_signed),
        currencies: behaviour.currencies.iter().map(currency_to_wire).collect(),
        trend: trend.into(),
        recent_average_days_to_pay: decimal(behaviour.recent_average_days_to_pay),
        earlier_average_days_to_pay: decimal(behaviour.earlier_average_days_to_pay),
        last_settled_date: behaviour.last_settled_date.map(date_to_wire),
        oldest_overdue_date: oldest_overdue_date.map(date_to_wire),
    }
}

fn currency_to_wire(behaviour: &CurrencyBehaviour) -> wire::CurrencyBehaviour {
    wire::CurrencyBehaviour {
        settled_amount: Some(money_to_wire(behaviour.settled_amount)),
        late_amount: Some(money_to_wire(behaviour.late_amount)),
        weighted_days_to_pay: decimal(Some(behaviour.weighted_days_to_pay)),
    }
}

fn decimal(value: Option<Decimal>) -> Option<common::Decimal> {
    value.map(|value| common::Decimal {
        value: value.normalize().to_string(),
    })
}

fn count(count: usize) -> i32 {
    i32::try_from(count).unwrap_or(i32::MAX)
}
