//! Disputes.

use contracts::convert::{date_to_wire, instant_to_wire, money_to_wire};
use contracts::invoicing as wire;
use contracts::invoicing::open_dispute_request::Extent;
use jiff::civil::Date;
use runtime::{Refusal, Violations};

use super::field::{self, etag};
use crate::domain::{
    CreditNoteId, Dispute, DisputeExtent, DisputeId, DisputeReason, DisputeResolution,
    DisputeState, InvoiceId,
};

/// A dispute that is asked for.
#[derive(Debug, Clone)]
pub struct BroughtDispute {
    /// Identity, where the caller chose it.
    pub dispute_id: Option<DisputeId>,
    /// The invoice.
    pub invoice_id: InvoiceId,
    /// How much of it.
    pub extent: DisputeExtent,
    /// What the customer objects to.
    pub reason: DisputeReason,
    /// What was said.
    pub note: String,
    /// The day on which it was raised; `None`: today.
    pub disputed_date: Option<Date>,
}

/// The dispute of a request.
///
/// # Errors
/// INVALID_ARGUMENT with the fields at fault.
pub fn dispute_from_wire(request: &wire::OpenDisputeRequest) -> Result<BroughtDispute, Refusal> {
    let mut violations = Violations::new();
    let dispute_id = field::new_id(&mut violations, "dispute_id", &request.dispute_id);
    let invoice_id = field::id(&mut violations, "invoice_id", &request.invoice_id);
    let extent = extent_from_wire(&mut violations, request.extent.as_ref());
    let reason = violations.required("reason", reason_from_wire(request.reason()));
    let is_other = reason == Some(DisputeReason::Other);
    let note = field::explanation(&mut violations, "note", &request.note, is_other);
    let date = request.disputed_date.as_ref();
    let date = field::optional_date(&mut violations, "disputed_date", date);
    let read = (dispute_id, invoice_id, extent, reason, note, date);
    let (dispute_id, invoice_id, extent, reason, note, disputed_date) =
        violations.complete(read)?;
    Ok(BroughtDispute {
        dispute_id: dispute_id.map(DisputeId),
        invoice_id: InvoiceId(invoice_id),
        extent,
        reason,
        note,
        disputed_date,
    })
}

fn extent_from_wire(violations: &mut Violations, extent: Option<&Extent>) -> Option<DisputeExtent> {
    match extent {
        None | Some(Extent::WholeInvoice(false)) => {
            violations.add("whole_invoice", "must be true, or an amount be stated");
            None
        }
        Some(Extent::WholeInvoice(true)) => Some(DisputeExtent::Whole),
        Some(Extent::Amount(amount)) => {
            let amount = field::positive_money(violations, "amount", Some(amount))?;
            Some(DisputeExtent::Part(amount))
        }
    }
}

/// An ending of a dispute that is asked for.
#[derive(Debug, Clone)]
pub struct BroughtEnding {
    /// The dispute.
    pub dispute_id: DisputeId,
    /// How it ended.
    pub resolution: DisputeResolution,
    /// What was decided.
    pub note: String,
    /// The credit note that settles it.
    pub credit_note_id: Option<CreditNoteId>,
}

/// The ending of a request.
///
/// # Errors
/// INVALID_ARGUMENT with the fields at fault.
pub fn ending_from_wire(request: &wire::ResolveDisputeRequest) -> Result<BroughtEnding, Refusal> {
    let mut violations = Violations::new();
    let dispute_id = field::id(&mut violations, "dispute_id", &request.dispute_id);
    let resolution = resolution_from_wire(request.resolution());
    let resolution = violations.required("resolution", resolution);
    let note = &request.resolution_note;
    let note = field::explanation(&mut violations, "resolution_note", note, false);
    let id = request.credit_note_id.as_str();
    let credit_note_id = match resolution.map(DisputeResolution::needs_credit_note) {
        Some(true) => field::id(&mut violations, "credit_note_id", id).map(Some),
        Some(false) => {
            let text = "is named with a resolution that credits only";
            violations.check(id.is_empty(), "credit_note_id", text);
            Some(None)
        }
        None => None,
    };
    let read = (dispute_id, resolution, note, credit_note_id);
    let (dispute_id, resolution, note, credit_note_id) = violations.complete(read)?;
    Ok(BroughtEnding {
        dispute_id: DisputeId(dispute_id),
        resolution,
        note,
        credit_note_id: credit_note_id.map(CreditNoteId),
    })
}

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

/// Where a dispute stands; `None` for a state that is none.
#[must_use]
pub const fn state_from_wire(state: wire::DisputeState) -> Option<DisputeState> {
    match state {
        wire::DisputeState::Unspecified => None,
        wire::DisputeState::Open => Some(DisputeState::Open),
        wire::DisputeState::Resolved => Some(DisputeState::Resolved),
    }
}

/// What a customer objects to; `None` for a reason that is none.
#[must_use]
pub const fn reason_from_wire(reason: wire::DisputeReason) -> Option<DisputeReason> {
    Some(match reason {
        wire::DisputeReason::Unspecified => return None,
        wire::DisputeReason::Price => DisputeReason::Price,
        wire::DisputeReason::Quantity => DisputeReason::Quantity,
        wire::DisputeReason::Quality => DisputeReason::Quality,
        wire::DisputeReason::NotDelivered => DisputeReason::NotDelivered,
        wire::DisputeReason::NotOrdered => DisputeReason::NotOrdered,
        wire::DisputeReason::AlreadyPaid => DisputeReason::AlreadyPaid,
        wire::DisputeReason::Duplicate => DisputeReason::Duplicate,
        wire::DisputeReason::WrongDetails => DisputeReason::WrongDetails,
        wire::DisputeReason::Tax => DisputeReason::Tax,
        wire::DisputeReason::Other => DisputeReason::Other,
    })
}

/// How a caller may end a dispute; `None` for what is no ending or not the caller's.
const fn resolution_from_wire(resolution: wire::DisputeResolution) -> Option<DisputeResolution> {
    match resolution {
        wire::DisputeResolution::Unspecified | wire::DisputeResolution::InvoiceVoided => None,
        wire::DisputeResolution::Credited => Some(DisputeResolution::Credited),
        wire::DisputeResolution::PartlyCredited => Some(DisputeResolution::PartlyCredited),
        wire::DisputeResolution::Rejected => Some(DisputeResolution::Rejected),
        wire::DisputeResolution::Withdrawn => Some(DisputeResolution::Withdrawn),
        wire::DisputeResolution::Paid => Some(DisputeResolution::Paid),
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
