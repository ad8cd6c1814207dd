//! Refusals about the placement policy.

use runtime::{FieldViolation, Refusal};

use crate::domain::placement_policy::PolicyError;

/// The definition of a policy contradicts itself.
pub fn invalid(fault: impl std::fmt::Display) -> Refusal {
    let violation = FieldViolation::new("definition", fault.to_string());
    Refusal::invalid("PLACEMENT_POLICY_INVALID", vec![violation])
}

/// There is no such version.
pub fn version_not_found(version: i32) -> Refusal {
    let kind = "placement policy version";
    Refusal::not_found("PLACEMENT_POLICY_VERSION_NOT_FOUND", kind, version)
}

/// The policy is not changed or used so.
pub fn refused(error: &PolicyError) -> Refusal {
    let rule = |reason| {
        let subject = "placement_policy";
        Refusal::rule(reason, "PLACEMENT_POLICY", subject, error.to_string())
    };
    match error {
        PolicyError::Definition(fault) => invalid(fault),
        PolicyError::VersionActive(_) => rule("PLACEMENT_POLICY_VERSION_ACTIVE"),
        PolicyError::VersionNotFound(version) => version_not_found(*version),
        PolicyError::NoPolicy => rule("NO_PLACEMENT_POLICY"),
        PolicyError::PreviewOnly(_) => rule("VERSION_FOR_PREVIEW_ONLY"),
    }
}
