//! What an invoice and its items are worth, as answers and announcements carry it.

use contracts::convert::{date_to_wire, money_to_wire};
use contracts::invoicing as wire;

use crate::domain::{ClosingKind, InvoiceBalance, InvoiceState, OpenItemBalance, OpenItemKind};

/// A balance.
#[must_use]
pub fn balance_to_wire(balance: &InvoiceBalance) -> wire::InvoiceBalance {
    wire::InvoiceBalance {
        invoice_id: balance.invoice_id.0.to_string(),
        invoice_number: balance.invoice_number.clone(),
        external_id: balance.external_id.clone().unwrap_or_default(),
        customer_id: balance.customer_id.0.to_string(),
        state: state_to_wire(balance.state).into(),
        invoice_date: Some(date_to_wire(balance.invoice_date)),
        gross_amount: Some(money_to_wire(balance.gross_amount)),
        open_amount: Some(money_to_wire(balance.open_amount)),
        disputed_amount: Some(money_to_wire(balance.disputed_amount)),
        open_items: balance.open_items.iter().map(item_to_wire).collect(),
        closed_date: balance.closed_date.map(date_to_wire),
        closing_kind: closing_kind_to_wire(balance.closing_kind).into(),
        version: balance.version,
    }
}

/// Several at once, in order.
#[must_use]
pub fn balances_to_wire(balances: &[InvoiceBalance]) -> Vec<wire::InvoiceBalance> {
    balances.iter().map(balance_to_wire).collect()
}

fn item_to_wire(item: &OpenItemBalance) -> wire::OpenItemBalance {
    wire::OpenItemBalance {
        open_item_id: item.open_item_id.0.to_string(),
        kind: item_kind_to_wire(item.kind).into(),
        due_date: Some(date_to_wire(item.due_date)),
        open_amount: Some(money_to_wire(item.open_amount)),
        closed_date: item.closed_date.map(date_to_wire),
    }
}

/// Where an invoice stands.
#[must_use]
pub const fn state_to_wire(state: InvoiceState) -> wire::InvoiceState {
    match state {
        InvoiceState::Draft => wire::InvoiceState::Draft,
        InvoiceState::Issued => wire::InvoiceState::Issued,
        InvoiceState::Closed => wire::InvoiceState::Closed,
        InvoiceState::Void => wire::InvoiceState::Void,
    }
}

/// By which route an invoice was closed, if it was.
#[must_use]
pub const fn closing_kind_to_wire(kind: Option<ClosingKind>) -> wire::ClosingKind {
    match kind {
        None => wire::ClosingKind::Unspecified,
        Some(ClosingKind::Payment) => wire::ClosingKind::Payment,
        Some(ClosingKind::Credit) => wire::ClosingKind::Credit,
        Some(ClosingKind::WriteOff) => wire::ClosingKind::WriteOff,
        Some(ClosingKind::Void) => wire::ClosingKind::Void,
        Some(ClosingKind::ZeroTotal) => wire::ClosingKind::ZeroTotal,
    }
}

/// What an open item is made of.
#[must_use]
pub const fn item_kind_to_wire(kind: OpenItemKind) -> wire::OpenItemKind {
    match kind {
        OpenItemKind::Principal => wire::OpenItemKind::Principal,
        OpenItemKind::Fee => wire::OpenItemKind::Fee,
        OpenItemKind::Interest => wire::OpenItemKind::Interest,
    }
}

/// What the items of a listing are made of; `None` for a kind that is none.
#[must_use]
pub const fn item_kind_from_wire(kind: wire::OpenItemKind) -> Option<OpenItemKind> {
    match kind {
        wire::OpenItemKind::Unspecified => None,
        wire::OpenItemKind::Principal => Some(OpenItemKind::Principal),
        wire::OpenItemKind::Fee => Some(OpenItemKind::Fee),
        wire::OpenItemKind::Interest => Some(OpenItemKind::Interest),
    }
}
