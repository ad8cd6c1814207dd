//! Why an invoice is not written, issued or voided.

use runtime::Refusal;

use super::RETRY_AFTER;
use crate::domain::{InvoiceError, InvoiceId, IssueError, ScheduleError};
use crate::rpc::wire::content::CustomerKey;
use crate::store::number_series::Undrawn;

/// The identity or external identity is taken.
pub fn invoice_exists(invoice_id: InvoiceId, external_id: Option<&str>) -> Refusal {
    let name = external_id.map_or_else(|| invoice_id.0.to_string(), str::to_owned);
    Refusal::already_exists("INVOICE_EXISTS", "invoice", name)
}

/// The customer has not come through credit's feed yet.
pub fn customer_not_yet_known(key: &CustomerKey) -> Refusal {
    let name = match key {
        CustomerKey::Id(customer_id) => customer_id.0.to_string(),
        CustomerKey::External(external_id) => external_id.clone(),
    };
    Refusal::unavailable("CUSTOMER_NOT_YET_KNOWN", RETRY_AFTER).with_metadata("customer", name)
}

/// Whether a refusal says that something has not come through a feed yet.
#[must_use]
pub fn is_not_yet_known(refusal: &Refusal) -> bool {
    let reason = refusal.reason();
    matches!(reason, "CUSTOMER_NOT_YET_KNOWN" | "TENANT_NOT_YET_KNOWN")
}

/// The series draws no number.
pub fn undrawn(undrawn: Undrawn, series_code: &str) -> Refusal {
    match undrawn {
        Undrawn::NotFound => {
            Refusal::not_found("NUMBER_SERIES_NOT_FOUND", "number series", series_code)
        }
        Undrawn::Exhausted => {
            let subject = format!("number_series/{series_code}");
            let text = "the series has no numbers left";
            Refusal::rule("NUMBER_SERIES_EXHAUSTED", "NUMBER_SERIES", subject, text)
        }
    }
}

/// Documents have numbers that the series would draw.
pub fn numbers_in_use(series_code: &str, invoice_number: &str) -> Refusal {
    let subject = format!("number_series/{series_code}");
    let text = "invoices that came in by import have numbers that the series would draw";
    Refusal::rule("NUMBERS_IN_USE", "NUMBER_SERIES", subject, text)
        .with_metadata("invoice_number", invoice_number)
}

/// An invoice is not issued.
pub fn issue_refused(invoice_id: InvoiceId, error: &IssueError) -> Refusal {
    let rule = |reason, kind| Refusal::rule(reason, kind, subject(invoice_id), error.to_string());
    match error {
        IssueError::NotDraft => not_draft(invoice_id),
        IssueError::TotalNegative(total) => {
            rule("INVOICE_TOTAL_NEGATIVE", "TOTAL").with_metadata("gross_amount", total)
        }
        IssueError::CustomerWithoutTerms => rule("CUSTOMER_WITHOUT_TERMS", "TERMS"),
        IssueError::Schedule(ScheduleError::Calendar(_)) => rule("CALENDAR_UNKNOWN", "CALENDAR"),
        IssueError::Schedule(_) => rule("TERMS_DO_NOT_FIT", "TERMS"),
    }
}

/// An invoice is not changed or voided.
pub fn invoice_refused(invoice_id: InvoiceId, error: &InvoiceError) -> Refusal {
    let rule = |reason| Refusal::rule(reason, "STATE", subject(invoice_id), error.to_string());
    match error {
        InvoiceError::NotDraft => not_draft(invoice_id),
        InvoiceError::HasAllocations => rule("INVOICE_HAS_ALLOCATIONS"),
        InvoiceError::AlreadyVoid => rule("INVOICE_VOID"),
        InvoiceError::Ledger(error) => Refusal::internal(error),
    }
}

fn not_draft(invoice_id: InvoiceId) -> Refusal {
    let text = "it is issued or void, and what it says does not change any more";
    Refusal::rule("INVOICE_NOT_DRAFT", "STATE", subject(invoice_id), text)
}

fn subject(invoice_id: InvoiceId) -> String {
    format!("invoice/{}", invoice_id.0)
}
