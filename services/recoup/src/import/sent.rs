//! What is sent for a receivable, and the request ids, each a digest of what it asks for.

use contracts::common::{Decimal, EarlyPaymentOffer};
use contracts::convert::{date_to_wire, money_to_wire};
use contracts::credit::{Contact, ContactRole, CustomerDetails, CustomerKind, CustomerRow};
use contracts::invoicing::invoice_content::{Customer, Due};
use contracts::invoicing::{InvoiceContent, InvoiceLine, InvoiceRow};
use contracts::payments::receipt_row;
use contracts::payments::row_invoices::NamedBy;
use contracts::payments::{InvoiceNames, ReceiptMethod, ReceiptRow, RowInvoices};
use sha2::{Digest as _, Sha256};

use crate::import::mapping::{Kind, Mapping};
use crate::import::rows::Receivable;

/// A customer, as the first row says and the mapping adds.
#[must_use]
pub fn customer_row(one: &Receivable, mapping: &Mapping) -> CustomerRow {
    let known = &mapping.customers;
    let name = one.customer.to_lowercase();
    let contact = Contact {
        display_name: one.customer.clone(),
        role: ContactRole::AccountsPayable.into(),
        email: known.email.replace("{customer}", &name),
        ..Contact::default()
    };
    let kind = match known.kind {
        Kind::Business => CustomerKind::Business,
        Kind::Consumer => CustomerKind::Consumer,
    };
    let details = CustomerDetails {
        display_name: one.customer.clone(),
        kind: kind.into(),
        segment: one.segment.clone(),
        country_code: known.country.clone(),
        language: known.language.clone(),
        time_zone: mapping.values.time_zone.clone(),
        contacts: vec![contact],
        ..CustomerDetails::default()
    };
    CustomerRow {
        row_number: one.row,
        external_id: one.customer.clone(),
        details: Some(details),
    }
}

/// One line for the whole amount: the file has no lines. Due on the day, without any discount: what the
/// customer would be granted was not granted then.
#[must_use]
pub fn invoice_row(one: &Receivable) -> InvoiceRow {
    let decimal = |value: &str| {
        let value = value.to_owned();
        Some(Decimal { value })
    };
    let line = InvoiceLine {
        description: "As invoiced".to_owned(),
        quantity: decimal("1"),
        unit_price: decimal(&one.amount.to_amount_string()),
        tax_category: "O".to_owned(),
        tax_ratio: decimal("0"),
        ..InvoiceLine::default()
    };
    let content = InvoiceContent {
        customer: Some(Customer::CustomerExternalId(one.customer.clone())),
        currency_code: one.amount.currency().code().to_owned(),
        invoice_date: Some(date_to_wire(one.invoice_date)),
        due: Some(Due::DueDate(date_to_wire(one.due_date))),
        early_payment_offer: Some(EarlyPaymentOffer::default()),
        lines: vec![line],
        ..InvoiceContent::default()
    };
    InvoiceRow {
        row_number: one.row,
        external_id: one.number.clone(),
        invoice_number: one.number.clone(),
        content: Some(content),
    }
}

/// The money of a settlement: all of the invoice, on the day.
#[must_use]
pub fn receipt_row(one: &Receivable) -> ReceiptRow {
    let names = InvoiceNames {
        names: vec![one.number.clone()],
    };
    let invoices = RowInvoices {
        named_by: Some(NamedBy::ExternalIds(names)),
    };
    ReceiptRow {
        row_number: one.row,
        external_id: format!("settlement/{}", one.number),
        customer: Some(receipt_row::Customer::CustomerExternalId(
            one.customer.clone(),
        )),
        method: ReceiptMethod::Transfer.into(),
        amount: Some(money_to_wire(one.amount)),
        receipt_date: one.settled_date.map(date_to_wire),
        target: Some(receipt_row::Target::Invoices(invoices)),
        ..ReceiptRow::default()
    }
}

/// A request id that says what is asked for: the same rows at the same places, the same id.
#[must_use]
pub fn id(what: &str, rows: &[&Receivable]) -> String {
    let placed = rows.iter().map(|one| format!("{} {}", one.row, facts(one)));
    digest(what, placed)
}

/// A request id of one receivable, wherever in the file it stands.
#[must_use]
pub fn id_of(what: &str, one: &Receivable) -> String {
    digest(what, [facts(one)])
}

fn facts(one: &Receivable) -> String {
    let Receivable {
        row: _,
        number,
        customer,
        segment,
        invoice_date,
        due_date,
        amount,
        disputed_date,
        settled_date,
    } = one;
    let names = (number, customer, segment);
    format!("{names:?} {invoice_date} {due_date} {amount:?} {disputed_date:?} {settled_date:?}")
}

fn digest(what: &str, rows: impl IntoIterator<Item = String>) -> String {
    let mut digest = Sha256::new();
    for row in rows {
        digest.update(row);
        digest.update("\n");
    }
    let digest = digest.finalize();
    let hex: Vec<String> = digest.iter().map(|byte| format!("{byte:02x}")).collect();
    format!("receivables/{what}/{}", hex.concat())
}
