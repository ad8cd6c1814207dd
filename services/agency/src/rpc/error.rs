//! The reasons with which agency refuses, and the one code of each.

use std::collections::BTreeSet;
use std::time::Duration;

use contracts::common::RejectedRow;
use runtime::{FieldViolation, PeerError, Refusal};

use crate::domain::agency::AgencyError;
use crate::domain::agency_report::ReportError;
use crate::domain::agreement::AgreementError;
use crate::domain::identity::{
    AgencyId, CommissionId, PlacementBatchId, PlacementId, ProposalRunId, RemittanceLineId,
};
use crate::domain::placement::{Placement, PlacementError};
use crate::domain::placement_batch::BatchError;
use crate::domain::placement_policy::PolicyError;
use crate::domain::proposal::ProposalError;
use crate::domain::remittance::{RemittanceError, RemittanceHeader};
use crate::domain::remittance_line::LineError;
use crate::domain::remittance_row::{RemittanceRow, RowFault};

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

/// The external identity of the agency is taken.
pub fn agency_exists(external_id: &str) -> Refusal {
    Refusal::already_exists("AGENCY_EXISTS", "agency", external_id)
}

/// There is no such agency; `key` is the identity that was asked for.
pub fn agency_not_found(key: impl std::fmt::Display) -> Refusal {
    Refusal::not_found("AGENCY_NOT_FOUND", "agency", key)
}

