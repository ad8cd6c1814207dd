//! Customer credit: what we owe customers from credit notes.

use contracts::convert::{date_to_wire, instant_to_wire, money_to_wire};
use contracts::invoicing as wire;

use super::application::allocations_to_wire;
use crate::domain::{CustomerCreditApplication, CustomerCreditBalance};

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
