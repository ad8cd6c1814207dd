//! The reasons with which invoicing refuses, and the one code of each.

mod application;
mod correction;
mod invoice;

use std::time::Duration;

use runtime::Refusal;

pub use self::application::{
    application_id_reused, application_not_found, application_refused, customer_credit_not_found,
    customer_credit_refused, duplicate_item, reversal_id_reused, reversal_refused,
};
pub use self::correction::{
    credit_note_exists, credit_note_not_found, credit_note_refused, dispute_exists,
    dispute_not_found, dispute_refused, invoice_not_open, write_off_not_found, write_off_refused,
};
pub use self::invoice::{
    customer_not_yet_known, invoice_exists, invoice_refused, is_not_yet_known, issue_refused,
    numbers_in_use, undrawn,
};
use crate::domain::SeriesError;

/// When what has not come through a feed is worth asking for again.
const RETRY_AFTER: Duration = Duration::from_secs(1);

/// A reason of invoicing's vocabulary, as `google.rpc.ErrorInfo` carries it. The list
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

/// Every reason of invoicing's own; those that every service has are the runtime's.
pub const REASONS: &[Reason] = reasons! {
    "NUMBER_SERIES_EXISTS" "ALREADY_EXISTS" "The code or the prefix of the series is taken: use that series, or choose another."
    "TENANT_NOT_YET_KNOWN" "UNAVAILABLE" "Credit has not announced the tenant's profile yet: create it, or ask again in a moment."
    "CUSTOMER_NOT_YET_KNOWN" "UNAVAILABLE" "Credit has not announced the customer yet: create it, or ask again in a moment."
    "NUMBERS_IN_USE" "FAILED_PRECONDITION" "Invoices that came in by import have numbers that the series would draw: choose another prefix or first number."
    "NUMBER_SERIES_NOT_FOUND" "NOT_FOUND" "There is no such series for documents of this kind."
    "NUMBER_SERIES_EXHAUSTED" "FAILED_PRECONDITION" "The series has no numbers left: use another."
    "STALE_ETAG" "ABORTED" "Somebody changed it meanwhile: read it again and decide again."
    "INVOICE_NOT_FOUND" "NOT_FOUND" "There is no such invoice."
    "INVOICE_EXISTS" "ALREADY_EXISTS" "The invoice_id or the external_id is taken: read that invoice."
    "INVOICE_NUMBER_TAKEN" "ALREADY_EXISTS" "Another invoice has the number."
    "INVOICE_NUMBER_RESERVED" "FAILED_PRECONDITION" "A series would draw the number one day: import it under another, or leave it to the series."
    "CUSTOMER_NOT_FOUND" "NOT_FOUND" "There is no such customer: create it in credit first."
    "CURRENCY_UNKNOWN" "INVALID_ARGUMENT" "There is no currency of that code."
    "DUPLICATE_ROW" "FAILED_PRECONDITION" "Another row of the import has the same external_id."
    "INVOICE_NOT_DRAFT" "FAILED_PRECONDITION" "What an issued or void invoice says does not change: correct it by a credit note."
    "INVOICE_TOTAL_NEGATIVE" "FAILED_PRECONDITION" "The lines come to less than nothing: issue a credit note."
    "CUSTOMER_WITHOUT_TERMS" "FAILED_PRECONDITION" "Neither the invoice nor the customer's policy says when it is due: state terms or a due date."
    "TERMS_DO_NOT_FIT" "FAILED_PRECONDITION" "The terms give the invoice no schedule: its fixed instalments exceed the total, or it is due before its date."
    "CALENDAR_UNKNOWN" "FAILED_PRECONDITION" "There is no business-day calendar of that code, or it does not cover the due date."
    "INVOICE_HAS_ALLOCATIONS" "FAILED_PRECONDITION" "Money, credit or a write-off stands against the invoice: take that back first, or issue a credit note."
    "INVOICE_VOID" "FAILED_PRECONDITION" "The invoice is void."
    "INVOICE_CLOSED" "FAILED_PRECONDITION" "Nothing of the named invoices is open."
    "CURRENCY_MISMATCH" "FAILED_PRECONDITION" "An amount is in another currency than the invoice or the credit: amounts are never converted."
    "CUSTOMER_MISMATCH" "FAILED_PRECONDITION" "A named invoice belongs to another customer."
    "NOTHING_OPEN" "FAILED_PRECONDITION" "The rule finds nothing to settle."
    "DUPLICATE_ITEM" "INVALID_ARGUMENT" "An id stands in the batch twice: nothing of it was done."
    "APPLICATION_ID_REUSED" "INVALID_ARGUMENT" "The application_id was answered with other content before."
    "APPLICATION_NOT_FOUND" "NOT_FOUND" "There is no such application; an id that was refused is none."
    "APPLICATION_REVERSED" "FAILED_PRECONDITION" "Another reversal took the application back before."
    "REVERSAL_ID_REUSED" "INVALID_ARGUMENT" "The reversal_id was answered with other content before."
    "CUSTOMER_CREDIT_NOT_FOUND" "NOT_FOUND" "There is no such customer credit."
    "CREDIT_USED_UP" "FAILED_PRECONDITION" "Less is left of the credit than was asked for."
    "CREDIT_NOTE_EXISTS" "ALREADY_EXISTS" "The credit_note_id or the external_id is taken: read that credit note."
    "CREDIT_NOTE_NOT_FOUND" "NOT_FOUND" "There is no such credit note."
    "INVOICE_NOT_ISSUED" "FAILED_PRECONDITION" "The invoice is a draft: change it instead."
    "CREDIT_EXCEEDS_INVOICE" "FAILED_PRECONDITION" "This and the credit notes before would credit more than the invoice charged, in all or at one tax."
    "CREDIT_TOTAL_NOT_POSITIVE" "FAILED_PRECONDITION" "The lines come to nothing or less; a whole invoice may be credited already."
    "INVOICE_NOT_OPEN" "FAILED_PRECONDITION" "Nothing of the invoice is open."
    "DISPUTE_EXISTS" "ALREADY_EXISTS" "The dispute_id is taken: read that dispute."
    "DISPUTE_NOT_FOUND" "NOT_FOUND" "There is no such dispute."
    "INVOICE_DISPUTED" "FAILED_PRECONDITION" "The invoice, or with a dispute of the whole any of it, is disputed already."
    "DISPUTE_EXCEEDS_OPEN_AMOUNT" "FAILED_PRECONDITION" "More would be disputed than is open."
    "DISPUTE_NOT_OPEN" "FAILED_PRECONDITION" "The dispute is resolved; a new objection is a new dispute."
    "CREDIT_NOTE_MISMATCH" "FAILED_PRECONDITION" "The credit note is for another invoice."
    "WRITE_OFF_NOT_FOUND" "NOT_FOUND" "There is no such write-off."
    "WRITE_OFF_EXCEEDS_OPEN_AMOUNT" "FAILED_PRECONDITION" "More would be written off than is open."
    "WRITE_OFF_REVERSED" "FAILED_PRECONDITION" "The write-off was taken back before."
    "WRITE_OFF_RECOVERED" "FAILED_PRECONDITION" "Money or credit has recovered all of the write-off: there is nothing to take back."
};