/// An agency is not changed or used so.
pub fn agency_refused(agency_id: AgencyId, error: AgencyError) -> Refusal {
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

/// There is no such agreement.
pub fn agreement_not_found(key: impl std::fmt::Display) -> Refusal {
    Refusal::not_found("AGREEMENT_NOT_FOUND", "agreement", key)
}

/// The number of the agreement is taken.
pub fn agreement_exists(number: &str) -> Refusal {
    Refusal::already_exists("AGREEMENT_EXISTS", "agreement", number)
}

/// A schedule contradicts itself.
pub fn schedule_invalid(field: &str, error: impl std::fmt::Display) -> Refusal {
    let violation = FieldViolation::new(field, error.to_string());
    Refusal::invalid("COMMISSION_SCHEDULE_INVALID", vec![violation])
}

/// An agreement is refused.
pub fn agreement_refused(agency_id: AgencyId, error: AgreementError) -> Refusal {
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

/// The definition of a policy contradicts itself.
pub fn policy_invalid(fault: impl std::fmt::Display) -> Refusal {
    let violation = FieldViolation::new("definition", fault.to_string());
    Refusal::invalid("PLACEMENT_POLICY_INVALID", vec![violation])
}

/// There is no such version.
pub fn policy_version_not_found(version: i32) -> Refusal {
    let kind = "placement policy version";
    Refusal::not_found("PLACEMENT_POLICY_VERSION_NOT_FOUND", kind, version)
}

/// The policy is not changed or used so.
pub fn policy_refused(error: &PolicyError) -> Refusal {
    let rule = |reason| {
        let subject = "placement_policy";
        Refusal::rule(reason, "PLACEMENT_POLICY", subject, error.to_string())
    };
    match error {
        PolicyError::Definition(fault) => policy_invalid(fault),
        PolicyError::VersionActive(_) => rule("PLACEMENT_POLICY_VERSION_ACTIVE"),
        PolicyError::VersionNotFound(version) => policy_version_not_found(*version),
        PolicyError::NoPolicy => rule("NO_PLACEMENT_POLICY"),
        PolicyError::PreviewOnly(_) => rule("VERSION_FOR_PREVIEW_ONLY"),
    }
}

/// The external identity of the placement is taken.
pub fn placement_exists(external_id: &str) -> Refusal {
    Refusal::already_exists("PLACEMENT_EXISTS", "placement", external_id)
}

/// There is no such placement; `key` is what was asked for.
pub fn placement_not_found(key: impl std::fmt::Display) -> Refusal {
    Refusal::not_found("PLACEMENT_NOT_FOUND", "placement", key)
}

/// The customer has no such invoice.
pub fn invoice_not_found(key: impl std::fmt::Display) -> Refusal {
    Refusal::not_found("INVOICE_NOT_FOUND", "invoice", key)
}

/// The agency's file number is taken.
pub fn agency_reference_taken(reference: &str) -> Refusal {
    Refusal::already_exists("AGENCY_REFERENCE_TAKEN", "agency reference", reference)
}

/// A placement is not proposed by hand.
pub fn proposal_refused(error: &ProposalError) -> Refusal {
    match error {
        ProposalError::Excluded(facts) => {
            let names: BTreeSet<&str> = facts.iter().map(|fact| fact.name()).collect();
            let names: Vec<&str> = names.into_iter().collect();
            let subject = "invoices";
            Refusal::rule(
                "PLACEMENT_EXCLUDED",
                "EXCLUDED_FACT",
                subject,
                error.to_string(),
            )
            .with_metadata("facts", names.join(","))
        }
        ProposalError::CurrencyMismatch => currency_mismatch(error),
        ProposalError::OtherCustomer(invoice_id) => invoice_not_found(invoice_id),
        ProposalError::InvoiceCount => {
            let violation = FieldViolation::new("invoice_ids", error.to_string());
            Refusal::invalid("REQUEST_INVALID", vec![violation])
        }
        ProposalError::Money(error) => Refusal::internal(error),
    }
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

/// Something cannot happen to a placement; its state is in the metadata.
pub fn placement_refused(placement: &Placement, error: &PlacementError) -> Refusal {
    refused(placement.placement_id, error).with_metadata("state", placement.state)
}

fn refused(placement_id: PlacementId, error: &PlacementError) -> Refusal {
    let rule = |reason| {
        let subject = format!("placement/{placement_id}");
        Refusal::rule(reason, "STATE", subject, error.to_string())
    };
    match error {
        PlacementError::NotProposed(_) => rule("PLACEMENT_NOT_PROPOSED"),
        PlacementError::NotRejectable(_) => rule("PLACEMENT_NOT_REJECTABLE"),
        PlacementError::NotApproved(_) => rule("PLACEMENT_NOT_APPROVED"),
        PlacementError::InBatch => rule("PLACEMENT_IN_BATCH"),
        PlacementError::InvoicePlaced(invoice_id) => {
            rule("INVOICE_PLACED").with_metadata("invoice_id", invoice_id)
        }
        PlacementError::AgencySuspended => rule("AGENCY_SUSPENDED"),
        PlacementError::NotActive(_) => rule("PLACEMENT_NOT_ACTIVE"),
        PlacementError::NeverActive => rule("PLACEMENT_NEVER_ACTIVE"),
        PlacementError::NotPendingRecall(_) => rule("PLACEMENT_NOT_PENDING_RECALL"),
        PlacementError::CloseCodeNotAllowed(_) => rule("CLOSE_CODE_NOT_ALLOWED"),
        PlacementError::Terms(_) => rule("NO_AGREEMENT"),
        PlacementError::StoppedInTheFuture => {
            let violation = FieldViolation::new("stopped_time", error.to_string());
            Refusal::invalid("REQUEST_INVALID", vec![violation])
        }
        PlacementError::NoInvoices
        | PlacementError::NotPendingHold(_)
        | PlacementError::LookAgain
        | PlacementError::NotPendingRelease(_)
        | PlacementError::Money(_)
        | PlacementError::Unbalanced(_)
        | PlacementError::Date(_)
        | PlacementError::Zone(_) => Refusal::internal(error),
    }
}

/// Another placement came first to an invoice, as the database found it (P19).
pub fn invoice_placed(placement_id: PlacementId) -> Refusal {
    let text = "another placement holds one of the invoices";
    let subject = format!("placement/{placement_id}");
    Refusal::rule("INVOICE_PLACED", "STATE", subject, text)
}

/// There is no such run.
pub fn run_not_found(proposal_run_id: ProposalRunId) -> Refusal {
    Refusal::not_found("PROPOSAL_RUN_NOT_FOUND", "proposal run", proposal_run_id)
}

/// A day after today.
pub fn date_in_the_future(field: &str) -> Refusal {
    let violation = FieldViolation::new(field, "lies in the future");
    Refusal::invalid("DATE_IN_THE_FUTURE", vec![violation])
}

/// There is no such batch.
pub fn batch_not_found(placement_batch_id: PlacementBatchId) -> Refusal {
    Refusal::not_found(
        "PLACEMENT_BATCH_NOT_FOUND",
        "placement batch",
        placement_batch_id,
    )
}

/// The file of the batch went with a person in it.
pub fn file_erased(placement_batch_id: PlacementBatchId) -> Refusal {
    let subject = format!("placement_batch/{placement_batch_id}");
    let text = "a person in the file was erased";
    Refusal::rule("FILE_ERASED", "FILE", subject, text)
}

/// A batch is not made or changed so; offenders are named in the metadata.
pub fn batch_refused(subject: &str, error: &BatchError) -> Refusal {
    let rule = |reason| Refusal::rule(reason, "STATE", subject, error.to_string());
    let naming = |reason, offenders: &[PlacementId]| {
        let ids: Vec<String> = offenders.iter().map(PlacementId::to_string).collect();
        // Metadata values are short: one key an offender, and the list as far as it goes.
        let mut refusal = rule(reason).with_metadata("placement_ids", ids.join(","));
        for (index, id) in ids.iter().enumerate() {
            refusal = refusal.with_metadata(&format!("placement_id_{index}"), id);
        }
        refusal
    };
    match error {
        BatchError::NothingApproved => rule("NOTHING_APPROVED"),
        BatchError::AgencySuspended => rule("AGENCY_SUSPENDED"),
        BatchError::NotApproved(offenders) => naming("PLACEMENT_NOT_APPROVED", offenders),
        BatchError::OfOtherAgency(offenders) => naming("PLACEMENT_OF_OTHER_AGENCY", offenders),
        BatchError::InBatch(offenders) => naming("PLACEMENT_IN_BATCH", offenders),
        BatchError::NotPlaced => rule("BATCH_NOT_PLACED"),
        BatchError::Acknowledged => rule("BATCH_ACKNOWLEDGED"),
        BatchError::NothingPending | BatchError::OtherFile | BatchError::Money(_) => {
            Refusal::internal(error)
        }
    }
}

/// The agency has reported this number before.
pub fn report_exists(reference: &str) -> Refusal {
    Refusal::already_exists("AGENCY_REPORT_EXISTS", "agency report", reference)
}

/// A report is refused; `key` names its placement.
pub fn report_refused(key: impl std::fmt::Display, error: ReportError) -> Refusal {
    match error {
        ReportError::OtherAgency => placement_not_found(key),
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

/// There is no such remittance; `key` is what was asked for.
pub fn remittance_not_found(key: &str) -> Refusal {
    Refusal::not_found("REMITTANCE_NOT_FOUND", "remittance", key)
}

/// There is no such line.
pub fn line_not_found(line_id: RemittanceLineId) -> Refusal {
    Refusal::not_found("REMITTANCE_LINE_NOT_FOUND", "remittance line", line_id)
}

/// A line is not retried.
pub fn line_refused(line_id: RemittanceLineId, error: &LineError) -> Refusal {
    match error {
        LineError::NotParked(state) => {
            let subject = format!("remittance_line/{line_id}");
            let text = error.to_string();
            Refusal::rule("REMITTANCE_LINE_NOT_PARKED", "STATE", subject, text)
                .with_metadata("state", state)
        }
        other => Refusal::internal(other),
    }
}

/// A remittance is refused as a whole.
pub fn remittance_refused(header: &RemittanceHeader, error: &RemittanceError) -> Refusal {
    let invalid = |reason, field| {
        Refusal::invalid(reason, vec![FieldViolation::new(field, error.to_string())])
    };
    match error {
        RemittanceError::ModeMismatch(agreed) => {
            let subject = format!("agency/{}", header.agency_id);
            Refusal::rule(
                "REMITTANCE_MODE_MISMATCH",
                "AGREEMENT",
                subject,
                error.to_string(),
            )
            .with_metadata("agreed_mode", agreed)
        }
        RemittanceError::Agreement(refused) => agreement_refused(header.agency_id, *refused),
        RemittanceError::TotalMismatch => {
            invalid("REMITTANCE_TOTAL_MISMATCH", "header.stated_line_count")
        }
        RemittanceError::Changed => invalid("REMITTANCE_CHANGED", "header.remittance_reference"),
        RemittanceError::Money(error) => Refusal::internal(error),
    }
}

/// What is wrong with a row, for the report.
#[must_use]
pub fn row_fault(row: &RemittanceRow, fault: RowFault) -> RejectedRow {
    let reason = match fault {
        RowFault::PlacementNotFound => "PLACEMENT_NOT_FOUND",
        RowFault::PlacementNeverActive => "PLACEMENT_NEVER_ACTIVE",
        RowFault::InvoiceNotFound => "INVOICE_NOT_FOUND",
        RowFault::CurrencyMismatch => "CURRENCY_MISMATCH",
        RowFault::LineChanged => "LINE_CHANGED",
        RowFault::DuplicateRow => "DUPLICATE_ROW",
        RowFault::CommissionNotAllowed => "COMMISSION_NOT_ALLOWED",
        RowFault::CommissionMissing => "COMMISSION_MISSING",
        RowFault::DateInTheFuture => "DATE_IN_THE_FUTURE",
        RowFault::GrossNotPositive | RowFault::CommissionOutOfRange => "REQUEST_INVALID",
    };
    RejectedRow {
        row_number: row.row_number,
        external_id: row.line_reference.clone(),
        field: fault.field().to_owned(),
        reason: reason.to_owned(),
        message: fault.to_string(),
    }
}

/// There is no such entry.
pub fn commission_not_found(commission_id: CommissionId) -> Refusal {
    Refusal::not_found("COMMISSION_NOT_FOUND", "commission", commission_id)
}

/// A stretch of days that ends before it begins.
pub fn dates_reversed(field: &str) -> Refusal {
    let violation = FieldViolation::new(field, "lies before the first day");
    Refusal::invalid("DATES_REVERSED", vec![violation])
}
