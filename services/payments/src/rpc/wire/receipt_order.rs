//! What is asked to be applied, and to be taken back.

use contracts::payments as wire;
use contracts::payments::apply_receipt_request::Target;
use jiff::civil::Date;
use money::Money;
use runtime::{Refusal, Violations};

use super::field;
use super::named_invoices::named_from_wire;
use super::receipt_application::state_from_wire;
use crate::domain::{
    ApplicationId, CustomerId, NamedInvoice, ReceiptId, ReceiptRule, ReceiptRuleStep,
};
use crate::store::receipt_application::Filter;

/// What of a receipt is to be applied.
#[derive(Debug, Clone)]
pub struct ApplyOrder {
    /// The receipt.
    pub receipt_id: ReceiptId,
    /// How much; `None`: all that is unapplied.
    pub amount: Option<Money>,
    /// Whose items are to be settled; `None`: the receipt's customer's.
    pub customer_id: Option<CustomerId>,
    /// What to settle.
    pub target: OrderTarget,
}

/// What is to be settled.
#[derive(Debug, Clone)]
pub enum OrderTarget {
    /// These invoices, in this order.
    Named(Vec<NamedInvoice>),
    /// Whatever the rule finds.
    Rule(ReceiptRule),
}

/// The order of a request.
///
/// # Errors
/// INVALID_ARGUMENT with the fields at fault.
pub fn apply_from_wire(request: &wire::ApplyReceiptRequest) -> Result<ApplyOrder, Refusal> {
    let mut violations = Violations::new();
    let noted = &mut violations;
    let amount = request.amount.as_ref();
    let parts = (
        field::id(noted, "receipt_id", &request.receipt_id),
        match amount {
            Some(_) => field::positive_money(noted, "amount", amount).map(Some),
            None => Some(None),
        },
        field::optional_id(noted, "customer_id", &request.customer_id),
        match &request.target {
            Some(Target::NamedInvoices(named)) => noted
                .within("named_invoices", |inner| {
                    named_from_wire(inner, "invoices", &named.invoices)
                })
                .map(OrderTarget::Named),
            Some(Target::Rule(rule)) => noted
                .within("rule", |inner| rule_from_wire(inner, rule))
                .map(OrderTarget::Rule),
            None => noted.required("target", None),
        },
    );
    let (receipt_id, amount, customer_id, target) = violations.complete(parts)?;
    Ok(ApplyOrder {
        receipt_id: ReceiptId(receipt_id),
        amount,
        customer_id: customer_id.map(CustomerId),
        target,
    })
}

/// A rule; without steps: reference, exact amount, oldest first.
pub fn rule_from_wire(
    violations: &mut Violations,
    rule: &wire::ReceiptRule,
) -> Option<ReceiptRule> {
    let step = |step| match step {
        wire::ReceiptRuleStep::Unspecified => None,
        wire::ReceiptRuleStep::Reference => Some(ReceiptRuleStep::Reference),
        wire::ReceiptRuleStep::ExactAmount => Some(ReceiptRuleStep::ExactAmount),
        wire::ReceiptRuleStep::OldestFirst => Some(ReceiptRuleStep::OldestFirst),
    };
    let steps: Vec<ReceiptRuleStep> = rule.steps().filter_map(step).collect();
    if steps.len() < rule.steps.len() {
        violations.add("steps", "names a step that is none");
        return None;
    }
    let read = ReceiptRule::try_new(steps, rule.include_disputed);
    violations.parsed("steps", read)
}

/// The application that is to be taken back, and from which day; `None`: today.
///
/// # Errors
/// INVALID_ARGUMENT with the fields at fault.
pub fn unapply_from_wire(
    request: &wire::UnapplyReceiptRequest,
) -> Result<(ApplicationId, Option<Date>), Refusal> {
    let mut violations = Violations::new();
    let noted = &mut violations;
    let parts = (
        field::id(noted, "application_id", &request.application_id),
        field::optional_date(noted, "reversal_date", request.reversal_date.as_ref()),
    );
    let (application_id, reversal_date) = violations.complete(parts)?;
    Ok((ApplicationId(application_id), reversal_date))
}

/// What narrows a listing.
///
/// # Errors
/// INVALID_ARGUMENT with the fields at fault.
pub fn filter_from_wire(request: &wire::ListReceiptApplicationsRequest) -> Result<Filter, Refusal> {
    let mut violations = Violations::new();
    let noted = &mut violations;
    let receipt_id = request.receipt_id.as_deref();
    let receipt_id = receipt_id.and_then(|id| field::id(noted, "receipt_id", id));
    let customer_id = request.customer_id.as_deref();
    let customer_id = customer_id.and_then(|id| field::id(noted, "customer_id", id));
    let states: Vec<_> = request.states().filter_map(state_from_wire).collect();
    let is_whole = states.len() == request.states.len();
    noted.check(is_whole, "states", "names a state that is none");
    violations.finish()?;
    Ok(Filter {
        receipt_id: receipt_id.map(ReceiptId),
        customer_id: customer_id.map(CustomerId),
        states,
    })
}
