//! The rows of an import, judged: which are bad and why, which are there already, and what the others
//! are recorded as and applied to. Reads nothing itself: what the database knows comes in as
//! [`Known`].

use std::collections::{BTreeMap, BTreeSet};

use jiff::civil::Date;

use crate::domain::{
    CustomerId, InvoiceId, KnownInvoice, NamedInvoice, NewReceipt, PlannedApplication, Receipt,
    ReceiptOrigin, ReceiptRule, RowReport, named_invoices,
};
use crate::rpc::wire::receipt_import::{BroughtRow, CustomerKey, RowTarget};

/// What the database knows of what the rows name.
#[derive(Debug)]
pub(super) struct Known {
    /// Today in the tenant's zone.
    pub today: Date,
    /// Receipts by external identity.
    pub receipts: BTreeMap<String, Receipt>,
    /// Customers that are named by identity.
    pub customers: BTreeSet<CustomerId>,
    /// Customers by external identity.
    pub named_customers: BTreeMap<String, CustomerId>,
    /// Invoices that rows name or their remittances quote.
    pub invoices: Vec<KnownInvoice>,
}

/// A row that is to be recorded.
#[derive(Debug)]
pub(super) struct NewRow {
    pub row_number: i32,
    pub external_id: String,
    pub receipt: NewReceipt,
    /// The field of the row that says what to apply to.
    pub field: &'static str,
    /// What is asked of invoicing.
    pub planned: Vec<PlannedApplication>,
}

/// Rows, judged.
#[derive(Debug, Default)]
pub(super) struct Judged {
    /// To be recorded.
    pub new: Vec<NewRow>,
    /// There already with the same content.
    pub unchanged_count: usize,
    /// What is wrong, by row number.
    pub rejected: Vec<RowReport>,
    /// Rows that something is wrong with.
    pub rejected_count: usize,
}

/// Judges the rows that can be read, next to those that cannot.
pub(super) fn judge(rows: &[BroughtRow], unreadable: Vec<RowReport>, known: &Known) -> Judged {
    let mut judged = Judged {
        rejected: unreadable,
        ..Judged::default()
    };
    let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
    for row in rows {
        *counts.entry(&row.external_id).or_default() += 1;
    }
    let look = Look::at(known);
    for row in rows {
        if counts.get(row.external_id.as_str()) != Some(&1) {
            let text = "another row has it too";
            judged
                .rejected
                .push(row.fault("external_id", "DUPLICATE_ROW", text));
            continue;
        }
        match look.judge(row) {
            Ok(Some(new)) => judged.new.push(new),
            Ok(None) => judged.unchanged_count += 1,
            Err(faults) => judged.rejected.extend(faults),
        }
    }
    judged.rejected.sort_by_key(|row| row.row_number);
    let bad: BTreeSet<i32> = judged.rejected.iter().map(|row| row.row_number).collect();
    judged.rejected_count = bad.len();
    judged
}

/// What is known, ready to be looked up.
struct Look<'a> {
    known: &'a Known,
    by_external_id: BTreeMap<&'a str, &'a KnownInvoice>,
    by_number: BTreeMap<&'a str, Vec<&'a KnownInvoice>>,
}

impl<'a> Look<'a> {
    fn at(known: &'a Known) -> Self {
        let mut by_number: BTreeMap<&str, Vec<&KnownInvoice>> = BTreeMap::new();
        for invoice in &known.invoices {
            by_number
                .entry(&invoice.invoice_number)
                .or_default()
                .push(invoice);
        }
        let named = |invoice: &'a KnownInvoice| Some((invoice.external_id.as_deref()?, invoice));
        Self {
            known,
            by_external_id: known.invoices.iter().filter_map(named).collect(),
            by_number,
        }
    }

    /// The row to record; `None`: it is there already; or everything that is wrong with it.
    fn judge(&self, row: &BroughtRow) -> Result<Option<NewRow>, Vec<RowReport>> {
        let mut faults = Vec::new();
        if row.receipt_date > self.known.today {
            faults.push(row.fault("receipt_date", "REQUEST_INVALID", "is in the future"));
        }
        let customer = self.customer(row).map_err(|fault| faults.push(fault));
        let customer = customer.unwrap_or_default();
        let (field, invoices) = self.invoices(row, customer, &mut faults);
        let owner = customer.or(invoices.first().map(|first| first.customer_id));
        if let Some(there) = self.known.receipts.get(&row.external_id) {
            if same_content(there, row, owner) {
                return Ok(None);
            }
            let text = "is taken by a receipt with other content";
            faults.push(row.fault("external_id", "RECEIPT_EXISTS", text));
        }
        if !faults.is_empty() {
            return Err(faults);
        }
        Ok(Some(NewRow {
            row_number: row.row_number,
            external_id: row.external_id.clone(),
            receipt: receipt_of(row, owner),
            field,
            planned: self.planned(row, owner, &invoices),
        }))
    }

