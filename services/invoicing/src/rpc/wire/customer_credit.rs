//! Customer credit: what we owe customers from credit notes.

use contracts::convert::{date_to_wire, instant_to_wire, money_to_wire};
use contracts::invoicing as wire;
use contracts::invoicing::apply_customer_credit_request::Target as T;
use money::Money;
use runtime::{Refusal, Violations};

use super::application::allocations_to_wire;
use super::field;
use super::target::{named_from_wire, rule_from_wire};
use crate::domain::{
    CustomerCredit, CustomerCreditApplication, CustomerCreditBalance, CustomerCreditId, CustomerId,
    Target,
};
use crate::store::customer_credit::Filter;

/// What is to be done with a credit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CreditUse {
    /// The credit.
    pub customer_credit_id: CustomerCreditId,
    /// How much of it; `None`: all that is left.
    pub amount: Option<Money>,
    /// What to settle.
    pub target: Target,
}

/// The use that a request asks for.
///
/// # Errors
/// INVALID_ARGUMENT with the fields at fault.
pub fn credit_use_from_wire(
    request: &wire::ApplyCustomerCreditRequest,
) -> Result<CreditUse, Refusal> {
    let mut violations = Violations::new();
    let id = field::id(
        &mut violations,
        "customer_credit_id",
        &request.customer_credit_id,
    );
    let amount = request.amount.as_ref();
    let amount = field::optional_positive_money(&mut violations, "amount", amount);
    let target = match violations.required("target", request.target.as_ref()) {
        Some(T::NamedInvoices(named)) => named_from_wire(&mut violations, named),
        Some(T::Rule(rule)) => rule_from_wire(&mut violations, rule),
        None => None,
    };
    let (id, amount, target) = violations.complete((id, amount, target))?;
    Ok(CreditUse {
        customer_credit_id: CustomerCreditId(id),
        amount,
        target,
    })
}

/// What narrows a listing of credits.
///
/// # Errors
/// As [`credit_use_from_wire`].
pub fn credit_filter_from_wire(
    request: &wire::ListCustomerCreditsRequest,
) -> Result<Filter, Refusal> {
    let mut violations = Violations::new();
    let customer = request.customer_id.as_deref();
    let customer = field::filter_id(&mut violations, "customer_id", customer);
    let currency = request.currency_code.as_deref();
    let currency = field::filter_currency(&mut violations, "currency_code", currency);
    violations.finish().map(|()| Filter {
        customer_id: customer.map(CustomerId),
        currency,
        include_used_up: request.include_used_up,
    })
}

/// A credit.
#[must_use]
pub fn credit_to_wire(credit: &CustomerCredit) -> wire::CustomerCredit {
    wire::CustomerCredit {
        customer_credit_id: credit.customer_credit_id.0.to_string(),
        customer_id: credit.customer_id.0.to_string(),
        credit_note_id: credit.credit_note_id.0.to_string(),
        original_amount: Some(money_to_wire(credit.original_amount)),
        open_amount: Some(money_to_wire(credit.open_amount)),
        credit_date: Some(date_to_wire(credit.credit_date)),
        etag: field::etag(credit.version),
    }
}

/// A use of credit for open items.
#[must_use]
pub fn credit_application_to_wire(
    application: &CustomerCreditApplication,
) -> wire::CustomerCreditApplication {
    let id = application.customer_credit_application_id;
    wire::CustomerCreditApplication {
        customer_credit_application_id: id.0.to_string(),
        customer_credit_id: application.customer_credit_id.0.to_string(),
        customer_id: application.customer_id.0.to_string(),
        amount: Some(money_to_wire(application.amount)),
        allocations: allocations_to_wire(&application.allocations),
        application_date: Some(date_to_wire(application.application_date)),
        applied_time: Some(instant_to_wire(application.applied_time)),
    }
}

/// What a customer has in credit in one currency.
#[must_use]
pub fn credit_balance_to_wire(balance: &CustomerCreditBalance) -> wire::CustomerCreditBalance {
    wire::CustomerCreditBalance {
        customer_id: balance.customer_id.0.to_string(),
        open_amount: Some(money_to_wire(balance.open_amount)),
        version: balance.version,
    }
}
