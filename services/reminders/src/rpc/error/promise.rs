//! Refusals about promises.

use contracts::convert::money_to_wire;
use runtime::Refusal;

use crate::domain::id::{InvoiceId, PromiseId};
use crate::domain::promise::PromiseError;

/// There is no such promise.
pub fn not_found(promise_id: PromiseId) -> Refusal {
    Refusal::not_found("PROMISE_NOT_FOUND", "promise", promise_id)
}

/// A promise was not recorded or not changed.
pub fn refused(error: &PromiseError) -> Refusal {
    let text = error.to_string();
    let of_invoice = |reason, kind, invoice_id: &InvoiceId| {
        let subject = format!("invoice/{invoice_id}");
        Refusal::rule(reason, kind, subject, error.to_string())
            .with_metadata("invoice_id", invoice_id)
    };
    match error {
        PromiseError::NoStrategy => Refusal::rule("NO_STRATEGY", "STRATEGY", "customer", text),
        PromiseError::InvoiceNotOpen(id) => of_invoice("INVOICE_NOT_OPEN", "STATE", id),
        PromiseError::InvoicePlaced(id) => of_invoice("INVOICE_PLACED", "PLACEMENT", id),
        PromiseError::CurrencyMismatch(id) => of_invoice("CURRENCY_MISMATCH", "MONEY", id),
        PromiseError::ExceedsOpen { free } => {
            let free = money_to_wire(*free);
            Refusal::rule("PROMISE_EXCEEDS_OPEN", "MONEY", "amount", text)
                .with_metadata("free_amount", free.amount)
                .with_metadata("currency_code", free.currency_code)
        }
        PromiseError::DateInThePast { today } => {
            Refusal::rule("PROMISE_DATE_IN_THE_PAST", "DATE", "promised_date", text)
                .with_metadata("today", today)
        }
        PromiseError::TooFarAhead { latest } => {
            Refusal::rule("PROMISE_TOO_FAR_AHEAD", "DATE", "promised_date", text)
                .with_metadata("latest_date", latest)
        }
        PromiseError::NotRunning(state) => {
            Refusal::rule("PROMISE_NOT_RUNNING", "STATE", "promise", text)
                .with_metadata("state", state)
        }
        PromiseError::Money(error) => Refusal::internal(error),
    }
}
