//! Credit notes.

use contracts::convert::{date_to_wire, instant_to_wire, money_to_wire};
use contracts::invoicing as wire;

use super::application::allocations_to_wire;
use super::line::{lines_to_wire, totals_to_wire};
use crate::domain::{CreditNote, CreditNoteReason, CustomerCreditId};

/// A credit note, and the credit that came of it, if any did.
#[must_use]
pub fn credit_note_to_wire(
    note: &CreditNote,
    customer_credit_id: Option<CustomerCreditId>,
) -> wire::CreditNote {
    let header = &note.header;
    wire::CreditNote {
        credit_note_id: header.credit_note_id.0.to_string(),
        external_id: header.external_id.clone().unwrap_or_default(),
        credit_note_number: header.credit_note_number.clone(),
        customer_id: note.customer_id.0.to_string(),
        invoice_id: note
            .invoice_id
            .map_or_else(String::new, |id| id.0.to_string()),
        reason: reason_to_wire(header.reason).into(),
        note: header.note.clone(),
        credit_note_date: Some(date_to_wire(header.credit_note_date)),
        lines: lines_to_wire(&note.lines),
        totals: Some(totals_to_wire(&note.totals)),
        allocations: allocations_to_wire(&note.allocations),
        customer_credit_id: customer_credit_id.map_or_else(String::new, |id| id.0.to_string()),
        customer_credit_amount: Some(money_to_wire(note.customer_credit_amount)),
        issued_time: Some(instant_to_wire(note.issued_time)),
    }
}

const fn reason_to_wire(reason: CreditNoteReason) -> wire::CreditNoteReason {
    match reason {
        CreditNoteReason::DuplicatedCharge => wire::CreditNoteReason::DuplicatedCharge,
        CreditNoteReason::ProductUnsatisfactory => wire::CreditNoteReason::ProductUnsatisfactory,
        CreditNoteReason::OrderChange => wire::CreditNoteReason::OrderChange,
        CreditNoteReason::OrderCancellation => wire::CreditNoteReason::OrderCancellation,
        CreditNoteReason::FraudulentCharge => wire::CreditNoteReason::FraudulentCharge,
        CreditNoteReason::BillingError => wire::CreditNoteReason::BillingError,
        CreditNoteReason::Goodwill => wire::CreditNoteReason::Goodwill,
        CreditNoteReason::Other => wire::CreditNoteReason::Other,
    }
}
