//! Receipts as they are told, with refunds and the cash of a customer.

use contracts::convert::{date_to_wire, instant_to_wire, money_to_wire};
use contracts::payments as wire;
use contracts::payments::receipt::Origin;

use super::field;
use crate::domain::{
    Receipt, ReceiptMethod, ReceiptOrigin, ReceiptReversal, ReceiptReversalReason, ReceiptState,
    Refund, Remittance, UnappliedCash,
};

const fn method_to_wire(method: ReceiptMethod) -> wire::ReceiptMethod {
    match method {
        ReceiptMethod::Transfer => wire::ReceiptMethod::Transfer,
        ReceiptMethod::Card => wire::ReceiptMethod::Card,
        ReceiptMethod::DirectDebit => wire::ReceiptMethod::DirectDebit,
        ReceiptMethod::Cheque => wire::ReceiptMethod::Cheque,
        ReceiptMethod::Cash => wire::ReceiptMethod::Cash,
        ReceiptMethod::Agency => wire::ReceiptMethod::Agency,
    }
}

const fn state_to_wire(state: ReceiptState) -> wire::ReceiptState {
    match state {
        ReceiptState::Recorded => wire::ReceiptState::Recorded,
        ReceiptState::Reversing => wire::ReceiptState::Reversing,
        ReceiptState::Reversed => wire::ReceiptState::Reversed,
    }
}

const fn reversal_reason_to_wire(reason: ReceiptReversalReason) -> wire::ReceiptReversalReason {
    match reason {
        ReceiptReversalReason::RecordedInError => wire::ReceiptReversalReason::RecordedInError,
        ReceiptReversalReason::Returned => wire::ReceiptReversalReason::Returned,
        ReceiptReversalReason::ChargedBack => wire::ReceiptReversalReason::ChargedBack,
        ReceiptReversalReason::NotAReceipt => wire::ReceiptReversalReason::NotAReceipt,
    }
}

/// A receipt as it is now.
#[must_use]
pub fn receipt_to_wire(receipt: &Receipt) -> wire::Receipt {
    let sums = &receipt.balances;
    let money = |amount| Some(money_to_wire(amount));
    wire::Receipt {
        receipt_id: receipt.receipt_id.0.to_string(),
        external_id: receipt.external_id.clone().unwrap_or_default(),
        customer_id: receipt
            .customer_id
            .map_or_else(String::new, |customer| customer.0.to_string()),
        method: method_to_wire(receipt.method).into(),
        state: state_to_wire(receipt.state).into(),
        amount: money(sums.received),
        receipt_date: Some(date_to_wire(receipt.receipt_date)),
        remittance: remittance_to_wire(&receipt.remittance),
        allocated_amount: money(sums.allocated),
        reserved_amount: money(sums.reserved),
        overpayment_tolerance_amount: money(sums.overpayment_tolerance),
        refunded_amount: money(sums.refunded),
        returned_amount: money(sums.returned),
        unapplied_amount: money(sums.unapplied),
        origin: origin_to_wire(receipt.origin),
        bank_account_id: receipt
            .bank_account_id
            .map_or_else(String::new, |account| account.0.to_string()),
        refunds: receipt.refunds.iter().map(refund_to_wire).collect(),
        reversal: receipt.reversal.as_ref().map(reversal_to_wire),
        created_time: Some(instant_to_wire(receipt.created_time)),
        etag: field::etag(receipt.version),
    }
}

/// What the payer said; absent where nothing was.
#[must_use]
pub fn remittance_to_wire(said: &Remittance) -> Option<wire::Remittance> {
    if *said == Remittance::default() {
        return None;
    }
    Some(wire::Remittance {
        payment_reference: said.payment_reference.clone(),
        text: said.text.clone(),
        payer_name: said.payer_name.clone(),
        payer_account: said.payer_account.clone(),
        instrument_reference: said.instrument_reference.clone(),
    })
}

fn origin_to_wire(origin: ReceiptOrigin) -> Option<Origin> {
    match origin {
        ReceiptOrigin::Recorded => None,
        ReceiptOrigin::BankLine(line) => Some(Origin::BankLineId(line.0.to_string())),
        ReceiptOrigin::Agency(line) => Some(Origin::AgencyLine(wire::AgencyRemittanceLine {
            agency_id: line.agency_id.0.to_string(),
            remittance_id: line.remittance_id.0.to_string(),
            line_number: line.line_number,
        })),
    }
}

/// A refund.
#[must_use]
pub fn refund_to_wire(refund: &Refund) -> wire::Refund {
    wire::Refund {
        refund_id: refund.refund_id.0.to_string(),
        amount: Some(money_to_wire(refund.amount)),
        note: refund.note.clone(),
        refund_date: Some(date_to_wire(refund.refund_date)),
        created_time: Some(instant_to_wire(refund.created_time)),
    }
}

fn reversal_to_wire(reversal: &ReceiptReversal) -> wire::ReceiptReversal {
    wire::ReceiptReversal {
        receipt_reversal_id: reversal.receipt_reversal_id.0.to_string(),
        reason: reversal_reason_to_wire(reversal.reason).into(),
        note: reversal.note.clone(),
        reversal_date: Some(date_to_wire(reversal.reversal_date)),
        created_time: Some(instant_to_wire(reversal.created_time)),
    }
}

/// What a customer has left in one currency.
#[must_use]
pub fn unapplied_cash_to_wire(cash: &UnappliedCash) -> wire::UnappliedCash {
    wire::UnappliedCash {
        customer_id: cash.customer_id.0.to_string(),
        unapplied_amount: Some(money_to_wire(cash.unapplied_amount)),
        reserved_amount: Some(money_to_wire(cash.reserved_amount)),
        version: cash.version,
    }
}
