//! What is asked of receipts: to record, refund, take back, find.

use contracts::payments as wire;
use contracts::payments::get_receipt_request::Key;
use jiff::civil::Date;
use money::Money;
use runtime::{Refusal, Violations};

use super::field;
use crate::domain::remittance::{
    INSTRUMENT_REFERENCE_LENGTH, PAYER_ACCOUNT_LENGTH, PAYER_NAME_LENGTH, PAYMENT_REFERENCE_LENGTH,
    TEXT_LENGTH,
};
use crate::domain::{
    AgencyId, AgencyRemittanceId, AgencyRemittanceLine, BankAccountId, CustomerId, NewReceipt,
    ReceiptId, ReceiptMethod, ReceiptOrigin, ReceiptReversalOrder, ReceiptReversalReason,
    ReceiptState, Remittance, clean_text,
};
use crate::store::receipt::{Filter, ReceiptKey};

/// Longest explanation.
const NOTE_LENGTH: usize = 500;
/// Longest identity that a foreign system may give.
pub const EXTERNAL_ID_LENGTH: usize = 128;

/// What a caller brings of a new receipt.
#[derive(Debug, Clone)]
pub struct BroughtReceipt {
    /// The receipt; its account is not looked up yet.
    pub receipt: NewReceipt,
    /// The account it came in on.
    pub bank_account_id: Option<BankAccountId>,
}

/// The new receipt of a request.
///
/// # Errors
/// INVALID_ARGUMENT with the fields at fault.
pub fn brought_receipt(request: &wire::RecordReceiptRequest) -> Result<BroughtReceipt, Refusal> {
    let mut violations = Violations::new();
    let noted = &mut violations;
    let method = noted.required("method", method_from_wire(request.method()));
    let parts = (
        field::new_id(noted, "receipt_id", &request.receipt_id),
        external_id(noted, "external_id", &request.external_id),
        field::optional_id(noted, "customer_id", &request.customer_id),
        field::positive_money(noted, "amount", request.amount.as_ref()),
        field::date(noted, "receipt_date", request.receipt_date.as_ref()),
        noted.within("remittance", |inner| {
            remittance_from_wire(inner, request.remittance.as_ref())
        }),
        origin_from_wire(noted, method, request.agency_line.as_ref()),
        field::optional_id(noted, "bank_account_id", &request.bank_account_id),
        method,
    );
    let (
        receipt_id,
        external_id,
        customer_id,
        amount,
        receipt_date,
        remittance,
        origin,
        account,
        method,
    ) = violations.complete(parts)?;
    Ok(BroughtReceipt {
        receipt: NewReceipt {
            receipt_id: receipt_id.map(ReceiptId),
            external_id,
            customer_id: customer_id.map(CustomerId),
            method,
            amount,
            receipt_date,
            remittance,
            origin,
            account: None,
        },
        bank_account_id: account.map(BankAccountId),
    })
}

/// By what a receipt is asked for.
///
/// # Errors
/// INVALID_ARGUMENT with the field at fault.
pub fn key_from_wire(request: &wire::GetReceiptRequest) -> Result<ReceiptKey, Refusal> {
    let mut violations = Violations::new();
    let key = match &request.key {
        Some(Key::ReceiptId(id)) => {
            field::id(&mut violations, "receipt_id", id).map(|id| ReceiptKey::Id(ReceiptId(id)))
        }
        Some(Key::ExternalId(id)) => {
            let id = violations.required_text("external_id", id, EXTERNAL_ID_LENGTH);
            id.map(|id| ReceiptKey::External(id.to_owned()))
        }
        None => violations.required("key", None),
    };
    violations.complete((key,)).map(|(key,)| key)
}

/// A refund that is asked for.
#[derive(Debug, Clone)]
pub struct BroughtRefund {
    /// The receipt.
    pub receipt_id: ReceiptId,
    /// How much.
    pub amount: Money,
    /// Why.
    pub note: String,
    /// The day from which it counts; `None`: today.
    pub refund_date: Option<Date>,
}

