//! Refusals about what agencies report.

use runtime::{FieldViolation, Refusal};

use super::{currency_mismatch, placement};
use crate::domain::agency_report::ReportError;

/// The agency has reported this number before.
pub fn exists(reference: &str) -> Refusal {
    Refusal::already_exists("AGENCY_REPORT_EXISTS", "agency report", reference)
}

/// A report is refused; `key` names its placement.
pub fn refused(key: impl std::fmt::Display, error: ReportError) -> Refusal {
    match error {
        ReportError::OtherAgency => placement::not_found(key),
        ReportError::NeverActive => {
            let subject = format!("placement/{key}");
            Refusal::rule(
                "PLACEMENT_NEVER_ACTIVE",
                "STATE",
                subject,
                error.to_string(),
            )
        }
        ReportError::CurrencyMismatch => currency_mismatch(error),
        ReportError::NotPositive => {
            let violation = FieldViolation::new("amount", error.to_string());
            Refusal::invalid("REQUEST_INVALID", vec![violation])
        }
    }
}
