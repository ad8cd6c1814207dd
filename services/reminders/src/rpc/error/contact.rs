//! Refusals about what was said and done: cases, their invoices, consents, the communication record.

use runtime::{FieldViolation, Refusal};

use crate::domain::communication::CommunicationError;
use crate::domain::id::{CaseId, CustomerId, InvoiceId};

/// There is no such case.
pub fn case_not_found(case_id: CaseId) -> Refusal {
    Refusal::not_found("CASE_NOT_FOUND", "case", case_id)
}

/// The customer has no case: no invoice ever came.
pub fn case_of_customer_not_found(customer_id: CustomerId) -> Refusal {
    Refusal::not_found("CASE_NOT_FOUND", "case of customer", customer_id)
}

/// There is no such customer.
pub fn customer_not_found(customer_id: CustomerId) -> Refusal {
    Refusal::not_found("CUSTOMER_NOT_FOUND", "customer", customer_id)
}

/// The case has no such invoice.
pub fn invoice_not_in_case(invoice_id: InvoiceId) -> Refusal {
    Refusal::not_found("INVOICE_NOT_IN_CASE", "invoice", invoice_id)
}

/// Something would have happened later than now.
pub fn time_in_the_future(field: &str, text: impl ToString) -> Refusal {
    let violation = FieldViolation::new(field, text.to_string());
    Refusal::invalid("TIME_IN_THE_FUTURE", vec![violation])
}

/// A contact was not entered.
pub fn not_entered(error: CommunicationError) -> Refusal {
    match error {
        CommunicationError::TimeInTheFuture => time_in_the_future("occurred_time", error),
        CommunicationError::OutcomeNotForChannel(_) => {
            let violation = FieldViolation::new("outcome", error.to_string());
            Refusal::invalid("OUTCOME_NOT_FOR_CHANNEL", vec![violation])
        }
    }
}