/// The refund of a request.
///
/// # Errors
/// INVALID_ARGUMENT with the fields at fault.
pub fn brought_refund(
    request: &wire::RefundUnappliedCashRequest,
) -> Result<BroughtRefund, Refusal> {
    let mut violations = Violations::new();
    let noted = &mut violations;
    noted.check(!request.etag.is_empty(), "etag", "is required");
    let parts = (
        field::id(noted, "receipt_id", &request.receipt_id),
        field::positive_money(noted, "amount", request.amount.as_ref()),
        field::text(noted, "note", &request.note, NOTE_LENGTH),
        field::optional_date(noted, "refund_date", request.refund_date.as_ref()),
    );
    let (receipt_id, amount, note, refund_date) = violations.complete(parts)?;
    Ok(BroughtRefund {
        receipt_id: ReceiptId(receipt_id),
        amount,
        note,
        refund_date,
    })
}

/// A receipt that is to be taken back.
#[derive(Debug, Clone)]
pub struct BroughtReversal {
    /// The receipt.
    pub receipt_id: ReceiptId,
    /// Why.
    pub reason: ReceiptReversalReason,
    /// Explanation.
    pub note: String,
    /// The day from which debts are open again; `None`: today.
    pub reversal_date: Option<Date>,
}

impl BroughtReversal {
    /// The order; `today` where nobody chose a day.
    #[must_use]
    pub fn order(&self, today: Date) -> ReceiptReversalOrder {
        ReceiptReversalOrder {
            reason: self.reason,
            note: self.note.clone(),
            reversal_date: self.reversal_date.unwrap_or(today),
        }
    }
}

/// The reversal of a request.
///
/// # Errors
/// INVALID_ARGUMENT with the fields at fault.
pub fn brought_reversal(request: &wire::ReverseReceiptRequest) -> Result<BroughtReversal, Refusal> {
    let mut violations = Violations::new();
    let noted = &mut violations;
    let reason = noted.required("reason", reversal_reason_from_wire(request.reason()));
    let is_none = reason == Some(ReceiptReversalReason::NotAReceipt);
    noted.check(!is_none, "reason", "is for ResolveBankLine to say");
    let parts = (
        field::id(noted, "receipt_id", &request.receipt_id),
        reason,
        field::optional_text(noted, "note", &request.note, NOTE_LENGTH),
        field::optional_date(noted, "reversal_date", request.reversal_date.as_ref()),
    );
    let (receipt_id, reason, note, reversal_date) = violations.complete(parts)?;
    Ok(BroughtReversal {
        receipt_id: ReceiptId(receipt_id),
        reason,
        note,
        reversal_date,
    })
}

/// What narrows a listing.
///
/// # Errors
/// INVALID_ARGUMENT with the fields at fault.
pub fn filter_from_wire(request: &wire::ListReceiptsRequest) -> Result<Filter, Refusal> {
    let mut violations = Violations::new();
    let noted = &mut violations;
    let customer_id = request.customer_id.as_deref();
    let customer_id = customer_id.and_then(|id| field::id(noted, "customer_id", id));
    let state = request
        .state
        .and_then(|_| noted.required("state", state_from_wire(request.state())));
    let method = request
        .method
        .and_then(|_| noted.required("method", method_from_wire(request.method())));
    let currency = request.currency_code.as_deref();
    let currency = currency.and_then(|code| field::currency(noted, "currency_code", code));
    let from = request.from_receipt_date.as_ref();
    let from_receipt_date = field::optional_date(noted, "from_receipt_date", from).flatten();
    let to = request.to_receipt_date.as_ref();
    let to_receipt_date = field::optional_date(noted, "to_receipt_date", to).flatten();
    violations.finish()?;
    Ok(Filter {
        customer_id: customer_id.map(CustomerId),
        identified: request.identified,
        state,
        method,
        currency,
        unapplied: request.unapplied,
        from_receipt_date,
        to_receipt_date,
    })
}

/// A foreign system's own identity; empty: none.
pub fn external_id(violations: &mut Violations, field: &str, text: &str) -> Option<Option<String>> {
    let text = violations.optional_text(field, text, EXTERNAL_ID_LENGTH)?;
    Some(Some(text.to_owned()).filter(|text| !text.is_empty()))
}

