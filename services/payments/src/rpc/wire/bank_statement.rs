//! Imports of bank statements.

use contracts::convert::{date_to_wire, instant_to_wire, money_to_wire};
use contracts::{common, payments as wire};
use runtime::{Refusal, Violations};

use super::column_mapping::mapping_to_wire;
use super::field;
use crate::domain::{
    BankAccountId, BankStatementImport, BankStatementImportState, Coded as _, ColumnMappingId,
    ImportOptions, RowFault,
};
use crate::store::bank_statement_import::Filter;

/// What the first message of an import says.
#[derive(Debug, Clone)]
pub struct StatementOrder {
    /// The account it is of.
    pub bank_account_id: BankAccountId,
    /// The mapping to read it by.
    pub column_mapping_id: ColumnMappingId,
    /// Name of the file.
    pub file_name: String,
    /// How to treat the rows.
    pub options: ImportOptions,
}

/// What the first message of an import says.
///
/// # Errors
/// INVALID_ARGUMENT with the fields at fault.
pub fn order_from_wire(
    request: &wire::ImportBankStatementRequest,
) -> Result<StatementOrder, Refusal> {
    let mut violations = Violations::new();
    let account = field::id(&mut violations, "bank_account_id", &request.bank_account_id);
    let mapping = &request.column_mapping_id;
    let mapping = field::id(&mut violations, "column_mapping_id", mapping);
    let file_name = field::optional_text(&mut violations, "file_name", &request.file_name, 255);
    let (account, mapping, file_name) = violations.complete((account, mapping, file_name))?;
    let options = request.options.unwrap_or_default();
    Ok(StatementOrder {
        bank_account_id: BankAccountId(account),
        column_mapping_id: ColumnMappingId(mapping),
        file_name,
        options: ImportOptions {
            validate_only: options.validate_only,
            skip_bad: options.skip_bad,
        },
    })
}

/// What narrows a listing.
///
/// # Errors
/// INVALID_ARGUMENT with the fields at fault.
pub fn filter_from_wire(
    request: &wire::ListBankStatementImportsRequest,
) -> Result<Filter, Refusal> {
    let mut violations = Violations::new();
    let account = request.bank_account_id.as_deref();
    let account = account.and_then(|id| field::id(&mut violations, "bank_account_id", id));
    let state = match request.state {
        Some(_) => violations.required("state", state_from_wire(request.state())),
        None => None,
    };
    violations.finish()?;
    Ok(Filter {
        bank_account_id: account.map(BankAccountId),
        state,
    })
}

const fn state_from_wire(
    state: wire::BankStatementImportState,
) -> Option<BankStatementImportState> {
    use wire::BankStatementImportState as Wire;
    match state {
        Wire::Unspecified => None,
        Wire::Validated => Some(BankStatementImportState::Validated),
        Wire::Refused => Some(BankStatementImportState::Refused),
        Wire::Booking => Some(BankStatementImportState::Booking),
        Wire::Matching => Some(BankStatementImportState::Matching),
        Wire::Completed => Some(BankStatementImportState::Completed),
    }
}

const fn state_to_wire(state: BankStatementImportState) -> wire::BankStatementImportState {
    use wire::BankStatementImportState as Wire;
    match state {
        BankStatementImportState::Validated => Wire::Validated,
        BankStatementImportState::Refused => Wire::Refused,
        BankStatementImportState::Booking => Wire::Booking,
        BankStatementImportState::Matching => Wire::Matching,
        BankStatementImportState::Completed => Wire::Completed,
    }
}

/// An import as it is now.
#[must_use]
pub fn import_to_wire(import: &BankStatementImport) -> wire::BankStatementImport {
    let lines = &import.lines;
    let dates = import.booking_dates;
    wire::BankStatementImport {
        bank_statement_import_id: import.bank_statement_import_id.0.to_string(),
        bank_account_id: import.bank_account_id.0.to_string(),
        column_mapping: Some(mapping_to_wire(&import.column_mapping)),
        file_name: import.file_name.clone(),
        state: state_to_wire(import.state).into(),
        row_count: count(import.row_count),
        rejected_count: count(import.rejected_count),
        duplicate_count: count(import.duplicate_count),
        new_count: count(lines.new_count()),
        waiting_count: count(lines.waiting),
        matched_count: count(lines.matched),
        in_review_count: count(lines.in_review),
        resolved_count: count(lines.resolved),
        not_a_receipt_count: count(lines.not_a_receipt),
        credit_amount: Some(money_to_wire(import.credit_amount)),
        debit_amount: Some(money_to_wire(import.debit_amount)),
        from_booking_date: dates.map(|(from, _)| date_to_wire(from)),
        to_booking_date: dates.map(|(_, to)| date_to_wire(to)),
        rejected_rows: import.rejected_rows.iter().map(fault_to_wire).collect(),
        created_time: Some(instant_to_wire(import.created_time)),
        ended_time: import.ended_time.map(instant_to_wire),
    }
}

fn fault_to_wire(fault: &RowFault) -> common::RejectedRow {
    common::RejectedRow {
        row_number: count(fault.row_number),
        external_id: String::new(),
        field: fault.column.clone(),
        reason: fault.reason.code().to_owned(),
        message: fault.message.clone(),
    }
}

/// A count of rows: a file has far fewer.
pub(super) fn count(count: u32) -> i32 {
    i32::try_from(count).unwrap_or(i32::MAX)
}
