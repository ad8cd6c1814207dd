//! The reasons with which payments refuses, and the one code of each.

use std::fmt::Display;
use std::time::Duration;

use postgres::TenantId;
use runtime::{FieldViolation, Refusal};
use uuid::Uuid;

use crate::clients::NoAnswer;
use crate::domain::counting_day::DayError;
use crate::domain::{
    AnswerError, BankAccountId, BankLine, BankLineError, BankLineId, BankStatementImportId,
    Coded as _, ColumnMappingId, CustomerId, FileError, ReceiptError, ReceiptId, UnapplyError,
};

/// A reason of payments' vocabulary, as `google.rpc.ErrorInfo` carries it. The list
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

/// Every reason of payments' own; those that every service has are the runtime's.
pub const REASONS: &[Reason] = reasons! {
    "TENANT_NOT_YET_KNOWN" "UNAVAILABLE" "Credit has not announced the tenant yet: repeat the same request."
    "CUSTOMER_NOT_YET_KNOWN" "UNAVAILABLE" "Credit has not announced the customer yet: repeat the same request."
    "STALE_ETAG" "ABORTED" "Somebody changed it meanwhile: read it again and decide again."
    "RECEIPT_EXISTS" "ALREADY_EXISTS" "The receipt_id, the external_id or the agency's line is taken: read that receipt."
    "RECEIPT_NOT_FOUND" "NOT_FOUND" "There is no such receipt."
    "AGENCY_RECEIPTS_BY_AGENCY_ONLY" "PERMISSION_DENIED" "Only the agency service records money that was paid to an agency."
    "CURRENCY_MISMATCH" "FAILED_PRECONDITION" "The amount is in another currency than what it is meant for."
    "AMOUNT_EXCEEDS_UNAPPLIED" "FAILED_PRECONDITION" "More is asked for than is unapplied, or nothing is: read the receipt again."
    "RECEIPT_NOT_ASSIGNED" "FAILED_PRECONDITION" "Nobody said whose items are to be settled: assign the receipt or name the customer."
    "RECEIPT_APPLIED" "FAILED_PRECONDITION" "Some of the receipt is allocated: unapply it first."
    "RECEIPT_REFUNDED" "FAILED_PRECONDITION" "Some of the receipt was given back: it cannot be taken back as a whole."
    "RECEIPT_REVERSED" "FAILED_PRECONDITION" "The receipt was taken back before, or is being."
    "RECEIPT_BUSY" "ABORTED" "An application of the receipt is on its way, or it is being taken back: ask again."
    "APPLICATION_NOT_FOUND" "NOT_FOUND" "There is no such application."
    "APPLICATION_NOT_APPLIED" "FAILED_PRECONDITION" "Invoicing refused the application: there is nothing to take back."
    "APPLICATION_REVERSED" "FAILED_PRECONDITION" "The application was taken back before, or is being."
    "BANK_ACCOUNT_EXISTS" "ALREADY_EXISTS" "The bank_account_id or the number is taken: read that account."
    "BANK_ACCOUNT_NOT_FOUND" "NOT_FOUND" "There is no such bank account."
    "COLUMN_MAPPING_EXISTS" "ALREADY_EXISTS" "The column_mapping_id or the name is taken: read that mapping."
    "COLUMN_MAPPING_NOT_FOUND" "NOT_FOUND" "There is no such column mapping."
    "FILE_TOO_LARGE" "INVALID_ARGUMENT" "A file has at most 64 MiB: send it in parts."
    "FILE_NOT_READABLE" "INVALID_ARGUMENT" "The file is no CSV in the mapping's character set: the position is told."
    "COLUMN_MISSING" "INVALID_ARGUMENT" "The file has not exactly one column of a name or place in the mapping."
    "INVALID_DATE" "INVALID_ARGUMENT" "A row has no date in the mapping's format."
    "INVALID_AMOUNT" "INVALID_ARGUMENT" "A row has no amount in the mapping's format, or one that the currency cannot have."
    "INVALID_TEXT" "INVALID_ARGUMENT" "A row has a text that is too long or unfit, or a reference that contradicts another row."
    "COLUMN_COUNT_MISMATCH" "INVALID_ARGUMENT" "A row has more or fewer columns than the first."
    "DIRECTION_UNKNOWN" "INVALID_ARGUMENT" "A row has a mark that means neither direction."
    "BANK_STATEMENT_IMPORT_NOT_FOUND" "NOT_FOUND" "There is no such import."
    "BANK_LINE_NOT_FOUND" "NOT_FOUND" "There is no such bank line."
    "BANK_LINE_NOT_IN_REVIEW" "FAILED_PRECONDITION" "Nobody has to decide about the line: it waits, or is matched or resolved."
    "SUGGESTION_NOT_FOUND" "NOT_FOUND" "The line has no such suggestion: read it again."
    "DUPLICATE_ROW" "FAILED_PRECONDITION" "Another row of the import has the same external_id."
    "CUSTOMER_NOT_FOUND" "NOT_FOUND" "There is no such customer."
    "INVOICE_NOT_FOUND" "NOT_FOUND" "There is no such invoice."
    "CUSTOMER_MISMATCH" "FAILED_PRECONDITION" "The invoice belongs to another customer."
    "CURRENCY_UNKNOWN" "INVALID_ARGUMENT" "There is no currency of that code."
};

