//! The reasons with which invoicing refuses, and the one code of each.

use runtime::Refusal;

use crate::domain::SeriesError;

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

/// Every reason of invoicing's own; those that every service has are the runtime's.
pub const REASONS: &[Reason] = &[Reason {
    name: "NUMBER_SERIES_EXISTS",
    code: "ALREADY_EXISTS",
    meaning: "The code or the prefix of the series is taken: use that series, or choose another.",
}];

/// The series is refused because `name`, its code or its prefix, is taken.
pub fn series_exists(name: &str) -> Refusal {
    Refusal::already_exists("NUMBER_SERIES_EXISTS", "number series", name)
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
