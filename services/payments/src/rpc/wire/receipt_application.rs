//! Applications of receipts, and what invoicing says of them.

use contracts::convert::{
    Malformed, date_from_wire, date_to_wire, instant_to_wire, money_from_wire, money_to_wire,
};
use contracts::payments::receipt_application::Target;
use contracts::{invoicing, payments as wire};

use super::decision::{decision_to_wire, refusal_to_wire};
use crate::domain::{
    Allocation, ApplicationReversal, ApplicationTarget, InvoiceId, InvoicingStep, NamedInvoice,
    OpenItemId, OpenItemKind, ReceiptApplication, ReceiptApplicationState, ReversalReason,
};

/// An application as it is now.
#[must_use]
pub fn application_to_wire(application: &ReceiptApplication) -> wire::ReceiptApplication {
    let money = |amount| Some(money_to_wire(amount));
    wire::ReceiptApplication {
        application_id: application.application_id.0.to_string(),
        receipt_id: application.receipt_id.0.to_string(),
        customer_id: application.customer_id.0.to_string(),
        state: state_to_wire(application.state).into(),
        amount: money(application.amount),
        receipt_date: Some(date_to_wire(application.receipt_date)),
        target: Some(match &application.target {
            ApplicationTarget::Named(invoices) => Target::NamedInvoices(named_to_wire(invoices)),
            ApplicationTarget::Rule {
                steps,
                include_disputed,
            } => Target::Rule(rule_to_wire(steps, *include_disputed)),
        }),
        decision: Some(decision_to_wire(&application.decision)),
        allocations: application
            .allocations
            .iter()
            .map(allocation_to_wire)
            .collect(),
        allocated_amount: money(application.allocated_amount),
        overpayment_tolerance_amount: money(application.overpayment_tolerance_amount),
        rest_amount: money(application.rest_amount),
        refusal: application.refusal.as_ref().map(refusal_to_wire),
        reversal: application
            .reversal
            .as_ref()
            .filter(|reversal| reversal.reversed_time.is_some())
            .map(|reversal| reversal_to_wire(application, reversal)),
        created_time: Some(instant_to_wire(application.created_time)),
        booked_time: application.booked_time.map(instant_to_wire),
    }
}

const fn state_to_wire(state: ReceiptApplicationState) -> wire::ReceiptApplicationState {
    match state {
        ReceiptApplicationState::Reserved => wire::ReceiptApplicationState::Reserved,
        ReceiptApplicationState::Applied => wire::ReceiptApplicationState::Applied,
        ReceiptApplicationState::Refused => wire::ReceiptApplicationState::Refused,
        ReceiptApplicationState::Reversing => wire::ReceiptApplicationState::Reversing,
        ReceiptApplicationState::Reversed => wire::ReceiptApplicationState::Reversed,
    }
}

/// Where an application stands; `None` where nobody said.
#[must_use]
pub const fn state_from_wire(
    state: wire::ReceiptApplicationState,
) -> Option<ReceiptApplicationState> {
    match state {
        wire::ReceiptApplicationState::Unspecified => None,
        wire::ReceiptApplicationState::Reserved => Some(ReceiptApplicationState::Reserved),
        wire::ReceiptApplicationState::Applied => Some(ReceiptApplicationState::Applied),
        wire::ReceiptApplicationState::Refused => Some(ReceiptApplicationState::Refused),
        wire::ReceiptApplicationState::Reversing => Some(ReceiptApplicationState::Reversing),
        wire::ReceiptApplicationState::Reversed => Some(ReceiptApplicationState::Reversed),
    }
}

/// Named invoices.
#[must_use]
pub fn named_to_wire(invoices: &[NamedInvoice]) -> invoicing::NamedInvoices {
    let named = |named: &NamedInvoice| invoicing::NamedInvoice {
        invoice_id: named.invoice_id.0.to_string(),
        amount: named.amount.map(money_to_wire),
    };
    invoicing::NamedInvoices {
        invoices: invoices.iter().map(named).collect(),
    }
}

