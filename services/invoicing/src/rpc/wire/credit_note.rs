//! Credit notes.

use contracts::convert::{date_to_wire, instant_to_wire, money_to_wire};
use contracts::invoicing as wire;
use contracts::invoicing::issue_credit_note_request::Extent;
use jiff::civil::Date;
use money::{Currency, Decimal};
use runtime::{Refusal, Violations};

use super::application::allocations_to_wire;
use super::field;
use super::line::{lines_from_wire, lines_to_wire, totals_to_wire};
use crate::domain::{
    CreditNote, CreditNoteId, CreditNoteReason, CustomerCreditId, CustomerId, InvoiceId, Line,
};

/// The series that numbers are drawn from where none is named.
const BUILT_IN_SERIES: &str = "CN";

/// A credit note that is asked for.
#[derive(Debug, Clone)]
pub struct BroughtNote {
    /// Identity, where the caller chose it.
    pub credit_note_id: Option<CreditNoteId>,
    /// The foreign system's own identity.
    pub external_id: Option<String>,
    /// What is credited.
    pub extent: BroughtExtent,
    /// Why.
    pub reason: CreditNoteReason,
    /// Free text printed on it.
    pub note: String,
    /// The date from which it counts; `None`: today.
    pub credit_note_date: Option<Date>,
    /// The series that the number is drawn from.
    pub series_code: String,
}

/// What is credited, before the invoice is found.
#[derive(Debug, Clone)]
pub enum BroughtExtent {
    /// All of an invoice, less what was credited before.
    Whole(InvoiceId),
    /// These lines of an invoice, in its currency: see [`part_from_wire`].
    Part(InvoiceId, Vec<wire::InvoiceLine>),
    /// These lines, without an invoice.
    StandAlone(CustomerId, Currency, Vec<Line>),
}

/// The note of a request.
///
/// # Errors
/// INVALID_ARGUMENT with the fields at fault.
pub fn note_from_wire(request: &wire::IssueCreditNoteRequest) -> Result<BroughtNote, Refusal> {
    let mut violations = Violations::new();
    let id = field::new_id(&mut violations, "credit_note_id", &request.credit_note_id);
    let external_id =
        field::optional_text(&mut violations, "external_id", &request.external_id, 128);
    let extent = extent_from_wire(&mut violations, request.extent.as_ref());
    let reason = violations.required("reason", reason_from_wire(request.reason()));
    let is_other = reason == Some(CreditNoteReason::Other);
    let note = field::explanation(&mut violations, "note", &request.note, is_other);
    let date = request.credit_note_date.as_ref();
    let date = field::optional_date(&mut violations, "credit_note_date", date);
    let series = field::optional_text(&mut violations, "series_code", &request.series_code, 16);
    let read = (id, external_id, extent, reason, note, date, series);
    let (id, external_id, extent, reason, note, credit_note_date, series) =
        violations.complete(read)?;
    let named = |text: String| Some(text).filter(|text| !text.is_empty());
    Ok(BroughtNote {
        credit_note_id: id.map(CreditNoteId),
        external_id: named(external_id),
        extent,
        reason,
        note,
        credit_note_date,
        series_code: named(series).unwrap_or_else(|| BUILT_IN_SERIES.to_owned()),
    })
}

fn extent_from_wire(violations: &mut Violations, extent: Option<&Extent>) -> Option<BroughtExtent> {
    match extent {
        None => {
            let text = "is required, or partial_invoice, or stand_alone";
            violations.add("whole_invoice", text);
            None
        }
        Some(Extent::WholeInvoice(whole)) => {
            let id = field::id(violations, "whole_invoice.invoice_id", &whole.invoice_id)?;
            Some(BroughtExtent::Whole(InvoiceId(id)))
        }
        Some(Extent::PartialInvoice(part)) => violations.within("partial_invoice", |violations| {
            let id = field::id(violations, "invoice_id", &part.invoice_id);
            // What the lines come to waits for the invoice and its currency; their form does not.
            lines_from_wire(violations, "lines", &part.lines, None);
            check_quantities(violations, &part.lines);
            Some(BroughtExtent::Part(InvoiceId(id?), part.lines.clone()))
        }),
        Some(Extent::StandAlone(alone)) => violations.within("stand_alone", |violations| {
            let customer = field::id(violations, "customer_id", &alone.customer_id);
            let currency = field::currency(violations, "currency_code", &alone.currency_code);
            let lines = lines_from_wire(violations, "lines", &alone.lines, currency);
            check_quantities(violations, &alone.lines);
            let customer = CustomerId(customer?);
            Some(BroughtExtent::StandAlone(customer, currency?, lines?))
        }),
    }
}

/// The lines of a note that corrects a part of an invoice in this currency.
///
/// # Errors
/// INVALID_ARGUMENT with the fields at fault.
pub fn part_from_wire(
    lines: &[wire::InvoiceLine],
    currency: Currency,
) -> Result<Vec<Line>, Refusal> {
    let mut violations = Violations::new();
    let field = "partial_invoice.lines";
    let read = lines_from_wire(&mut violations, field, lines, Some(currency));
    violations.complete((read,)).map(|(lines,)| lines)
}

/// What is credited has positive quantities; a malformed one is noted elsewhere.
fn check_quantities(violations: &mut Violations, lines: &[wire::InvoiceLine]) {
    for (index, line) in lines.iter().enumerate() {
        let quantity = field::decimal(&mut Violations::new(), "", line.quantity.as_ref());
        let is_positive = quantity.is_none_or(|quantity| quantity > Decimal::ZERO);
        violations.check(
            is_positive,
            format!("lines[{index}].quantity"),
            "must be above 0",
        );
    }
}

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

/// Why a credit note was given; `None` for a reason that is none.
#[must_use]
pub const fn reason_from_wire(reason: wire::CreditNoteReason) -> Option<CreditNoteReason> {
    Some(match reason {
        wire::CreditNoteReason::Unspecified => return None,
        wire::CreditNoteReason::DuplicatedCharge => CreditNoteReason::DuplicatedCharge,
        wire::CreditNoteReason::ProductUnsatisfactory => CreditNoteReason::ProductUnsatisfactory,
        wire::CreditNoteReason::OrderChange => CreditNoteReason::OrderChange,
        wire::CreditNoteReason::OrderCancellation => CreditNoteReason::OrderCancellation,
        wire::CreditNoteReason::FraudulentCharge => CreditNoteReason::FraudulentCharge,
        wire::CreditNoteReason::BillingError => CreditNoteReason::BillingError,
        wire::CreditNoteReason::Goodwill => CreditNoteReason::Goodwill,
        wire::CreditNoteReason::Other => CreditNoteReason::Other,
    })
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
