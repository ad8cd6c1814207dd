//! The rows of an import, read: which can be understood, and what is wrong with the others.

use std::collections::BTreeSet;

use contracts::common::RejectedRow;
use contracts::invoicing::{InvoiceContent, InvoiceRow};
use runtime::{FieldViolation, Violations};

use crate::rpc::wire::content::{BroughtContent, content_from_wire};
use crate::rpc::wire::field;

/// A row that can be read.
#[derive(Debug, Clone)]
pub(super) struct Row {
    pub row_number: i32,
    pub external_id: String,
    /// The number it has elsewhere; `None`: one is drawn.
    pub invoice_number: Option<String>,
    pub brought: BroughtContent,
}

impl Row {
    /// A fault of the row.
    pub fn fault(&self, field: &str, reason: &str, message: impl ToString) -> RejectedRow {
        RejectedRow {
            row_number: self.row_number,
            external_id: self.external_id.clone(),
            field: field.to_owned(),
            reason: reason.to_owned(),
            message: message.to_string(),
        }
    }
}

/// Reads the rows; those that cannot be read are told apart with every fault.
pub(super) fn read(rows: &[InvoiceRow]) -> (Vec<Row>, Vec<RejectedRow>) {
    let (mut good, mut rejected) = (Vec::with_capacity(rows.len()), Vec::new());
    let mut numbers = BTreeSet::new();
    for row in rows {
        let mut violations = Violations::new();
        let once = numbers.insert(row.row_number);
        violations.check(once, "row_number", "is another row's too");
        let read = read_row(&mut violations, row);
        match read.filter(|_| violations.is_empty()) {
            Some(row) => good.push(row),
            None => {
                let faults = violations.into_found().into_iter();
                rejected.extend(faults.map(|fault| unreadable(row, fault)));
            }
        }
    }
    (good, rejected)
}

fn read_row(violations: &mut Violations, row: &InvoiceRow) -> Option<Row> {
    violations.check(row.row_number > 0, "row_number", "must be above 0");
    let external_id = field::text(violations, "external_id", &row.external_id, 128);
    let number = &row.invoice_number;
    let invoice_number = field::optional_text(violations, "invoice_number", number, 64);
    let content = violations.required("content", row.content.as_ref());
    let brought = content.and_then(|content| {
        violations.within("content", |violations| read_content(violations, content))
    });
    Some(Row {
        row_number: row.row_number,
        external_id: external_id?,
        invoice_number: Some(invoice_number?).filter(|number| !number.is_empty()),
        brought: brought?,
    })
}

/// What was issued elsewhere has a date.
fn read_content(violations: &mut Violations, content: &InvoiceContent) -> Option<BroughtContent> {
    violations.required("invoice_date", content.invoice_date.as_ref());
    content_from_wire(violations, content)
}

fn unreadable(row: &InvoiceRow, fault: FieldViolation) -> RejectedRow {
    let names_currency = |content: &InvoiceContent| !content.currency_code.is_empty();
    let unknown_currency =
        fault.field == "content.currency_code" && row.content.as_ref().is_some_and(names_currency);
    let reason = if unknown_currency {
        "CURRENCY_UNKNOWN"
    } else {
        "REQUEST_INVALID"
    };
    RejectedRow {
        row_number: row.row_number,
        external_id: row.external_id.clone(),
        field: fault.field,
        reason: reason.to_owned(),
        message: fault.description,
    }
}
