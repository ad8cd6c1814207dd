//! Why money or credit is not applied, or not taken back. The same words for an item of a batch and
//! for a call.

use money::MoneyError;
use runtime::{FieldViolation, Refusal};

use super::invoice_not_found;
use crate::domain::{
    ApplicationId, ApplicationRefusal, CustomerCreditError, CustomerCreditId, LedgerError,
    ReverseError,
};

/// An id stands in a batch twice.
pub fn duplicate_item(field: String) -> Refusal {
    let violation = FieldViolation::new(field, "stands in the batch twice");
    Refusal::invalid("DUPLICATE_ITEM", vec![violation])
}

/// The application id was answered with other content before.
pub fn application_id_reused() -> Refusal {
    reused("APPLICATION_ID_REUSED", "application_id")
}

/// The reversal id was answered with other content before.
pub fn reversal_id_reused() -> Refusal {
    reused("REVERSAL_ID_REUSED", "reversal_id")
}

fn reused(reason: &'static str, field: &str) -> Refusal {
    let violation = FieldViolation::new(field, "was answered with other content before");
    Refusal::invalid(reason, vec![violation])
}

/// There is no such application.
pub fn application_not_found(application_id: ApplicationId) -> Refusal {
    Refusal::not_found("APPLICATION_NOT_FOUND", "application", application_id.0)
}

/// There is no such customer credit.
pub fn customer_credit_not_found(id: CustomerCreditId) -> Refusal {
    Refusal::not_found("CUSTOMER_CREDIT_NOT_FOUND", "customer credit", id.0)
}

/// Money or credit is not applied.
pub fn application_refused(refusal: &ApplicationRefusal) -> Refusal {
    use ApplicationRefusal as R;
    let text = refusal.to_string();
    let invoice = |reason, kind, number: &str| {
        let subject = format!("invoice_number/{number}");
        Refusal::rule(reason, kind, subject, text.clone()).with_metadata("invoice_number", number)
    };
    match refusal {
        R::InvoiceNotFound(invoice_id) => invoice_not_found(invoice_id.0),
        R::CustomerMismatch { invoice_number } => {
            invoice("CUSTOMER_MISMATCH", "CUSTOMER", invoice_number)
        }
        R::InvoiceVoid { invoice_number } => invoice("INVOICE_VOID", "STATE", invoice_number),
        R::CurrencyMismatch {
            invoice_number,
            invoice_currency,
        } => invoice("CURRENCY_MISMATCH", "CURRENCY", invoice_number)
            .with_metadata("currency_code", invoice_currency),
        R::InvoiceClosed => Refusal::rule("INVOICE_CLOSED", "STATE", "named_invoices", text),
        R::NothingOpen => Refusal::rule("NOTHING_OPEN", "STATE", "rule", text),
    }
}

/// An application is not taken back.
pub fn reversal_refused(application_id: ApplicationId, error: &ReverseError) -> Refusal {
    match error {
        ReverseError::AlreadyReversed { reversal_id } => {
            let subject = format!("application/{}", application_id.0);
            Refusal::rule("APPLICATION_REVERSED", "STATE", subject, error.to_string())
                .with_metadata("reversal_id", reversal_id.0)
        }
        ReverseError::BeforeReceipt { .. } => {
            let violation = FieldViolation::new("reversal_date", error.to_string());
            Refusal::invalid("REQUEST_INVALID", vec![violation])
        }
        ReverseError::Ledger(error) => Refusal::internal(error),
    }
}

/// A customer's credit is not used.
pub fn customer_credit_refused(id: CustomerCreditId, error: &CustomerCreditError) -> Refusal {
    let rule = |reason, kind| {
        let subject = format!("customer_credit/{}", id.0);
        Refusal::rule(reason, kind, subject, error.to_string())
    };
    match error {
        CustomerCreditError::UsedUp { open_amount } => {
            rule("CREDIT_USED_UP", "AMOUNT").with_metadata("open_amount", open_amount)
        }
        CustomerCreditError::Refused(refusal) => application_refused(refusal),
        CustomerCreditError::Ledger(LedgerError::Money(MoneyError::CurrencyMismatch {
            ..
        })) => rule("CURRENCY_MISMATCH", "CURRENCY"),
        CustomerCreditError::Ledger(fault) => Refusal::internal(fault),
    }
}
