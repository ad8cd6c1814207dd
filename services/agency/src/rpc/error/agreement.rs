//! Refusals about agreements.

use runtime::{FieldViolation, Refusal};

use crate::domain::agreement::AgreementError;
use crate::domain::identity::AgencyId;

/// There is no such agreement.
pub fn not_found(key: impl std::fmt::Display) -> Refusal {
    Refusal::not_found("AGREEMENT_NOT_FOUND", "agreement", key)
}

/// The number of the agreement is taken.
pub fn exists(number: &str) -> Refusal {
    Refusal::already_exists("AGREEMENT_EXISTS", "agreement", number)
}

/// A schedule contradicts itself.
pub fn schedule_invalid(field: &str, error: impl std::fmt::Display) -> Refusal {
    let violation = FieldViolation::new(field, error.to_string());
    Refusal::invalid("COMMISSION_SCHEDULE_INVALID", vec![violation])
}

/// An agreement is refused.
pub fn refused(agency_id: AgencyId, error: AgreementError) -> Refusal {
    let rule = |reason| {
        Refusal::rule(
            reason,
            "AGREEMENT",
            format!("agency/{agency_id}"),
            error.to_string(),
        )
    };
    match error {
        AgreementError::Schedules => schedule_invalid("terms.commission_schedules", error),
        AgreementError::Days { field, .. } => {
            let violation = FieldViolation::new(format!("terms.{field}"), error.to_string());
            Refusal::invalid("REQUEST_INVALID", vec![violation])
        }
        AgreementError::Overlaps => rule("AGREEMENT_OVERLAPS"),
        AgreementError::EndInThePast => rule("END_DATE_IN_THE_PAST"),
        AgreementError::EndBeforeStart => rule("END_DATE_BEFORE_START"),
        AgreementError::Ended => rule("AGREEMENT_ENDED"),
        AgreementError::None => rule("NO_AGREEMENT"),
    }
}
