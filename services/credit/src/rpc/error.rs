//! The reasons with which credit refuses, and the one code of each.

use postgres::TenantId;
use runtime::Refusal;
use uuid::Uuid;

use crate::domain::{
    Coded as _, ConvertError, CustomerId, HoldError, LimitError, PublishError, RateMissing,
    RecordRateError, ReservationError, ReservationId, TenantProfileError,
};

/// A reason of credit's vocabulary, as `google.rpc.ErrorInfo` carries it. The list
/// of all of them is [`REASONS`]; the contracts' documentation is generated from it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Reason {
    /// UPPER_SNAKE, stable.
    pub name: &'static str,
    /// The gRPC code it comes with.
    pub code: &'static str,
    /// What it means and what the caller does about it.
    pub meaning: &'static str,
}

macro_rules! reasons {
    ($($name:literal $code:literal $meaning:literal)+) => {
        &[$(Reason { name: $name, code: $code, meaning: $meaning }),+]
    };
}

/// Every reason of credit's own; those that every service has are the runtime's.
pub const REASONS: &[Reason] = reasons! {
    "TENANT_PROFILE_EXISTS" "ALREADY_EXISTS" "The tenant has a profile: update that."
    "TENANT_PROFILE_NOT_FOUND" "NOT_FOUND" "The tenant has no profile yet: create it first."
    "CALENDAR_UNKNOWN" "FAILED_PRECONDITION" "There is no business-day calendar of that code."
    "STALE_ETAG" "ABORTED" "Somebody changed it meanwhile: read it again and decide again."
    "EXCHANGE_RATE_EXISTS" "ALREADY_EXISTS" "Another rate is recorded for that currency and day; rates never change."
    "CURRENCY_IS_HOME" "FAILED_PRECONDITION" "The home currency has no rate."
    "RATE_MISSING" "FAILED_PRECONDITION" "No rate converts the currency on that day: record one."
    "CUSTOMER_EXISTS" "ALREADY_EXISTS" "The customer_id or the external_id is taken: read that customer."
    "CUSTOMER_NOT_FOUND" "NOT_FOUND" "There is no such customer."
    "PARENT_NOT_FOUND" "NOT_FOUND" "There is no such customer to belong to."
    "PARENT_CYCLE" "FAILED_PRECONDITION" "The customer would belong to itself."
    "DUPLICATE_ROW" "FAILED_PRECONDITION" "Another row of the import has the same external_id."
    "CREDIT_POLICY_NOT_FOUND" "NOT_FOUND" "There is no such policy or version."
    "VALID_FROM_IN_THE_PAST" "FAILED_PRECONDITION" "A policy is in force from today on at the earliest."
    "VALID_FROM_NOT_AFTER_LATEST" "FAILED_PRECONDITION" "The latest version is in force no earlier: choose a later day."
    "STALE_VERSION" "ABORTED" "Another version was published meanwhile: read it and decide again."
    "DECISION_NOT_FOUND" "NOT_FOUND" "There is no such decision."
    "NO_POLICY_IN_FORCE" "FAILED_PRECONDITION" "No policy says what the customer may owe: publish one."
    "EXPIRY_OUT_OF_RANGE" "FAILED_PRECONDITION" "A reservation ends after now and no later than the policy allows."
    "RESERVATION_EXISTS" "ALREADY_EXISTS" "The reservation_id is taken: read that reservation."
    "RESERVATION_NOT_FOUND" "NOT_FOUND" "There is no such reservation."
    "CREDIT_HOLD_NOT_FOUND" "NOT_FOUND" "There is no such hold."
    "CREDIT_HOLD_EXISTS" "ALREADY_EXISTS" "The customer is held by hand already: read that hold."
    "END_DATE_IN_THE_PAST" "FAILED_PRECONDITION" "The last day is over: choose today or later."
    "HOLD_FOLLOWS_FACTS" "FAILED_PRECONDITION" "The hold goes when its facts go: override it."
    "CREDIT_HOLD_RELEASED" "FAILED_PRECONDITION" "The hold is released."
    "VALID_UNTIL_IN_THE_PAST" "FAILED_PRECONDITION" "The limit would never hold: choose today or later."
    "RESERVATION_ENDED" "FAILED_PRECONDITION" "The reservation was released, has expired or is consumed."
};