/// After how long a projection may have caught up.
const SOON: Duration = Duration::from_secs(1);

/// Credit has not announced the tenant.
pub fn tenant_not_yet_known(tenant: TenantId) -> Refusal {
    Refusal::unavailable(TENANT_NOT_YET_KNOWN, SOON).with_metadata("tenant_id", tenant)
}

/// Credit has not announced the customer.
pub fn customer_not_yet_known(customer_id: CustomerId) -> Refusal {
    Refusal::unavailable(CUSTOMER_NOT_YET_KNOWN, SOON).with_metadata("customer_id", customer_id.0)
}

const TENANT_NOT_YET_KNOWN: &str = "TENANT_NOT_YET_KNOWN";
const CUSTOMER_NOT_YET_KNOWN: &str = "CUSTOMER_NOT_YET_KNOWN";

/// Whether a feed that catches up would change the answer.
#[must_use]
pub fn waits_for_feed(refusal: &Refusal) -> bool {
    [TENANT_NOT_YET_KNOWN, CUSTOMER_NOT_YET_KNOWN].contains(&refusal.reason())
}

/// The etag is not the current one.
pub fn stale_etag() -> Refusal {
    Refusal::stale("STALE_ETAG")
}

/// Compares the etag of a request with the current one; an empty one is not compared.
///
/// # Errors
/// ABORTED, STALE_ETAG.
pub fn check_etag(brought: &str, current: &str) -> Result<(), Refusal> {
    if brought.is_empty() || brought == current {
        Ok(())
    } else {
        Err(stale_etag())
    }
}

/// There is no such receipt; `key` is the identity that was asked for.
pub fn receipt_not_found(key: impl Display) -> Refusal {
    Refusal::not_found("RECEIPT_NOT_FOUND", "receipt", key)
}

/// An identity of the receipt is taken: `name` says which.
pub fn receipt_exists(name: impl Display) -> Refusal {
    Refusal::already_exists("RECEIPT_EXISTS", "receipt", name)
}

/// Money paid to an agency is recorded by the agency service only.
pub fn agency_only() -> Refusal {
    let text = "receipts of method AGENCY are recorded by the agency service";
    Refusal::denied("AGENCY_RECEIPTS_BY_AGENCY_ONLY", text)
}

/// There is no such application.
pub fn application_not_found(application_id: Uuid) -> Refusal {
    Refusal::not_found(
        "APPLICATION_NOT_FOUND",
        "receipt application",
        application_id,
    )
}

/// Something cannot be done with a receipt. `day_field` is the field that a day came in.
pub fn receipt_refused(receipt_id: ReceiptId, error: &ReceiptError, day_field: &str) -> Refusal {
    let text = error.to_string();
    let subject = format!("receipt/{}", receipt_id.0);
    let rule = |reason| Refusal::rule(reason, "RECEIPT", subject.clone(), text.clone());
    match *error {
        ReceiptError::NotPositive => invalid("amount", &text),
        ReceiptError::AgencyLine => invalid("agency_line", &text),
        ReceiptError::Day(day) => invalid_day(day_field, day),
        ReceiptError::CurrencyMismatch { expected, given } => rule("CURRENCY_MISMATCH")
            .with_metadata("currency_code", expected)
            .with_metadata("given_currency_code", given),
        ReceiptError::AmountExceedsUnapplied { asked, unapplied } => {
            rule("AMOUNT_EXCEEDS_UNAPPLIED")
                .with_metadata("asked_amount", asked)
                .with_metadata("unapplied_amount", unapplied)
        }
        ReceiptError::NotAssigned => rule("RECEIPT_NOT_ASSIGNED"),
        ReceiptError::Applied => rule("RECEIPT_APPLIED"),
        ReceiptError::Refunded => rule("RECEIPT_REFUNDED"),
        ReceiptError::Reversed => rule("RECEIPT_REVERSED"),
        ReceiptError::Busy => busy(receipt_id),
        ReceiptError::Balance(error) => Refusal::internal(error),
    }
}

