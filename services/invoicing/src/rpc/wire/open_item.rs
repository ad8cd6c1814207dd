//! Open items: what is owed, each with its own due date.

use contracts::convert::{date_to_wire, money_to_wire};
use contracts::{common, invoicing as wire};

use super::balance::item_kind_to_wire;
use super::terms::ratio_to_wire;
use crate::domain::{DiscountOffer, InvoiceId, OpenItem};

/// An item of an invoice.
#[must_use]
pub fn open_item_to_wire(invoice_id: InvoiceId, item: &OpenItem) -> wire::OpenItem {
    wire::OpenItem {
        open_item_id: item.open_item_id.0.to_string(),
        invoice_id: invoice_id.0.to_string(),
        kind: item_kind_to_wire(item.kind).into(),
        instalment_number: item.instalment_number,
        original_amount: Some(money_to_wire(item.original_amount)),
        open_amount: Some(money_to_wire(item.open_amount)),
        due_date: Some(date_to_wire(item.due_date)),
        calendar_code: item.calendar_code.clone().unwrap_or_default(),
        discount_offers: item.discounts.offers.iter().map(offered).collect(),
        closed_date: item.closed_date.map(date_to_wire),
    }
}

fn offered(offer: &DiscountOffer) -> common::DiscountOffer {
    common::DiscountOffer {
        last_date: Some(date_to_wire(offer.last_date)),
        discount_ratio: Some(ratio_to_wire(offer.ratio)),
        discount_amount: Some(money_to_wire(offer.amount)),
    }
}
