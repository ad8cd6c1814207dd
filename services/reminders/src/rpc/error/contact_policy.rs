//! Refusals about contact policies.

use runtime::{FieldViolation, Refusal};

use crate::domain::contact::{ContactPolicyError, Fault};

/// There is no such policy.
pub fn not_found(contact_policy_id: impl ToString) -> Refusal {
    let name = contact_policy_id.to_string();
    Refusal::not_found("CONTACT_POLICY_NOT_FOUND", "contact policy", name)
}

/// A policy was not added.
pub fn refused(error: &ContactPolicyError) -> Refusal {
    match error {
        ContactPolicyError::Invalid(faults) => {
            let violation = |fault: &Fault| {
                FieldViolation::new(format!("definition.{}", fault.field), fault.problem)
            };
            let told = faults.iter().take(super::TOLD).map(violation);
            Refusal::invalid("REQUEST_INVALID", told.collect())
        }
        ContactPolicyError::CalendarUnknown { known } => {
            let field = "definition.calendar_code";
            let violation = FieldViolation::new(field, error.to_string());
            Refusal::invalid("CALENDAR_UNKNOWN", vec![violation])
                .with_metadata("known", known.join(" "))
        }
        ContactPolicyError::Exists(other) => {
            Refusal::already_exists("CONTACT_POLICY_EXISTS", "contact policy", other)
        }
        ContactPolicyError::ValidFromInThePast { today } => {
            let (subject, text) = ("valid_from_date", error.to_string());
            Refusal::rule("VALID_FROM_IN_THE_PAST", "DATE", subject, text)
                .with_metadata("today", today)
        }
    }
}
