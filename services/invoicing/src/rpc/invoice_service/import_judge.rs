//! The rows of an import, judged: which are bad and why, which are there already, and what becomes of
//! the others. Reads nothing itself: what the database knows comes in as [`Known`].

use std::collections::{BTreeMap, BTreeSet};

use contracts::common::RejectedRow;
use jiff::civil::Date;

use super::import_rows::Row;
use crate::domain::{
    Customer, CustomerId, Invoice, InvoiceContent, InvoiceId, IssueError, IssuePlan, NumberSeries,
    NumberedDocument, Stamp,
};
use crate::rpc::error;
use crate::rpc::wire::content::CustomerKey;

/// What the database knows of what the rows name.
#[derive(Debug)]
pub(super) struct Known {
    /// The day it is for the tenant.
    pub today: Date,
    /// Invoices by external identity.
    pub invoices: BTreeMap<String, Invoice>,
    /// Numbers that invoices have.
    pub numbers: BTreeSet<String>,
    /// Customers with the terms they are granted.
    pub customers: BTreeMap<CustomerKey, Customer>,
    /// Every series.
    pub series: Vec<NumberSeries>,
}

/// A row that goes in.
#[derive(Debug)]
pub(super) struct Accepted {
    pub invoice: Invoice,
    pub plan: IssuePlan,
    /// `None`: one is drawn.
    pub invoice_number: Option<String>,
}

/// Rows, judged.
#[derive(Debug, Default)]
pub(super) struct Judged {
    /// To be issued, in their order.
    pub accepted: Vec<Accepted>,
    /// There already with the same content.
    pub unchanged_count: usize,
    /// What is wrong with the others, by row number.
    pub rejected: Vec<RejectedRow>,
}

/// What becomes of a good row.
enum Verdict {
    Accepted(Box<Accepted>),
    Unchanged,
}

/// Judges the rows that can be read, next to those that cannot.
pub(super) fn judge(
    rows: &[Row],
    unreadable: Vec<RejectedRow>,
    known: &Known,
    stamp: &mut Stamp,
) -> Judged {
    let mut judged = Judged {
        rejected: unreadable,
        ..Judged::default()
    };
    let repeated = Repeated::of(rows);
    for row in rows {
        match verdict(row, &repeated, known, stamp) {
            Ok(Verdict::Accepted(accepted)) => judged.accepted.push(*accepted),
            Ok(Verdict::Unchanged) => judged.unchanged_count += 1,
            Err(fault) => judged.rejected.push(fault),
        }
    }
    judged.rejected.sort_by_key(|row| row.row_number);
    judged
}

fn verdict(
    row: &Row,
    repeated: &Repeated,
    known: &Known,
    stamp: &mut Stamp,
) -> Result<Verdict, RejectedRow> {
    if repeated.external_ids.contains(row.external_id.as_str()) {
        let text = "another row has it too";
        return Err(row.fault("external_id", "DUPLICATE_ROW", text));
    }
    let customer = known.customers.get(&row.brought.customer);
    if let Some(there) = known.invoices.get(&row.external_id) {
        if customer.is_some_and(|customer| says_the_same(there, row, customer.customer_id)) {
            return Ok(Verdict::Unchanged);
        }
        let text = "is taken by an invoice with other content";
        return Err(row.fault("external_id", "INVOICE_EXISTS", text));
    }
    let customer = customer.ok_or_else(|| {
        let field = match row.brought.customer {
            CustomerKey::Id(_) => "content.customer_id",
            CustomerKey::External(_) => "content.customer_external_id",
        };
        row.fault(field, "CUSTOMER_NOT_FOUND", "there is no such customer")
    })?;
    check_number(row, repeated, known)?;
    accept(row, customer, known.today, stamp)
}

/// A number from elsewhere is nobody else's, and no series' to come; one that is left to a series
/// needs the series.
fn check_number(row: &Row, repeated: &Repeated, known: &Known) -> Result<(), RejectedRow> {
    let of_invoices = |series: &&NumberSeries| series.document == NumberedDocument::Invoice;
    let mut series = known.series.iter().filter(of_invoices);
    let Some(number) = &row.invoice_number else {
        let code = &row.brought.content().series_code;
        if series.any(|series| series.code == *code) {
            return Ok(());
        }
        let (field, reason) = ("content.series_code", "NUMBER_SERIES_NOT_FOUND");
        return Err(row.fault(field, reason, "there is no such series of invoices"));
    };
    let taken = |text| Err(row.fault("invoice_number", "INVOICE_NUMBER_TAKEN", text));
    if known.numbers.contains(number) {
        return taken("another invoice has it");
    }
    if repeated.numbers.contains(number.as_str()) {
        return taken("another row has it too");
    }
    if let Some(series) = series.find(|series| series.would_draw(number)) {
        let text = format!("series {} would draw it", series.code);
        return Err(row.fault("invoice_number", "INVOICE_NUMBER_RESERVED", text));
    }
    Ok(())
}

fn accept(
    row: &Row,
    customer: &Customer,
    today: Date,
    stamp: &mut Stamp,
) -> Result<Verdict, RejectedRow> {
    let (invoice_id, time) = (InvoiceId(stamp.id()), stamp.time);
    let content = row.brought.owed_by(customer.customer_id);
    let external_id = Some(row.external_id.clone());
    // The sums were made when the row was read.
    let invoice = Invoice::draft(invoice_id, external_id, content, time)
        .map_err(|error| row.fault("content.lines", "REQUEST_INVALID", error))?;
    let plan = invoice.plan_issue(customer, today).map_err(|error| {
        let field = match error {
            IssueError::TotalNegative(_) => "content.lines",
            _ => "content.terms",
        };
        let refusal = error::issue_refused(invoice_id, &error);
        row.fault(field, refusal.reason(), &error)
    })?;
    Ok(Verdict::Accepted(Box::new(Accepted {
        invoice,
        plan,
        invoice_number: row.invoice_number.clone(),
    })))
}

/// Whether an issued invoice says what the row does; what the row leaves open may be anything.
fn says_the_same(there: &Invoice, row: &Row, customer_id: CustomerId) -> bool {
    let Some(debt) = there.receivable() else {
        return false;
    };
    let stated = row.brought.owed_by(customer_id);
    let (due, offer) = (stated.due.clone(), stated.early_payment_offer.clone());
    let reference = Some(stated.payment_reference.clone()).filter(|one| !one.is_empty());
    let content = &there.content;
    let filled_in = InvoiceContent {
        due: due.or_else(|| content.due.clone()),
        early_payment_offer: offer.or_else(|| content.early_payment_offer.clone()),
        payment_reference: reference.unwrap_or_else(|| content.payment_reference.clone()),
        ..stated
    };
    let number = row.invoice_number.as_ref();
    filled_in == *content && number.is_none_or(|number| *number == debt.invoice_number)
}

/// What stands in more than one row.
struct Repeated<'a> {
    external_ids: BTreeSet<&'a str>,
    numbers: BTreeSet<&'a str>,
}

impl<'a> Repeated<'a> {
    fn of(rows: &'a [Row]) -> Self {
        let numbers = rows.iter().filter_map(|row| row.invoice_number.as_deref());
        Self {
            external_ids: repeated(rows.iter().map(|row| row.external_id.as_str())),
            numbers: repeated(numbers),
        }
    }
}

fn repeated<'a>(names: impl Iterator<Item = &'a str>) -> BTreeSet<&'a str> {
    let mut seen = BTreeSet::new();
    names.filter(|name| !seen.insert(*name)).collect()
}
