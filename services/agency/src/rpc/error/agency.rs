//! Refusals about agencies.

use runtime::Refusal;

use crate::domain::agency::AgencyError;
use crate::domain::identity::AgencyId;

/// The external identity of the agency is taken.
pub fn exists(external_id: &str) -> Refusal {
    Refusal::already_exists("AGENCY_EXISTS", "agency", external_id)
}

/// There is no such agency; `key` is the identity that was asked for.
pub fn not_found(key: impl std::fmt::Display) -> Refusal {
    Refusal::not_found("AGENCY_NOT_FOUND", "agency", key)
}

/// An agency is not changed or used so.
pub fn refused(agency_id: AgencyId, error: AgencyError) -> Refusal {
    let reason = match error {
        AgencyError::Suspended => "AGENCY_SUSPENDED",
        AgencyError::NotSuspended => "AGENCY_NOT_SUSPENDED",
    };
    Refusal::rule(
        reason,
        "STATE",
        format!("agency/{agency_id}"),
        error.to_string(),
    )
}
