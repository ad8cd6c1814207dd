//! The reasons with which agency refuses, and the one code of each; what a refusal about a noun says
//! stands in the modules below.

pub mod agency;
pub mod agency_report;
pub mod agreement;
pub mod commission;
pub mod placement;
pub mod placement_batch;
pub mod placement_policy;
pub mod proposal_run;
pub mod remittance;

use std::time::Duration;

use runtime::{FieldViolation, PeerError, Refusal};

/// A reason of agency's vocabulary, as `google.rpc.ErrorInfo` carries it. The list
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

/// Every reason of agency's own; those that every service has are the runtime's.
pub const REASONS: &[Reason] = reasons! {
    "STALE_ETAG" "ABORTED" "Somebody changed it meanwhile: read it again and decide again."
    "FIELD_NOT_UPDATABLE" "INVALID_ARGUMENT" "The mask names a field that cannot be set."
    "TENANT_NOT_YET_KNOWN" "UNAVAILABLE" "Credit has not announced the tenant's profile yet: create it, or wait."
    "CUSTOMER_NOT_YET_KNOWN" "UNAVAILABLE" "Credit has not announced the customer yet: wait and repeat."
    "INVOICE_NOT_YET_KNOWN" "UNAVAILABLE" "Invoicing has not announced an invoice yet: wait and repeat."
    "REMINDERS_UNAVAILABLE" "UNAVAILABLE" "Reminders does not answer: the placement goes on by itself; repeat to wait for it."
    "INVOICING_UNAVAILABLE" "UNAVAILABLE" "Invoicing does not answer: the placement goes on by itself; repeat to wait for it."
    "AGENCY_EXISTS" "ALREADY_EXISTS" "The external_id is taken: read that agency."
    "AGENCY_NOT_FOUND" "NOT_FOUND" "There is no such agency."
    "AGENCY_SUSPENDED" "FAILED_PRECONDITION" "The agency gets no new placements: reinstate it, or choose another."
    "AGENCY_NOT_SUSPENDED" "FAILED_PRECONDITION" "The agency gets placements already."
    "AGREEMENT_EXISTS" "ALREADY_EXISTS" "The agency has an agreement of this number."
    "AGREEMENT_NOT_FOUND" "NOT_FOUND" "There is no such agreement."
    "AGREEMENT_OVERLAPS" "FAILED_PRECONDITION" "Another agreement of the agency is valid on one of these days: terminate that first."
    "AGREEMENT_ENDED" "FAILED_PRECONDITION" "The agreement has ended, or ends no later anyway."
    "COMMISSION_SCHEDULE_INVALID" "INVALID_ARGUMENT" "The schedule contradicts itself, or leaves a placement without a rate."
    "END_DATE_IN_THE_PAST" "FAILED_PRECONDITION" "An agreement ends today or later."
    "END_DATE_BEFORE_START" "FAILED_PRECONDITION" "The agreement would end before it begins."
    "NO_AGREEMENT" "FAILED_PRECONDITION" "The agency has no agreement for the currency on that day."
    "PLACEMENT_POLICY_INVALID" "INVALID_ARGUMENT" "The definition contradicts itself."
    "PLACEMENT_POLICY_VERSION_NOT_FOUND" "NOT_FOUND" "There is no such version of the placement policy."
    "PLACEMENT_POLICY_VERSION_ACTIVE" "FAILED_PRECONDITION" "The version is in force already."
    "NO_PLACEMENT_POLICY" "FAILED_PRECONDITION" "No version of the placement policy is in force: activate one."
    "VERSION_FOR_PREVIEW_ONLY" "FAILED_PRECONDITION" "A version that is not in force can only be previewed."
    "PROPOSAL_RUN_NOT_FOUND" "NOT_FOUND" "There is no such run."
    "DATE_IN_THE_FUTURE" "INVALID_ARGUMENT" "The day lies after today."
    "PLACEMENT_BATCH_NOT_FOUND" "NOT_FOUND" "There is no such batch."
    "NOTHING_APPROVED" "FAILED_PRECONDITION" "No placement of the agency is approved."
    "PLACEMENT_OF_OTHER_AGENCY" "FAILED_PRECONDITION" "A placement is another agency's; the metadata `placement_ids` names the first ten."
    "BATCH_NOT_PLACED" "FAILED_PRECONDITION" "Placements of the batch are still on their way: ask again when it is PLACED."
    "BATCH_ACKNOWLEDGED" "FAILED_PRECONDITION" "The agency has acknowledged the batch already."
    "FILE_ERASED" "FAILED_PRECONDITION" "A person in the file was erased, and the file with them."
    "AGENCY_REPORT_EXISTS" "ALREADY_EXISTS" "The agency has reported this number before."
    "REMITTANCE_NOT_FOUND" "NOT_FOUND" "There is no such remittance."
    "REMITTANCE_LINE_NOT_FOUND" "NOT_FOUND" "There is no such line."
    "REMITTANCE_LINE_NOT_PARKED" "FAILED_PRECONDITION" "Only a parked line is retried."
    "REMITTANCE_MODE_MISMATCH" "FAILED_PRECONDITION" "The agreement of that day says net, or gross."
    "REMITTANCE_TOTAL_MISMATCH" "INVALID_ARGUMENT" "The rows do not come to the stated count or sums."
    "REMITTANCE_CHANGED" "INVALID_ARGUMENT" "The number was used before with another date, mode or currency."
    "LINE_CHANGED" "INVALID_ARGUMENT" "The line was imported before with other content."
    "DUPLICATE_ROW" "INVALID_ARGUMENT" "Another row has the same line reference."
    "COMMISSION_NOT_ALLOWED" "INVALID_ARGUMENT" "A gross remittance keeps no commission back."
    "COMMISSION_MISSING" "INVALID_ARGUMENT" "A net remittance tells what it keeps back."
    "COMMISSION_NOT_FOUND" "NOT_FOUND" "There is no such entry."
    "DATES_REVERSED" "INVALID_ARGUMENT" "The stretch of days ends before it begins."
    "PLACEMENT_EXISTS" "ALREADY_EXISTS" "The external_id is taken: read that placement."
    "PLACEMENT_NOT_FOUND" "NOT_FOUND" "There is no such placement."
    "PLACEMENT_EXCLUDED" "FAILED_PRECONDITION" "Facts forbid the placement; the metadata `facts` names them."
    "PLACEMENT_NOT_PROPOSED" "FAILED_PRECONDITION" "Only a proposed placement can be approved."
    "PLACEMENT_NOT_REJECTABLE" "FAILED_PRECONDITION" "Only a proposed or approved placement can be rejected."
    "PLACEMENT_NOT_APPROVED" "FAILED_PRECONDITION" "Only an approved placement can be placed."
    "PLACEMENT_IN_BATCH" "FAILED_PRECONDITION" "A batch has taken the placement and places it."
    "PLACEMENT_NOT_ACTIVE" "FAILED_PRECONDITION" "The placement is not with the agency."
    "PLACEMENT_NOT_PENDING_RECALL" "FAILED_PRECONDITION" "The placement is not being recalled."
    "PLACEMENT_NEVER_ACTIVE" "FAILED_PRECONDITION" "The agency never had the placement."
    "INVOICE_NOT_FOUND" "NOT_FOUND" "The customer has no such invoice."
    "INVOICE_PLACED" "FAILED_PRECONDITION" "Another placement holds one of the invoices."
    "CURRENCY_MISMATCH" "FAILED_PRECONDITION" "Amounts or invoices are in several currencies."
    "CLOSE_CODE_NOT_ALLOWED" "FAILED_PRECONDITION" "The service sets this code itself, or it does not fit what is owed."
    "AGENCY_REFERENCE_TAKEN" "ALREADY_EXISTS" "Another placement with the agency has this file number."
};

