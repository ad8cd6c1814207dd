//! Invoices: what they say and where they stand.

use contracts::convert::{date_to_wire, instant_to_wire, money_to_wire};
use contracts::invoicing as wire;
use contracts::invoicing::invoice_content::{Customer, Due as WireDue};
use money::{Money, MoneyError};

use super::balance::{closing_kind_to_wire, state_to_wire};
use super::field::etag;
use super::line::{lines_to_wire, totals_to_wire};
use super::open_item::open_item_to_wire;
use super::terms::{offer_to_wire, terms_to_wire};
use crate::domain::{Due, Invoice, InvoiceContent, InvoiceState, Receivable};

/// An invoice as it is now.
///
/// # Errors
/// [`MoneyError::Overflow`] when its open items do not sum to an amount, which is a fault of ours.
pub fn invoice_to_wire(invoice: &Invoice) -> Result<wire::Invoice, MoneyError> {
    let debt = invoice.receivable();
    let zero = Money::zero(invoice.content.currency);
    let open_amount = debt.map_or(Ok(zero), Receivable::open_amount)?;
    let disputed_amount = debt.map_or(Ok(zero), Receivable::disputed_amount)?;
    let closing_kind = debt.and_then(|debt| debt.closing_kind);
    Ok(wire::Invoice {
        invoice_id: invoice.invoice_id.0.to_string(),
        external_id: invoice.external_id.clone().unwrap_or_default(),
        state: state_to_wire(invoice.state()).into(),
        invoice_number: debt.map_or_else(String::new, |debt| debt.invoice_number.clone()),
        content: Some(content_to_wire(&invoice.content)),
        totals: Some(totals_to_wire(&invoice.totals)),
        open_items: debt.map_or_else(Vec::new, open_items_to_wire),
        open_amount: Some(money_to_wire(open_amount)),
        disputed_amount: Some(money_to_wire(disputed_amount)),
        oldest_due_date: debt.and_then(Receivable::oldest_due_date).map(date_to_wire),
        policy_version: invoice.policy_version.clone().unwrap_or_default(),
        issued_time: invoice.issued_time.map(instant_to_wire),
        closed_date: debt.and_then(|debt| debt.closed_date).map(date_to_wire),
        closing_kind: closing_kind_to_wire(closing_kind).into(),
        created_time: Some(instant_to_wire(invoice.create_time)),
        etag: etag(invoice.version()),
    })
}

/// What an invoice says.
#[must_use]
pub fn content_to_wire(content: &InvoiceContent) -> wire::InvoiceContent {
    wire::InvoiceContent {
        customer: Some(Customer::CustomerId(content.customer_id.0.to_string())),
        currency_code: content.currency.to_string(),
        invoice_date: content.invoice_date.map(date_to_wire),
        due: content.due.as_ref().map(|due| match due {
            Due::Terms(terms) => WireDue::Terms(terms_to_wire(terms)),
            Due::On(date) => WireDue::DueDate(date_to_wire(*date)),
        }),
        early_payment_offer: content.early_payment_offer.as_ref().map(offer_to_wire),
        lines: lines_to_wire(&content.lines),
        series_code: content.series_code.clone(),
        payment_reference: content.payment_reference.clone(),
        order_reference: content.order_reference.clone(),
        reservation_id: content
            .reservation_id
            .map_or_else(String::new, |id| id.0.to_string()),
        note: content.note.clone(),
    }
}

/// By due date, then in the order in which they are settled.
fn open_items_to_wire(debt: &Receivable) -> Vec<wire::OpenItem> {
    let mut items: Vec<_> = debt.items.iter().collect();
    items.sort_by(|left, right| {
        let by_due_date = left.due_date.cmp(&right.due_date);
        by_due_date.then_with(|| left.settling_order(right))
    });
    let item = |item| open_item_to_wire(debt.invoice_id, item);
    items.into_iter().map(item).collect()
}

/// The state of a filter; `None`: it names none.
#[must_use]
pub const fn state_from_wire(state: wire::InvoiceState) -> Option<InvoiceState> {
    match state {
        wire::InvoiceState::Unspecified => None,
        wire::InvoiceState::Draft => Some(InvoiceState::Draft),
        wire::InvoiceState::Issued => Some(InvoiceState::Issued),
        wire::InvoiceState::Closed => Some(InvoiceState::Closed),
        wire::InvoiceState::Void => Some(InvoiceState::Void),
    }
}