/// What the payer said, cleaned; absent: nothing.
pub fn remittance_from_wire(
    violations: &mut Violations,
    said: Option<&wire::Remittance>,
) -> Option<Remittance> {
    let Some(said) = said else {
        return Some(Remittance::default());
    };
    let mut text =
        |field: &str, text: &str, longest| violations.parsed(field, clean_text(text, longest));
    let reference = text(
        "payment_reference",
        &said.payment_reference,
        PAYMENT_REFERENCE_LENGTH,
    );
    let free = text("text", &said.text, TEXT_LENGTH);
    let name = text("payer_name", &said.payer_name, PAYER_NAME_LENGTH);
    let account = text("payer_account", &said.payer_account, PAYER_ACCOUNT_LENGTH);
    let instrument = &said.instrument_reference;
    let instrument = text(
        "instrument_reference",
        instrument,
        INSTRUMENT_REFERENCE_LENGTH,
    );
    Some(Remittance {
        payment_reference: reference?,
        text: free?,
        payer_name: name?,
        payer_account: account?,
        instrument_reference: instrument?,
    })
}

fn origin_from_wire(
    violations: &mut Violations,
    method: Option<ReceiptMethod>,
    line: Option<&wire::AgencyRemittanceLine>,
) -> Option<ReceiptOrigin> {
    match (method?, line) {
        (ReceiptMethod::Agency, None) => {
            violations.add("agency_line", "is required with the method AGENCY");
            None
        }
        (ReceiptMethod::Agency, Some(line)) => violations
            .within("agency_line", |inner| agency_line(inner, line))
            .map(ReceiptOrigin::Agency),
        (_, Some(_)) => {
            violations.add("agency_line", "belongs to the method AGENCY only");
            None
        }
        (_, None) => Some(ReceiptOrigin::Recorded),
    }
}

fn agency_line(
    violations: &mut Violations,
    line: &wire::AgencyRemittanceLine,
) -> Option<AgencyRemittanceLine> {
    let agency_id = field::id(violations, "agency_id", &line.agency_id);
    let remittance_id = field::id(violations, "remittance_id", &line.remittance_id);
    let is_line = line.line_number >= 1;
    violations.check(is_line, "line_number", "must be at least 1");
    Some(AgencyRemittanceLine {
        agency_id: AgencyId(agency_id?),
        remittance_id: AgencyRemittanceId(remittance_id?),
        line_number: line.line_number,
    })
}

/// How money came in; `None` where nobody said.
#[must_use]
pub const fn method_from_wire(method: wire::ReceiptMethod) -> Option<ReceiptMethod> {
    match method {
        wire::ReceiptMethod::Unspecified => None,
        wire::ReceiptMethod::Transfer => Some(ReceiptMethod::Transfer),
        wire::ReceiptMethod::Card => Some(ReceiptMethod::Card),
        wire::ReceiptMethod::DirectDebit => Some(ReceiptMethod::DirectDebit),
        wire::ReceiptMethod::Cheque => Some(ReceiptMethod::Cheque),
        wire::ReceiptMethod::Cash => Some(ReceiptMethod::Cash),
        wire::ReceiptMethod::Agency => Some(ReceiptMethod::Agency),
    }
}

/// Where a receipt stands; `None` where nobody said.
#[must_use]
pub const fn state_from_wire(state: wire::ReceiptState) -> Option<ReceiptState> {
    match state {
        wire::ReceiptState::Unspecified => None,
        wire::ReceiptState::Recorded => Some(ReceiptState::Recorded),
        wire::ReceiptState::Reversing => Some(ReceiptState::Reversing),
        wire::ReceiptState::Reversed => Some(ReceiptState::Reversed),
    }
}

/// Why a receipt is taken back; `None` where nobody said.
#[must_use]
pub const fn reversal_reason_from_wire(
    reason: wire::ReceiptReversalReason,
) -> Option<ReceiptReversalReason> {
    match reason {
        wire::ReceiptReversalReason::Unspecified => None,
        wire::ReceiptReversalReason::RecordedInError => {
            Some(ReceiptReversalReason::RecordedInError)
        }
        wire::ReceiptReversalReason::Returned => Some(ReceiptReversalReason::Returned),
        wire::ReceiptReversalReason::ChargedBack => Some(ReceiptReversalReason::ChargedBack),
        wire::ReceiptReversalReason::NotAReceipt => Some(ReceiptReversalReason::NotAReceipt),
    }
}
