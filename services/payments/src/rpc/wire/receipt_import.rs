//! Rows of an import of receipts, and its report.

use std::collections::BTreeSet;

use contracts::common;
use contracts::payments as wire;
use contracts::payments::receipt_row::{Customer, Target};
use contracts::payments::row_invoices::NamedBy;
use jiff::civil::Date;
use money::{Currency, Money};
use runtime::Violations;

use super::field;
use super::receipt_order::rule_from_wire;
use super::receipt_request::{EXTERNAL_ID_LENGTH, method_from_wire, remittance_from_wire};
use crate::domain::receipt_import::MOST_REPORTED_ROWS;
use crate::domain::{
    CustomerId, ReceiptImport, ReceiptImportState, ReceiptMethod, ReceiptRule, Remittance,
    RowReport,
};

/// The most invoices that a row may name.
const MOST_NAMES: usize = 500;

/// A row that can be read.
#[derive(Debug, Clone)]
pub struct BroughtRow {
    /// The number by which reports name it.
    pub row_number: i32,
    /// The foreign system's own identity.
    pub external_id: String,
    /// Whose money it is, where somebody knows.
    pub customer: Option<CustomerKey>,
    /// How it came in.
    pub method: ReceiptMethod,
    /// What came in.
    pub amount: Money,
    /// The day it counts from.
    pub receipt_date: Date,
    /// What the payer said.
    pub remittance: Remittance,
    /// What to apply it to.
    pub target: Option<RowTarget>,
}

/// By what a row names a customer.
#[derive(Debug, Clone)]
pub enum CustomerKey {
    /// Identity.
    Id(CustomerId),
    /// The foreign system's own identity.
    External(String),
}

/// What a row is to be applied to.
#[derive(Debug, Clone)]
pub enum RowTarget {
    /// Invoices by the foreign system's own identities.
    ExternalIds(Vec<String>),
    /// Invoices by their numbers.
    Numbers(Vec<String>),
    /// Whatever the rule finds.
    Rule(ReceiptRule),
}

impl BroughtRow {
    /// A fault of the row.
    #[must_use]
    pub fn fault(&self, field: &str, reason: &str, message: &str) -> RowReport {
        RowReport {
            row_number: self.row_number,
            external_id: self.external_id.clone(),
            field: field.to_owned(),
            reason: reason.to_owned(),
            message: message.to_owned(),
        }
    }
}

/// Reads the rows; those that cannot be read are told apart with every fault.
#[must_use]
pub fn rows_from_wire(rows: &[wire::ReceiptRow]) -> (Vec<BroughtRow>, Vec<RowReport>) {
    let (mut good, mut rejected) = (Vec::new(), Vec::new());
    let mut numbers = BTreeSet::new();
    for row in rows {
        let mut violations = Violations::new();
        violations.check(row.row_number > 0, "row_number", "must be above 0");
        let once = numbers.insert(row.row_number);
        violations.check(once, "row_number", "is another row's too");
        let read = row_from_wire(&mut violations, row);
        match read.filter(|_| violations.is_empty()) {
            Some(read) => good.push(read),
            None => rejected.extend(faults(row, violations)),
        }
    }
    (good, rejected)
}

/// A currency that does not exist has a reason of its own.
fn faults(row: &wire::ReceiptRow, violations: Violations) -> impl Iterator<Item = RowReport> {
    let code = row
        .amount
        .as_ref()
        .map(|amount| amount.currency_code.as_str());
    let unknown = code.is_some_and(|code| Currency::try_new(code).is_err());
    let (row_number, external_id) = (row.row_number, shown(&row.external_id));
    violations.into_found().into_iter().map(move |fault| {
        let is_currency = unknown && fault.field == "amount";
        RowReport {
            row_number,
            external_id: external_id.clone(),
            reason: if is_currency {
                "CURRENCY_UNKNOWN"
            } else {
                "REQUEST_INVALID"
            }
            .to_owned(),
            field: fault.field,
            message: fault.description,
        }
    })
}

/// An identity that may be anything, fit for a report: Postgres keeps no NUL.
fn shown(external_id: &str) -> String {
    let fit = external_id.chars().filter(|one| !one.is_control());
    fit.take(EXTERNAL_ID_LENGTH).collect()
}

