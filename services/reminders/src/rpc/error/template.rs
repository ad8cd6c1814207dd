//! Refusals about templates and their words.

use runtime::{FieldViolation, Refusal};

use crate::domain::content;
use crate::domain::template::TemplateError;

/// The tenant has a template of this code.
pub fn code_taken(code: impl ToString) -> Refusal {
    Refusal::already_exists("TEMPLATE_CODE_TAKEN", "template", code.to_string())
}

/// There is no such template.
pub fn not_found(key: impl ToString) -> Refusal {
    Refusal::not_found("TEMPLATE_NOT_FOUND", "template", key.to_string())
}

/// There is no such version, or no such template.
pub fn version_not_found(template_id: impl ToString, version: i32) -> Refusal {
    let name = format!("{}@{version}", template_id.to_string());
    Refusal::not_found("TEMPLATE_VERSION_NOT_FOUND", "template version", name)
}

/// Words were not written, or not put in force.
pub fn refused(error: &TemplateError) -> Refusal {
    match error {
        TemplateError::Invalid(faults) => {
            let told = faults.iter().take(super::TOLD);
            let told = told.map(|fault| FieldViolation::new(&fault.field, fault.problem));
            Refusal::invalid("TEMPLATE_INVALID", told.collect())
        }
        TemplateError::VersionActive => {
            let text = error.to_string();
            Refusal::rule("TEMPLATE_VERSION_ACTIVE", "STATE", "template version", text)
        }
    }
}

/// A part cannot be read, or names something unknown.
pub fn invalid(faults: &[content::Fault]) -> Refusal {
    let told = faults.iter().take(super::TOLD);
    let told = told.map(|fault| FieldViolation::new(&fault.field, &fault.problem));
    Refusal::invalid("TEMPLATE_INVALID", told.collect())
}

/// The facts of a case make a version fail.
pub fn failed(failed: &content::Failed) -> Refusal {
    let subject = format!("{}/{}", failed.language, failed.part);
    Refusal::rule("TEMPLATE_FAILED", "TEMPLATE", subject, &failed.problem)
        .with_metadata("language", &failed.language)
        .with_metadata("part", failed.part)
}