/// An application cannot be taken back.
pub fn unapply_refused(
    application_id: Uuid,
    receipt_id: ReceiptId,
    error: UnapplyError,
) -> Refusal {
    let subject = format!("receipt_application/{application_id}");
    let rule = |reason| Refusal::rule(reason, "APPLICATION", subject, error.to_string());
    match error {
        UnapplyError::NotApplied => rule("APPLICATION_NOT_APPLIED"),
        UnapplyError::Reversed => rule("APPLICATION_REVERSED"),
        UnapplyError::Busy => busy(receipt_id),
        UnapplyError::Day(day) => invalid_day("reversal_date", day),
    }
}

fn busy(receipt_id: ReceiptId) -> Refusal {
    Refusal::stale("RECEIPT_BUSY")
        .with_message("an application of the receipt is on its way: ask again")
        .with_metadata("receipt_id", receipt_id.0)
}

/// The identity or number of a bank account is taken.
pub fn bank_account_exists(bank_account_id: BankAccountId) -> Refusal {
    let name = bank_account_id.0;
    Refusal::already_exists("BANK_ACCOUNT_EXISTS", "bank account", name)
}

/// There is no such bank account.
pub fn bank_account_not_found(bank_account_id: BankAccountId) -> Refusal {
    let name = bank_account_id.0;
    Refusal::not_found("BANK_ACCOUNT_NOT_FOUND", "bank account", name)
}

/// The identity or name of a mapping is taken.
pub fn column_mapping_exists(name: &str) -> Refusal {
    Refusal::already_exists("COLUMN_MAPPING_EXISTS", "column mapping", name)
}

/// There is no such mapping.
pub fn column_mapping_not_found(column_mapping_id: ColumnMappingId) -> Refusal {
    let name = column_mapping_id.0;
    Refusal::not_found("COLUMN_MAPPING_NOT_FOUND", "column mapping", name)
}

/// A statement file cannot be read whole.
pub fn file_refused(error: &FileError) -> Refusal {
    let (reason, field) = match error {
        FileError::TooLarge => ("FILE_TOO_LARGE", "chunk"),
        FileError::Encoding { .. } | FileError::Csv { .. } => ("FILE_NOT_READABLE", "chunk"),
        FileError::Column { .. } => ("COLUMN_MISSING", "column_mapping_id"),
    };
    let refusal = Refusal::invalid(reason, vec![FieldViolation::new(field, error.to_string())]);
    match error {
        FileError::TooLarge => refusal,
        FileError::Encoding { byte } => refusal.with_metadata("byte", byte),
        FileError::Csv { line } => refusal.with_metadata("row_number", line),
        FileError::Column { column, .. } => refusal.with_metadata("column", column),
    }
}

/// There is no such import.
pub fn bank_statement_import_not_found(import_id: BankStatementImportId) -> Refusal {
    let name = import_id.0;
    Refusal::not_found(
        "BANK_STATEMENT_IMPORT_NOT_FOUND",
        "bank statement import",
        name,
    )
}

/// There is no such line.
pub fn bank_line_not_found(bank_line_id: BankLineId) -> Refusal {
    Refusal::not_found("BANK_LINE_NOT_FOUND", "bank line", bank_line_id.0)
}

/// Something cannot be decided about a line.
pub fn line_refused(line: &BankLine, error: BankLineError) -> Refusal {
    let name = line.bank_line_id.0;
    match error {
        BankLineError::NotInReview => {
            let (reason, subject) = ("BANK_LINE_NOT_IN_REVIEW", format!("bank_line/{name}"));
            Refusal::rule(reason, "STATE", subject, error.to_string())
                .with_metadata("state", line.state.code())
        }
        BankLineError::SuggestionNotFound => {
            Refusal::not_found("SUGGESTION_NOT_FOUND", "match suggestion", name)
        }
        BankLineError::Busy => Refusal::stale("RECEIPT_BUSY")
            .with_message(error.to_string())
            .with_metadata("bank_line_id", name),
    }
}

/// Invoicing has not answered: what was asked goes on by itself.
impl From<NoAnswer> for Refusal {
    fn from(error: NoAnswer) -> Self {
        match error {
            NoAnswer::Peer(error) => error.into(),
            NoAnswer::Unintelligible(_) => Self::internal(error),
        }
    }
}

/// Invoicing's answer cannot be booked: people have to look at it.
impl From<AnswerError> for Refusal {
    fn from(error: AnswerError) -> Self {
        Self::internal(error)
    }
}

/// A day that money cannot count from, in the field it came in.
pub fn invalid_day(field: &str, error: DayError) -> Refusal {
    invalid(field, &error.to_string())
}

fn invalid(field: &str, text: &str) -> Refusal {
    Refusal::invalid("REQUEST_INVALID", vec![FieldViolation::new(field, text)])
}

/// Somebody else recorded the same meanwhile: the same request judges anew.
pub fn lost_race() -> Refusal {
    Refusal::stale("LOST_RACE")
}