fn row_from_wire(violations: &mut Violations, row: &wire::ReceiptRow) -> Option<BroughtRow> {
    let external_id = field::text(
        violations,
        "external_id",
        &row.external_id,
        EXTERNAL_ID_LENGTH,
    );
    let customer = match &row.customer {
        None => Some(None),
        Some(customer) => customer_from_wire(violations, customer).map(Some),
    };
    let method = violations.required("method", method_from_wire(row.method()));
    let by_agency = method == Some(ReceiptMethod::Agency);
    violations.check(
        !by_agency,
        "method",
        "AGENCY is recorded by the agency service",
    );
    let amount = field::positive_money(violations, "amount", row.amount.as_ref());
    let receipt_date = field::date(violations, "receipt_date", row.receipt_date.as_ref());
    let remittance = violations.within("remittance", |inner| {
        remittance_from_wire(inner, row.remittance.as_ref())
    });
    let target = match &row.target {
        None => Some(None),
        Some(target) => target_from_wire(violations, target).map(Some),
    };
    let rules = matches!(target, Some(Some(RowTarget::Rule(_))));
    let named = !rules || row.customer.is_some();
    violations.check(named, "customer_id", "is required with a rule");
    Some(BroughtRow {
        row_number: row.row_number,
        external_id: external_id?,
        customer: customer?,
        method: method?,
        amount: amount?,
        receipt_date: receipt_date?,
        remittance: remittance?,
        target: target?,
    })
}

fn customer_from_wire(violations: &mut Violations, customer: &Customer) -> Option<CustomerKey> {
    match customer {
        Customer::CustomerId(id) => {
            let id = field::id(violations, "customer_id", id)?;
            Some(CustomerKey::Id(CustomerId(id)))
        }
        Customer::CustomerExternalId(id) => {
            let id = field::text(violations, "customer_external_id", id, EXTERNAL_ID_LENGTH)?;
            Some(CustomerKey::External(id))
        }
    }
}

fn target_from_wire(violations: &mut Violations, target: &Target) -> Option<RowTarget> {
    match target {
        Target::Rule(rule) => {
            let rule = violations.within("rule", |inner| rule_from_wire(inner, rule))?;
            Some(RowTarget::Rule(rule))
        }
        Target::Invoices(invoices) => match &invoices.named_by {
            Some(NamedBy::ExternalIds(names)) => {
                names_from_wire(violations, "invoices.external_ids.names", names)
                    .map(RowTarget::ExternalIds)
            }
            Some(NamedBy::InvoiceNumbers(names)) => {
                names_from_wire(violations, "invoices.invoice_numbers.names", names)
                    .map(RowTarget::Numbers)
            }
            None => {
                violations.add("invoices", "names no invoice");
                None
            }
        },
    }
}

fn names_from_wire(
    violations: &mut Violations,
    field: &str,
    names: &wire::InvoiceNames,
) -> Option<Vec<String>> {
    let count = (1..=MOST_NAMES).contains(&names.names.len());
    violations.check(count, field, "must have 1 to 500 entries");
    let mut seen = BTreeSet::new();
    let mut read = Vec::new();
    for (index, name) in names.names.iter().take(MOST_NAMES).enumerate() {
        let path = format!("{field}[{index}]");
        let once = seen.insert(name.as_str());
        violations.check(once, &path, "is named twice");
        read.push(field::text(violations, &path, name, EXTERNAL_ID_LENGTH)?);
    }
    Some(read)
}

/// What came of an import.
#[must_use]
pub fn import_to_wire(import: &ReceiptImport) -> wire::ImportReceiptsResponse {
    let count = |count: u32| i32::try_from(count).unwrap_or(i32::MAX);
    let state = match import.state {
        ReceiptImportState::Validated => common::ImportState::Validated,
        ReceiptImportState::Refused => common::ImportState::Refused,
        ReceiptImportState::Applying | ReceiptImportState::Completed => {
            common::ImportState::Completed
        }
    };
    let imported = match import.state {
        ReceiptImportState::Refused => 0,
        _ => import.imported_count,
    };
    wire::ImportReceiptsResponse {
        report: Some(common::ImportReport {
            import_id: import.receipt_import_id.0.to_string(),
            state: state.into(),
            row_count: count(import.row_count),
            imported_count: count(imported),
            unchanged_count: count(import.unchanged_count),
            rejected_count: count(import.rejected_count),
            rejected_rows: reports_to_wire(&import.rejected_rows),
        }),
        applied_count: count(import.applied_count),
        refused_applications: reports_to_wire(&import.refused_applications),
    }
}

fn reports_to_wire(rows: &[RowReport]) -> Vec<common::RejectedRow> {
    let told = |row: &RowReport| common::RejectedRow {
        row_number: row.row_number,
        external_id: row.external_id.clone(),
        field: row.field.clone(),
        reason: row.reason.clone(),
        message: row.message.clone(),
    };
    rows.iter().take(MOST_REPORTED_ROWS).map(told).collect()
}