/// A rule that invoicing follows.
#[must_use]
pub fn rule_to_wire(steps: &[InvoicingStep], include_disputed: bool) -> invoicing::ApplicationRule {
    let step = |step: &InvoicingStep| match step {
        InvoicingStep::ExactAmount => invoicing::ApplicationStep::ExactAmount.into(),
        InvoicingStep::OldestFirst => invoicing::ApplicationStep::OldestFirst.into(),
    };
    invoicing::ApplicationRule {
        steps: steps.iter().map(step).collect(),
        include_disputed,
    }
}

/// What came to an open item.
#[must_use]
pub fn allocation_to_wire(allocation: &Allocation) -> invoicing::Allocation {
    let money = |amount| Some(money_to_wire(amount));
    let kind = match allocation.open_item_kind {
        OpenItemKind::Principal => invoicing::OpenItemKind::Principal,
        OpenItemKind::Fee => invoicing::OpenItemKind::Fee,
        OpenItemKind::Interest => invoicing::OpenItemKind::Interest,
    };
    invoicing::Allocation {
        invoice_id: allocation.invoice_id.0.to_string(),
        invoice_number: allocation.invoice_number.clone(),
        open_item_id: allocation.open_item_id.0.to_string(),
        open_item_kind: kind.into(),
        due_date: Some(date_to_wire(allocation.due_date)),
        amount: money(allocation.amount),
        discount_amount: money(allocation.discount_amount),
        tolerance_amount: money(allocation.tolerance_amount),
        reinstated_amount: money(allocation.reinstated_amount),
        open_amount_after: money(allocation.open_amount_after),
    }
}

/// What came to an open item, as invoicing answered it.
///
/// # Errors
/// [`Malformed`] with the first field at fault.
pub fn allocation_from_wire(allocation: &invoicing::Allocation) -> Result<Allocation, Malformed> {
    let missing = |field: &str| Malformed(format!("{field} is missing"));
    let id = |field: &str, text: &str| {
        text.parse()
            .map_err(|_| Malformed(format!("{field} is no UUID")))
    };
    let money = |field: &str, amount: &Option<contracts::common::Money>| {
        money_from_wire(amount.as_ref().ok_or_else(|| missing(field))?)
    };
    let kind = match allocation.open_item_kind() {
        invoicing::OpenItemKind::Unspecified => return Err(missing("open_item_kind")),
        invoicing::OpenItemKind::Principal => OpenItemKind::Principal,
        invoicing::OpenItemKind::Fee => OpenItemKind::Fee,
        invoicing::OpenItemKind::Interest => OpenItemKind::Interest,
    };
    let due_date = allocation
        .due_date
        .as_ref()
        .ok_or_else(|| missing("due_date"))?;
    Ok(Allocation {
        invoice_id: InvoiceId(id("invoice_id", &allocation.invoice_id)?),
        invoice_number: allocation.invoice_number.clone(),
        open_item_id: OpenItemId(id("open_item_id", &allocation.open_item_id)?),
        open_item_kind: kind,
        due_date: date_from_wire(due_date)?,
        amount: money("amount", &allocation.amount)?,
        discount_amount: money("discount_amount", &allocation.discount_amount)?,
        tolerance_amount: money("tolerance_amount", &allocation.tolerance_amount)?,
        reinstated_amount: money("reinstated_amount", &allocation.reinstated_amount)?,
        open_amount_after: money("open_amount_after", &allocation.open_amount_after)?,
    })
}

/// Why money is taken back.
#[must_use]
pub const fn reversal_reason_to_wire(reason: ReversalReason) -> invoicing::ReversalReason {
    match reason {
        ReversalReason::Unapplied => invoicing::ReversalReason::Unapplied,
        ReversalReason::ReceiptReversed => invoicing::ReversalReason::ReceiptReversed,
        ReversalReason::Returned => invoicing::ReversalReason::Returned,
    }
}

fn reversal_to_wire(
    application: &ReceiptApplication,
    reversal: &ApplicationReversal,
) -> invoicing::ApplicationReversal {
    invoicing::ApplicationReversal {
        reversal_id: reversal.reversal_id.0.to_string(),
        application_id: application.application_id.0.to_string(),
        reason: reversal_reason_to_wire(reversal.reason).into(),
        reversal_date: Some(date_to_wire(reversal.reversal_date)),
        reopened: reversal.reopened.iter().map(allocation_to_wire).collect(),
        reversed_time: reversal.reversed_time.map(instant_to_wire),
    }
}
