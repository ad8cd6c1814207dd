//! The reasons with which invoicing refuses, and the one code of each.

use std::time::Duration;

use runtime::Refusal;

use crate::domain::SeriesError;

/// When what has not come through a feed is worth asking for again.
const RETRY_AFTER: Duration = Duration::from_secs(1);

/// A reason of invoicing's vocabulary, as `google.rpc.ErrorInfo` carries it. The list
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

/// Every reason of invoicing's own; those that every service has are the runtime's.
pub const REASONS: &[Reason] = reasons! {
    "NUMBER_SERIES_EXISTS" "ALREADY_EXISTS" "The code or the prefix of the series is taken: use that series, or choose another."
    "TENANT_NOT_YET_KNOWN" "UNAVAILABLE" "Credit has not announced the tenant's profile yet: create it, or ask again in a moment."
    "INVOICE_NOT_FOUND" "NOT_FOUND" "There is no such invoice."
};

/// The series is refused because `name`, its code or its prefix, is taken.
pub fn series_exists(name: &str) -> Refusal {
    Refusal::already_exists("NUMBER_SERIES_EXISTS", "number series", name)
}

/// The tenant's profile, and so its zone, has not come through credit's feed yet.
pub fn tenant_not_yet_known() -> Refusal {
    Refusal::unavailable("TENANT_NOT_YET_KNOWN", RETRY_AFTER)
}

/// There is no such invoice; `key` is the identity that was asked for.
pub fn invoice_not_found(key: impl ToString) -> Refusal {
    Refusal::not_found("INVOICE_NOT_FOUND", "invoice", key.to_string())
}

/// The field of the request that a [`SeriesError`] is about.
#[must_use]
pub const fn field_of(error: SeriesError) -> &'static str {
    match error {
        SeriesError::Code => "series.series_code",
        SeriesError::Prefix => "series.prefix",
        SeriesError::MinimumDigits => "series.minimum_digits",
        SeriesError::FirstNumber | SeriesError::Exhausted => "series.first_number",
    }
}