/// The tenant has a profile already.
pub fn profile_exists(tenant: TenantId) -> Refusal {
    Refusal::already_exists(
        "TENANT_PROFILE_EXISTS",
        "tenant profile",
        tenant.to_string(),
    )
}

/// The tenant has no profile yet.
pub fn profile_not_found(tenant: TenantId) -> Refusal {
    Refusal::not_found(
        "TENANT_PROFILE_NOT_FOUND",
        "tenant profile",
        tenant.to_string(),
    )
}

/// The profile is refused.
pub fn profile_refused(error: &TenantProfileError) -> Refusal {
    let TenantProfileError::CalendarUnknown(code) = error;
    calendar_unknown(code, error.to_string())
}

fn calendar_unknown(code: &str, text: String) -> Refusal {
    let subject = format!("calendar/{code}");
    Refusal::rule("CALENDAR_UNKNOWN", "CALENDAR", subject, text)
}

/// The etag is not the current one.
pub fn stale_etag() -> Refusal {
    Refusal::stale("STALE_ETAG")
}

/// Compares the etag of a request with the current one; an empty one is not compared.
///
/// # Errors
/// ABORTED, STALE_ETAG.
pub fn check_etag(brought: &str, current: &str) -> Result<(), Refusal> {
    if brought.is_empty() || brought == current {
        Ok(())
    } else {
        Err(stale_etag())
    }
}

/// A rate is not recorded.
pub fn rate_refused(error: &RecordRateError) -> Refusal {
    match error {
        RecordRateError::CurrencyIsHome(currency) => {
            let subject = format!("currency/{currency}");
            Refusal::rule("CURRENCY_IS_HOME", "CURRENCY", subject, error.to_string())
        }
        RecordRateError::Exists {
            currency,
            rate_date,
        } => {
            let name = format!("{currency}/{rate_date}");
            Refusal::already_exists("EXCHANGE_RATE_EXISTS", "exchange rate", name)
                .with_metadata("currency_code", currency)
                .with_metadata("rate_date", rate_date)
        }
    }
}

/// No rate converts.
pub fn rate_missing(missing: &RateMissing) -> Refusal {
    let subject = format!("exchange_rate/{}/{}", missing.currency, missing.rate_date);
    Refusal::rule(
        "RATE_MISSING",
        "EXCHANGE_RATE",
        subject,
        missing.to_string(),
    )
    .with_metadata("currency_code", missing.currency)
    .with_metadata("rate_date", missing.rate_date)
}

/// An amount is not converted.
pub fn convert_refused(error: &ConvertError) -> Refusal {
    match error {
        ConvertError::RateMissing(missing) => rate_missing(missing),
        ConvertError::Money(error) => Refusal::internal(error),
    }
}

/// There is no such customer; `key` is the identity that was asked for.
pub fn customer_not_found(key: impl ToString) -> Refusal {
    Refusal::not_found("CUSTOMER_NOT_FOUND", "customer", key.to_string())
}

/// The identity or external identity is taken.
pub fn customer_exists(customer_id: CustomerId, external_id: Option<&str>) -> Refusal {
    let name = external_id.map_or_else(|| customer_id.0.to_string(), str::to_owned);
    Refusal::already_exists("CUSTOMER_EXISTS", "customer", name)
}

/// There is no such customer to belong to.
pub fn parent_not_found(key: impl ToString) -> Refusal {
    Refusal::not_found("PARENT_NOT_FOUND", "customer", key.to_string())
}

/// The customer would belong to itself.
pub fn parent_cycle(customer_id: CustomerId) -> Refusal {
    let subject = format!("customer/{}", customer_id.0);
    let text = "a customer cannot belong to itself, also not by way of others";
    Refusal::rule("PARENT_CYCLE", "PARENT", subject, text)
}