    fn customer(&self, row: &BroughtRow) -> Result<Option<CustomerId>, RowReport> {
        let text = "there is no such customer";
        match &row.customer {
            None => Ok(None),
            Some(CustomerKey::Id(id)) if self.known.customers.contains(id) => Ok(Some(*id)),
            Some(CustomerKey::Id(_)) => Err(row.fault("customer_id", "CUSTOMER_NOT_FOUND", text)),
            Some(CustomerKey::External(id)) => {
                let found = self.known.named_customers.get(id).copied();
                let fault = || row.fault("customer_external_id", "CUSTOMER_NOT_FOUND", text);
                found.map(Some).ok_or_else(fault)
            }
        }
    }

    /// The invoices that the row names, of one customer and in the currency of the money; and the
    /// field that names them.
    fn invoices(
        &self,
        row: &BroughtRow,
        customer: Option<CustomerId>,
        faults: &mut Vec<RowReport>,
    ) -> (&'static str, Vec<&'a KnownInvoice>) {
        let (field, names, by_number) = match &row.target {
            None => return ("", Vec::new()),
            Some(RowTarget::Rule(_)) => return ("rule", Vec::new()),
            Some(RowTarget::ExternalIds(names)) => ("invoices.external_ids.names", names, false),
            Some(RowTarget::Numbers(names)) => ("invoices.invoice_numbers.names", names, true),
        };
        let mut found: Vec<&KnownInvoice> = Vec::new();
        for (index, name) in names.iter().enumerate() {
            let path = format!("{field}[{index}]");
            let invoice = if by_number {
                self.only_of_number(name)
            } else {
                self.by_external_id.get(name.as_str()).copied()
            };
            let Some(invoice) = invoice else {
                let text = "there is no such invoice";
                faults.push(row.fault(&path, "INVOICE_NOT_FOUND", text));
                continue;
            };
            if invoice.currency() != row.amount.currency() {
                let text = "the invoice is in another currency";
                faults.push(row.fault(&path, "CURRENCY_MISMATCH", text));
            }
            let owner = customer.or(found.first().map(|first| first.customer_id));
            if owner.is_some_and(|owner| owner != invoice.customer_id) {
                let text = "the invoice belongs to another customer";
                faults.push(row.fault(&path, "CUSTOMER_MISMATCH", text));
            }
            found.push(invoice);
        }
        (field, found)
    }

    /// A number that two series have names neither.
    fn only_of_number(&self, number: &str) -> Option<&'a KnownInvoice> {
        match self.by_number.get(number)?.as_slice() {
            [only] => Some(only),
            _ => None,
        }
    }

    fn planned(
        &self,
        row: &BroughtRow,
        owner: Option<CustomerId>,
        invoices: &[&KnownInvoice],
    ) -> Vec<PlannedApplication> {
        match &row.target {
            None => Vec::new(),
            Some(RowTarget::Rule(rule)) => {
                PlannedApplication::of_rule(rule, &self.quoted(row, rule, owner))
            }
            Some(RowTarget::ExternalIds(_) | RowTarget::Numbers(_)) => {
                let ids = invoices.iter().map(|invoice| invoice.invoice_id);
                PlannedApplication::of_named(ids.map(named).collect())
            }
        }
    }

    /// The invoices of the customer that the remittance names.
    fn quoted(
        &self,
        row: &BroughtRow,
        rule: &ReceiptRule,
        owner: Option<CustomerId>,
    ) -> Vec<NamedInvoice> {
        if !rule.asks_for_references() {
            return Vec::new();
        }
        let payable = |invoice: &&KnownInvoice| {
            Some(invoice.customer_id) == owner && invoice.currency() == row.amount.currency()
        };
        let theirs = self.known.invoices.iter().filter(payable);
        let theirs: Vec<KnownInvoice> = theirs.cloned().collect();
        named_invoices(&row.remittance, &theirs)
    }
}

fn named(invoice_id: InvoiceId) -> NamedInvoice {
    NamedInvoice {
        invoice_id,
        amount: None,
    }
}

fn receipt_of(row: &BroughtRow, customer_id: Option<CustomerId>) -> NewReceipt {
    NewReceipt {
        receipt_id: None,
        external_id: Some(row.external_id.clone()),
        customer_id,
        method: row.method,
        amount: row.amount,
        receipt_date: row.receipt_date,
        remittance: row.remittance.clone(),
        origin: ReceiptOrigin::Recorded,
        account: None,
    }
}

/// A row that does not say whose money it is says nothing against whoever it was assigned to since.
fn same_content(there: &Receipt, row: &BroughtRow, customer: Option<CustomerId>) -> bool {
    let same_customer = customer.is_none() || there.customer_id == customer;
    same_customer
        && there.method == row.method
        && there.balances.received == row.amount
        && there.receipt_date == row.receipt_date
        && there.remittance == row.remittance
}
