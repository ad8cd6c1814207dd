//! From a refusal to the status on the wire: the code, a text, and the standard
//! details of google.rpc. The only place that builds a [`tonic::Status`].

use std::collections::HashMap;
use std::time::Duration;

use http::HeaderValue;
use tonic::metadata::MetadataMap;
use tonic::{Code, Status};
use tonic_types::{ErrorDetails, StatusExt as _};
use uuid::Uuid;

use super::{Detail, Parts, Refusal};

/// Trailer by which gRPC clients know when to retry by themselves.
const PUSHBACK: &str = "grpc-retry-pushback-ms";

impl Refusal {
    /// The status for the wire, with ErrorInfo (`<service>.recoup`) and the details
    /// of its row. Writes the log entry: an error for a bug, with the error id that
    /// the caller gets; a warning where something is out of reach.
    #[must_use]
    pub fn into_status(self, service: &str) -> Status {
        let mut parts = *self.0;
        log(&mut parts, service);
        let mut details = ErrorDetails::new();
        let metadata: HashMap<String, String> = parts.metadata.into_iter().collect();
        details.set_error_info(parts.reason, format!("{service}.recoup"), metadata);
        if let Some(delay) = parts.retry_after {
            details.set_retry_info(Some(delay));
        }
        match parts.detail {
            Detail::None => {}
            Detail::BadRequest(violations) => {
                details.set_bad_request(violations);
            }
            Detail::Resource { kind, name } => {
                details.set_resource_info(kind, name, "", "");
            }
            Detail::Precondition { kind, subject } => {
                details.add_precondition_failure_violation(kind, subject, &*parts.message);
            }
        }
        let pushback = pushback(parts.code, parts.retry_after);
        Status::with_error_details_and_metadata(parts.code, parts.message, details, pushback)
    }
}

pub(super) fn log(parts: &mut Parts, service: &str) {
    let (reason, cause) = (&parts.reason, parts.cause.as_deref().unwrap_or_default());
    match parts.code {
        Code::Internal => {
            let error_id = Uuid::now_v7();
            tracing::error!(service, %error_id, cause, "internal error");
            parts
                .metadata
                .insert("error_id".to_owned(), error_id.to_string());
        }
        Code::Unavailable => tracing::warn!(service, %reason, cause, "unavailable"),
        code => tracing::debug!(service, ?code, %reason, cause, "refused"),
    }
}

/// Only where we are over our load: there the client must not retry sooner.
fn pushback(code: Code, retry_after: Option<Duration>) -> MetadataMap {
    let mut metadata = MetadataMap::new();
    if let (Code::ResourceExhausted, Some(delay)) = (code, retry_after) {
        let mut headers = http::HeaderMap::new();
        let ms = u64::try_from(delay.as_millis()).unwrap_or(u64::MAX);
        headers.insert(PUSHBACK, HeaderValue::from(ms));
        metadata = MetadataMap::from_headers(headers);
    }
    metadata
}

#[cfg(test)]
mod tests {
    use super::*;
    use tonic_types::FieldViolation;

    #[test]
    fn every_row_has_its_code_its_reason_and_its_details() {
        let violation = FieldViolation::new("customer_id", "is required");
        let status = Refusal::invalid("REQUEST_INVALID", vec![violation]).into_status("invoicing");
        assert_eq!(status.code(), Code::InvalidArgument);
        let details = status.get_error_details();
        let info = details.error_info().unwrap();
        assert_eq!(
            (&*info.reason, &*info.domain),
            ("REQUEST_INVALID", "invoicing.recoup")
        );
        assert_eq!(
            details.bad_request().unwrap().field_violations[0].field,
            "customer_id"
        );

        let status = Refusal::not_found("INVOICE_NOT_FOUND", "invoice", 7).into_status("invoicing");
        assert_eq!(
            (status.code(), status.message()),
            (Code::NotFound, "invoice 7 does not exist")
        );
        assert_eq!(
            status.get_details_resource_info().unwrap().resource_name,
            "7"
        );

        let rule = Refusal::rule("INVOICE_VOID", "STATE", "invoice/7", "it is void");
        let status = rule.into_status("invoicing");
        assert_eq!(status.code(), Code::FailedPrecondition);
        let failure = status.get_details_precondition_failure().unwrap();
        assert_eq!(failure.violations[0].description, "it is void");

        let status = Refusal::stale("STALE_ETAG").into_status("invoicing");
        assert_eq!(status.code(), Code::Aborted);
        assert!(status.get_details_retry_info().is_some());
        assert!(!status.metadata().contains_key(PUSHBACK));
    }

    #[test]
    fn p35_an_overload_pushes_back() {
        let refusal = Refusal::exhausted("OVERLOADED", Duration::from_millis(250));
        let status = refusal.into_status("credit");
        assert_eq!(status.code(), Code::ResourceExhausted);
        assert_eq!(status.metadata().get(PUSHBACK).unwrap(), "250");
        let retry = status.get_details_retry_info().unwrap();
        assert_eq!(retry.retry_delay, Some(Duration::from_millis(250)));
    }

    #[test]
    fn p30_the_cause_of_a_bug_stays_in_the_log() {
        let status = Refusal::internal("canary").into_status("credit");
        assert_eq!(status.code(), Code::Internal);
        let info = status.get_details_error_info().unwrap();
        let error_id: Uuid = info.metadata["error_id"].parse().unwrap();
        assert!(!error_id.is_nil());
        assert!(!format!("{status:?}").contains("canary"));
    }
}