/// Nothing better is known.
const SOON: Duration = Duration::from_secs(1);

/// Compares the etag of a request with the current one; an empty one is not compared.
///
/// # Errors
/// ABORTED, STALE_ETAG.
pub fn check_etag(brought: &str, current: &str) -> Result<(), Refusal> {
    match brought.is_empty() || brought == current {
        true => Ok(()),
        false => Err(stale_etag()),
    }
}

/// Somebody changed it meanwhile.
pub fn stale_etag() -> Refusal {
    Refusal::stale("STALE_ETAG")
}

/// The mask names a field that cannot be set.
pub fn not_updatable(path: &str) -> Refusal {
    let text = format!("{path} is no field that can be set");
    let violation = FieldViolation::new("update_mask", text);
    Refusal::invalid("FIELD_NOT_UPDATABLE", vec![violation])
}

/// Credit has not announced the tenant.
pub fn tenant_not_yet_known() -> Refusal {
    Refusal::unavailable("TENANT_NOT_YET_KNOWN", SOON)
}

/// Credit has not announced the customer.
pub fn customer_not_yet_known() -> Refusal {
    Refusal::unavailable("CUSTOMER_NOT_YET_KNOWN", SOON)
}

/// Invoicing has not announced an invoice.
pub fn invoice_not_yet_known() -> Refusal {
    Refusal::unavailable("INVOICE_NOT_YET_KNOWN", SOON)
}

/// A peer of the placement protocol does not answer.
pub fn peer_unavailable(error: &PeerError) -> Refusal {
    let reason = match error.peer {
        "reminders" => "REMINDERS_UNAVAILABLE",
        _ => "INVOICING_UNAVAILABLE",
    };
    Refusal::unavailable(reason, SOON).caused_by(error)
}

/// The customer has no such invoice.
pub fn invoice_not_found(key: impl std::fmt::Display) -> Refusal {
    Refusal::not_found("INVOICE_NOT_FOUND", "invoice", key)
}

/// Amounts of several currencies.
pub fn currency_mismatch(error: impl std::fmt::Display) -> Refusal {
    Refusal::rule(
        "CURRENCY_MISMATCH",
        "CURRENCY",
        "invoices",
        error.to_string(),
    )
}

/// A day after today.
pub fn date_in_the_future(field: &str) -> Refusal {
    let violation = FieldViolation::new(field, "lies in the future");
    Refusal::invalid("DATE_IN_THE_FUTURE", vec![violation])
}

/// A stretch of days that ends before it begins.
pub fn dates_reversed(field: &str) -> Refusal {
    let violation = FieldViolation::new(field, "lies before the first day");
    Refusal::invalid("DATES_REVERSED", vec![violation])
}
