//! Disputes.

use contracts::convert::{date_to_wire, instant_to_wire, money_to_wire};
use contracts::invoicing as wire;

use super::field::etag;
use crate::domain::{Dispute, DisputeReason, DisputeResolution};

/// A dispute as it is now.
#[must_use]
pub fn dispute_to_wire(dispute: &Dispute) -> wire::Dispute {
    let ending = dispute.ending.as_ref();
    let state = match ending {
        None => wire::DisputeState::Open,
        Some(_) => wire::DisputeState::Resolved,
    };
    let credit_note_id = ending.and_then(|ending| ending.credit_note_id);
    wire::Dispute {
        dispute_id: dispute.dispute_id.0.to_string(),
        invoice_id: dispute.invoice_id.0.to_string(),
        invoice_number: dispute.invoice_number.clone(),
        customer_id: dispute.customer_id.0.to_string(),
        state: state.into(),
        reason: reason_to_wire(dispute.reason).into(),
        note: dispute.note.clone(),
        whole_invoice: dispute.whole_invoice,
        amount: Some(money_to_wire(dispute.amount)),
        disputed_date: Some(date_to_wire(dispute.disputed_date)),
        resolution: resolution_to_wire(ending.map(|ending| ending.resolution)).into(),
        resolution_note: ending.map_or_else(String::new, |ending| ending.note.clone()),
        credit_note_id: credit_note_id.map_or_else(String::new, |id| id.0.to_string()),
        resolved_date: ending.map(|ending| date_to_wire(ending.resolved_date)),
        opened_time: Some(instant_to_wire(dispute.opened_time)),
        resolved_time: ending.map(|ending| instant_to_wire(ending.resolved_time)),
        etag: etag(dispute.version),
    }
}

const fn reason_to_wire(reason: DisputeReason) -> wire::DisputeReason {
    match reason {
        DisputeReason::Price => wire::DisputeReason::Price,
        DisputeReason::Quantity => wire::DisputeReason::Quantity,
        DisputeReason::Quality => wire::DisputeReason::Quality,
        DisputeReason::NotDelivered => wire::DisputeReason::NotDelivered,
        DisputeReason::NotOrdered => wire::DisputeReason::NotOrdered,
        DisputeReason::AlreadyPaid => wire::DisputeReason::AlreadyPaid,
        DisputeReason::Duplicate => wire::DisputeReason::Duplicate,
        DisputeReason::WrongDetails => wire::DisputeReason::WrongDetails,
        DisputeReason::Tax => wire::DisputeReason::Tax,
        DisputeReason::Other => wire::DisputeReason::Other,
    }
}

const fn resolution_to_wire(resolution: Option<DisputeResolution>) -> wire::DisputeResolution {
    match resolution {
        None => wire::DisputeResolution::Unspecified,
        Some(DisputeResolution::Credited) => wire::DisputeResolution::Credited,
        Some(DisputeResolution::PartlyCredited) => wire::DisputeResolution::PartlyCredited,
        Some(DisputeResolution::Rejected) => wire::DisputeResolution::Rejected,
        Some(DisputeResolution::Withdrawn) => wire::DisputeResolution::Withdrawn,
        Some(DisputeResolution::Paid) => wire::DisputeResolution::Paid,
        Some(DisputeResolution::InvoiceVoided) => wire::DisputeResolution::InvoiceVoided,
    }
}