/// The series is refused because `name`, its code or its prefix, is taken.
pub fn series_exists(name: &str) -> Refusal {
    Refusal::already_exists("NUMBER_SERIES_EXISTS", "number series", name)
}

/// The tenant's profile, and so its zone, has not come through credit's feed yet.
pub fn tenant_not_yet_known() -> Refusal {
    Refusal::unavailable("TENANT_NOT_YET_KNOWN", RETRY_AFTER)
}

/// There is no such invoice; `key` is the identity that was asked for.
pub fn invoice_not_found(key: impl ToString) -> Refusal {
    Refusal::not_found("INVOICE_NOT_FOUND", "invoice", key.to_string())
}

/// Compares the etag of a request with the current one; an empty one is not compared.
///
/// # Errors
/// ABORTED, STALE_ETAG.
pub fn check_etag(brought: &str, current: &str) -> Result<(), Refusal> {
    if brought.is_empty() || brought == current {
        Ok(())
    } else {
        Err(Refusal::stale("STALE_ETAG"))
    }
}

/// The field of the request that a [`SeriesError`] is about.
#[must_use]
pub const fn field_of(error: SeriesError) -> &'static str {
    match error {
        SeriesError::Code => "series.series_code",
        SeriesError::Prefix => "series.prefix",
        SeriesError::MinimumDigits => "series.minimum_digits",
        SeriesError::FirstNumber | SeriesError::Exhausted => "series.first_number",
    }
}
