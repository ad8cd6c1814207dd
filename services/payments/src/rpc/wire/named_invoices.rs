//! Invoices that whoever asks names.

use std::collections::BTreeSet;

use contracts::invoicing;
use runtime::Violations;

use super::field;
use crate::domain::{InvoiceId, NamedInvoice};

/// The most invoices that are named at once.
const MOST_NAMED: usize = 500;

/// Invoices in the order in which they are to be settled: 1 to 500, each once, with an amount above 0
/// or none.
pub fn named_from_wire(
    violations: &mut Violations,
    field: &str,
    invoices: &[invoicing::NamedInvoice],
) -> Option<Vec<NamedInvoice>> {
    let count = (1..=MOST_NAMED).contains(&invoices.len());
    violations.check(count, field, "must have 1 to 500 entries");
    let mut seen = BTreeSet::new();
    let mut named = Vec::with_capacity(invoices.len());
    for (index, invoice) in invoices.iter().take(MOST_NAMED).enumerate() {
        let path = format!("{field}[{index}]");
        let read = violations.within(&path, |inner| one_from_wire(inner, invoice));
        let Some(read) = read else { continue };
        let once = seen.insert(read.invoice_id);
        violations.check(once, path, "is named twice");
        named.push(read);
    }
    (named.len() == invoices.len()).then_some(named)
}

fn one_from_wire(
    violations: &mut Violations,
    invoice: &invoicing::NamedInvoice,
) -> Option<NamedInvoice> {
    let id = field::id(violations, "invoice_id", &invoice.invoice_id);
    let amount = match &invoice.amount {
        None => Some(None),
        some => field::positive_money(violations, "amount", some.as_ref()).map(Some),
    };
    Some(NamedInvoice {
        invoice_id: InvoiceId(id?),
        amount: amount?,
    })
}
