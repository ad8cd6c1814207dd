//! What customers pay past the agency, and what of it is taken back.

use contracts::agency as wire;
use contracts::convert::{date_to_wire, money_to_wire};

use super::part::texts;
use crate::domain::event::PlacementReference;
use crate::domain::placement::DirectPayment;
use crate::rpc::wire::placement::reference_to_wire;

/// A payment past the agency, with what the placement amounts to after it.
pub(super) fn received(
    placement: &PlacementReference,
    payment: &DirectPayment,
    amounts: wire::PlacementAmounts,
) -> wire::DirectPaymentReceived {
    wire::DirectPaymentReceived {
        placement: Some(reference_to_wire(placement)),
        receipt_id: payment.receipt_id.to_string(),
        application_id: payment.application_id.to_string(),
        amount: Some(money_to_wire(payment.amount)),
        receipt_date: Some(date_to_wire(payment.date)),
        invoice_ids: texts(&payment.invoice_ids),
        amounts: Some(amounts),
    }
}

/// Such a payment taken back, with what the placement amounts to after it.
pub(super) fn reversed(
    placement: &PlacementReference,
    payment: &DirectPayment,
    amounts: wire::PlacementAmounts,
) -> wire::DirectPaymentReversed {
    wire::DirectPaymentReversed {
        placement: Some(reference_to_wire(placement)),
        receipt_id: payment.receipt_id.to_string(),
        application_id: payment.application_id.to_string(),
        amount: Some(money_to_wire(payment.amount.negated())),
        invoice_ids: texts(&payment.invoice_ids),
        amounts: Some(amounts),
    }
}