/// There is no such policy.
pub fn policy_not_found(name: impl ToString) -> Refusal {
    Refusal::not_found("CREDIT_POLICY_NOT_FOUND", "credit policy", name.to_string())
}

/// A version is not published.
pub fn publish_refused(error: &PublishError) -> Refusal {
    let rule = |reason, subject: String| {
        Refusal::rule(reason, "CREDIT_POLICY", subject, error.to_string())
    };
    match error {
        PublishError::StaleVersion { latest } => {
            Refusal::stale("STALE_VERSION").with_metadata("latest_version", latest)
        }
        PublishError::ValidFromInThePast(day) => {
            rule("VALID_FROM_IN_THE_PAST", format!("valid_from_date/{day}"))
        }
        PublishError::ValidFromNotAfterLatest(day) => rule(
            "VALID_FROM_NOT_AFTER_LATEST",
            format!("valid_from_date/{day}"),
        ),
        PublishError::CalendarUnknown(code) => calendar_unknown(code, error.to_string()),
    }
}

/// No policy says what a customer may owe.
pub fn no_policy_in_force(policy_code: impl std::fmt::Display) -> Refusal {
    let subject = format!("credit_policy/{policy_code}");
    let text = "no version of the customer's policy is in force";
    Refusal::rule("NO_POLICY_IN_FORCE", "CREDIT_POLICY", subject, text)
}

/// The identity for a reservation is taken.
pub fn reservation_exists(reservation_id: ReservationId) -> Refusal {
    let name = reservation_id.0.to_string();
    Refusal::already_exists("RESERVATION_EXISTS", "reservation", name)
}

/// There is no such reservation.
pub fn reservation_not_found(reservation_id: Uuid) -> Refusal {
    let name = reservation_id.to_string();
    Refusal::not_found("RESERVATION_NOT_FOUND", "reservation", name)
}

/// A reservation is not made or changed.
pub fn reservation_refused(error: &ReservationError) -> Refusal {
    let text = error.to_string();
    match error {
        ReservationError::Ended(state) => {
            let subject = "reservation";
            Refusal::rule("RESERVATION_ENDED", "RESERVATION", subject, text)
                .with_metadata("state", state.code())
        }
        ReservationError::ExpiryOutOfRange { latest } => {
            let subject = "expires_time";
            Refusal::rule("EXPIRY_OUT_OF_RANGE", "EXPIRY", subject, text)
                .with_metadata("latest_expires_time", latest)
        }
        ReservationError::Money(error) => Refusal::internal(error),
    }
}

/// There is no such decision.
pub fn decision_not_found(decision_id: Uuid) -> Refusal {
    let name = decision_id.to_string();
    Refusal::not_found("DECISION_NOT_FOUND", "credit decision", name)
}

/// There is no such hold.
pub fn credit_hold_not_found(credit_hold_id: Uuid) -> Refusal {
    let name = credit_hold_id.to_string();
    Refusal::not_found("CREDIT_HOLD_NOT_FOUND", "credit hold", name)
}

/// A hold is not placed or changed.
pub fn hold_refused(error: &HoldError) -> Refusal {
    let rule = |reason| Refusal::rule(reason, "CREDIT_HOLD", "credit_hold", error.to_string());
    match error {
        HoldError::Exists(hold) => {
            let name = hold.0.to_string();
            Refusal::already_exists("CREDIT_HOLD_EXISTS", "credit hold", name)
        }
        HoldError::EndDateInThePast(_) => rule("END_DATE_IN_THE_PAST"),
        HoldError::FollowsFacts => rule("HOLD_FOLLOWS_FACTS"),
        HoldError::Released => rule("CREDIT_HOLD_RELEASED"),
    }
}

/// A limit is not set.
pub fn limit_refused(error: &LimitError) -> Refusal {
    let LimitError::ValidUntilInThePast(day) = error;
    let subject = format!("valid_until_date/{day}");
    Refusal::rule(
        "VALID_UNTIL_IN_THE_PAST",
        "CREDIT_LIMIT",
        subject,
        error.to_string(),
    )
}
