//! Applications of money, and where it went.

use contracts::convert::{date_to_wire, instant_to_wire, money_to_wire};
use contracts::invoicing as wire;

use super::balance::item_kind_to_wire;
use super::decision::decision_to_wire;
use crate::domain::{
    Allocation, Application, ApplicationReversal, ApplicationState, ReversalReason,
};

/// An application with its decision and, if it was taken back, its reversal.
#[must_use]
pub fn application_to_wire(application: &Application) -> wire::Application {
    let state = match application.state() {
        ApplicationState::Applied => wire::ApplicationState::Applied,
        ApplicationState::Reversed => wire::ApplicationState::Reversed,
    };
    let overpayment = application.overpayment_tolerance_amount;
    wire::Application {
        application_id: application.application_id.0.to_string(),
        customer_id: application.customer_id.0.to_string(),
        receipt_id: application.receipt_id.0.to_string(),
        state: state.into(),
        amount: Some(money_to_wire(application.amount)),
        receipt_date: Some(date_to_wire(application.receipt_date)),
        allocations: allocations_to_wire(&application.allocations),
        allocated_amount: Some(money_to_wire(application.allocated_amount)),
        overpayment_tolerance_amount: Some(money_to_wire(overpayment)),
        rest_amount: Some(money_to_wire(application.rest_amount)),
        decision: Some(decision_to_wire(&application.decision)),
        applied_time: Some(instant_to_wire(application.applied_time)),
        reversal: application.reversal.as_ref().map(reversal_to_wire),
    }
}

/// What took an application back.
#[must_use]
pub fn reversal_to_wire(reversal: &ApplicationReversal) -> wire::ApplicationReversal {
    let reason = match reversal.reason {
        ReversalReason::Unapplied => wire::ReversalReason::Unapplied,
        ReversalReason::ReceiptReversed => wire::ReversalReason::ReceiptReversed,
        ReversalReason::Returned => wire::ReversalReason::Returned,
    };
    wire::ApplicationReversal {
        reversal_id: reversal.reversal_id.0.to_string(),
        application_id: reversal.application_id.0.to_string(),
        reason: reason.into(),
        reversal_date: Some(date_to_wire(reversal.reversal_date)),
        reopened: allocations_to_wire(&reversal.reopened),
        reversed_time: Some(instant_to_wire(reversal.reversed_time)),
    }
}

/// What came to each open item, in order.
#[must_use]
pub fn allocations_to_wire(allocations: &[Allocation]) -> Vec<wire::Allocation> {
    allocations.iter().map(allocation_to_wire).collect()
}

fn allocation_to_wire(allocation: &Allocation) -> wire::Allocation {
    wire::Allocation {
        invoice_id: allocation.invoice_id.0.to_string(),
        invoice_number: allocation.invoice_number.clone(),
        open_item_id: allocation.open_item_id.0.to_string(),
        open_item_kind: item_kind_to_wire(allocation.open_item_kind).into(),
        due_date: Some(date_to_wire(allocation.due_date)),
        amount: Some(money_to_wire(allocation.amount)),
        discount_amount: Some(money_to_wire(allocation.discount_amount)),
        tolerance_amount: Some(money_to_wire(allocation.tolerance_amount)),
        reinstated_amount: Some(money_to_wire(allocation.reinstated_amount)),
        open_amount_after: Some(money_to_wire(allocation.open_amount_after)),
    }
}
