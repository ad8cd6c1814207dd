//! What payments asks for and what it is told: money for invoices or by rule, money taken back, and
//! the outcome of one item of a batch.

use contracts::convert::{date_to_wire, money_to_wire};
use contracts::invoicing::apply_credits_result::Outcome;
use contracts::invoicing::credit_application::Target;
use contracts::invoicing::reverse_applications_result::Outcome as ReverseOutcome;
use contracts::invoicing::{
    Application, ApplicationReversal, ApplicationRule, ApplicationStep, ApplyCreditsResult,
    CreditApplication, NamedInvoice, NamedInvoices, ReversalOrder, ReversalReason,
    ReverseApplicationsResult,
};
use invoicing::domain::InvoiceId;
use jiff::civil::Date;
use uuid::Uuid;

use crate::till::{customer, eur};

/// Money of customer 1 from a receipt of its own, for what `target` says.
fn money(paid: &str, on: Date, target: Target) -> CreditApplication {
    CreditApplication {
        application_id: Uuid::now_v7().to_string(),
        customer_id: customer(1).0.to_string(),
        receipt_id: Uuid::now_v7().to_string(),
        amount: Some(money_to_wire(eur(paid))),
        receipt_date: Some(date_to_wire(on)),
        target: Some(target),
    }
}

/// Money for one invoice.
pub fn for_invoice(invoice_id: InvoiceId, paid: &str, on: Date) -> CreditApplication {
    for_invoices(&[(invoice_id, None)], paid, on)
}

/// Money for invoices in this order, to each at most its cap.
pub fn for_invoices(
    invoices: &[(InvoiceId, Option<&str>)],
    paid: &str,
    on: Date,
) -> CreditApplication {
    let named = |(invoice_id, cap): &(InvoiceId, Option<&str>)| NamedInvoice {
        invoice_id: invoice_id.0.to_string(),
        amount: cap.map(|cap| money_to_wire(eur(cap))),
    };
    let invoices = invoices.iter().map(named).collect();
    money(paid, on, Target::NamedInvoices(NamedInvoices { invoices }))
}

/// Money for whatever the steps find.
pub fn by_rule(steps: &[ApplicationStep], paid: &str, on: Date) -> CreditApplication {
    let rule = ApplicationRule {
        steps: steps.iter().map(|step| i32::from(*step)).collect(),
        include_disputed: false,
    };
    money(paid, on, Target::Rule(rule))
}

/// Takes an application back because the bank did.
pub fn returned(application_id: &str, on: Date) -> ReversalOrder {
    ReversalOrder {
        reversal_id: Uuid::now_v7().to_string(),
        application_id: application_id.to_owned(),
        reason: ReversalReason::Returned.into(),
        reversal_date: Some(date_to_wire(on)),
    }
}

/// What was applied.
pub fn applied(result: ApplyCreditsResult) -> Application {
    match result.outcome {
        Some(Outcome::Application(application)) => application,
        other => panic!("not applied: {other:?}"),
    }
}

/// Code and reason with which an item was refused.
pub fn refusal(result: ApplyCreditsResult) -> (i32, String) {
    match result.outcome {
        Some(Outcome::Refusal(refusal)) => (refusal.code, refusal.reason),
        other => panic!("not refused: {other:?}"),
    }
}

/// What was taken back.
pub fn reversed(result: ReverseApplicationsResult) -> ApplicationReversal {
    match result.outcome {
        Some(ReverseOutcome::Reversal(reversal)) => reversal,
        other => panic!("not reversed: {other:?}"),
    }
}

/// Code and reason with which a reversal was refused.
pub fn not_reversed(result: ReverseApplicationsResult) -> (i32, String) {
    match result.outcome {
        Some(ReverseOutcome::Refusal(refusal)) => (refusal.code, refusal.reason),
        other => panic!("not refused: {other:?}"),
    }
}
