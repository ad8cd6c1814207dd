//! What money or credit is meant for: named invoices or a rule.

use std::collections::BTreeSet;

use contracts::invoicing as wire;
use runtime::Violations;

use super::field;
use crate::domain::{ApplicationRule, ApplicationStep, InvoiceId, NamedInvoice, Target};

/// The most invoices that can be named.
const MAX_INVOICES: usize = 500;

/// Named invoices, in their order, each once.
pub fn named_from_wire(violations: &mut Violations, named: &wire::NamedInvoices) -> Option<Target> {
    let count = named.invoices.len();
    let text = format!("must name 1 to {MAX_INVOICES}");
    violations.check(
        (1..=MAX_INVOICES).contains(&count),
        "named_invoices.invoices",
        text,
    );
    let mut seen = BTreeSet::new();
    let mut invoices = Vec::with_capacity(count.min(MAX_INVOICES));
    for (index, one) in named.invoices.iter().enumerate().take(MAX_INVOICES) {
        let path = format!("named_invoices.invoices[{index}]");
        let parsed = violations.within(&path, |violations| named_invoice(violations, one));
        if let Some(one) = parsed {
            let is_first = seen.insert(one.invoice_id);
            violations.check(is_first, path, "names an invoice twice");
            invoices.push(one);
        }
    }
    (!invoices.is_empty()).then_some(Target::Named(invoices))
}

fn named_invoice(violations: &mut Violations, one: &wire::NamedInvoice) -> Option<NamedInvoice> {
    let invoice_id = field::id(violations, "invoice_id", &one.invoice_id);
    let amount = field::optional_positive_money(violations, "amount", one.amount.as_ref());
    Some(NamedInvoice {
        invoice_id: InvoiceId(invoice_id?),
        amount: amount?,
    })
}

/// A rule, with its steps in their order, each once.
pub fn rule_from_wire(violations: &mut Violations, rule: &wire::ApplicationRule) -> Option<Target> {
    violations.check(!rule.steps.is_empty(), "rule.steps", "is required");
    let mut steps: Vec<ApplicationStep> = Vec::new();
    // Not by the accessor, which leaves out what is no step.
    for (index, number) in rule.steps.iter().enumerate() {
        let step = wire::ApplicationStep::try_from(*number).ok();
        let path = format!("rule.steps[{index}]");
        match step.and_then(step_from_wire) {
            None => violations.add(path, "is no step"),
            Some(step) if steps.contains(&step) => {
                violations.add(path, "names a step twice");
                break;
            }
            Some(step) => steps.push(step),
        }
    }
    Some(Target::Rule(ApplicationRule {
        steps,
        include_disputed: rule.include_disputed,
    }))
}

const fn step_from_wire(step: wire::ApplicationStep) -> Option<ApplicationStep> {
    match step {
        wire::ApplicationStep::Unspecified => None,
        wire::ApplicationStep::ExactAmount => Some(ApplicationStep::ExactAmount),
        wire::ApplicationStep::OldestFirst => Some(ApplicationStep::OldestFirst),
    }
}
