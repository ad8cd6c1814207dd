//! Refusals about remittances, their rows and their lines.

use contracts::common::RejectedRow;
use runtime::{FieldViolation, Refusal};

use super::agreement;
use crate::domain::identity::RemittanceLineId;
use crate::domain::remittance::{RemittanceError, RemittanceHeader};
use crate::domain::remittance_line::LineError;
use crate::domain::remittance_row::{RemittanceRow, RowFault};

/// There is no such remittance; `key` is what was asked for.
pub fn not_found(key: &str) -> Refusal {
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
pub fn refused(header: &RemittanceHeader, error: &RemittanceError) -> Refusal {
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
        RemittanceError::Agreement(refused) => agreement::refused(header.agency_id, *refused),
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
