//! Owns how a receipt is applied where nobody named invoices: the steps in their order, the ones
//! that payments resolves (references, to invoices) and the ones that invoicing decides under its
//! lock. Must not look for references: [`super::quote`] does.

use serde::{Deserialize, Serialize};

use super::{ApplicationTarget, Coded, NamedInvoice};

/// One way to find what a receipt pays for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum ReceiptRuleStep {
    /// The invoices that the remittance names.
    Reference,
    /// The one invoice that the money settles exactly.
    ExactAmount,
    /// The earliest due date first.
    OldestFirst,
}

impl Coded for ReceiptRuleStep {
    const CODES: &'static [(Self, &'static str)] = &[
        (Self::Reference, "REFERENCE"),
        (Self::ExactAmount, "EXACT_AMOUNT"),
        (Self::OldestFirst, "OLDEST_FIRST"),
    ];
}

/// A step that invoicing takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum InvoicingStep {
    /// The one invoice that the money settles exactly, with discount and tolerance.
    ExactAmount,
    /// The earliest due date first, the last one in part (CA-3).
    OldestFirst,
}

impl Coded for InvoicingStep {
    const CODES: &'static [(Self, &'static str)] = &[
        (Self::ExactAmount, "EXACT_AMOUNT"),
        (Self::OldestFirst, "OLDEST_FIRST"),
    ];
}

/// How to find what a receipt pays for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReceiptRule {
    steps: Vec<ReceiptRuleStep>,
    include_disputed: bool,
}

/// A step that stands in a rule twice.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a step stands in the rule twice")]
pub struct RepeatedStep;

impl ReceiptRule {
    /// A rule of these steps; of none: reference, exact amount, oldest first (CA-1).
    ///
    /// # Errors
    /// [`RepeatedStep`].
    pub fn try_new(
        steps: Vec<ReceiptRuleStep>,
        include_disputed: bool,
    ) -> Result<Self, RepeatedStep> {
        let repeated = |(place, step)| steps.iter().skip(place).any(|later| later == step);
        if (1..).zip(&steps).any(repeated) {
            return Err(RepeatedStep);
        }
        let steps = if steps.is_empty() {
            ReceiptRuleStep::CODES
                .iter()
                .map(|(step, _)| *step)
                .collect()
        } else {
            steps
        };
        Ok(Self {
            steps,
            include_disputed,
        })
    }

    /// Whether the remittance is to be searched for references.
    #[must_use]
    pub fn asks_for_references(&self) -> bool {
        self.steps.contains(&ReceiptRuleStep::Reference)
    }

    /// What to ask of invoicing, one application after the other, each with what the ones before
    /// have left. `quoted` are the invoices that the remittance names; steps of invoicing that
    /// stand together are asked together, so that it tries them under one lock.
    #[must_use]
    pub fn targets(&self, quoted: &[NamedInvoice]) -> Vec<ApplicationTarget> {
        let mut targets = Vec::new();
        for step in &self.steps {
            match step {
                ReceiptRuleStep::Reference if quoted.is_empty() => {}
                ReceiptRuleStep::Reference => {
                    targets.push(ApplicationTarget::Named(quoted.to_vec()));
                }
                ReceiptRuleStep::ExactAmount => self.ask(InvoicingStep::ExactAmount, &mut targets),
                ReceiptRuleStep::OldestFirst => self.ask(InvoicingStep::OldestFirst, &mut targets),
            }
        }
        targets
    }

    fn ask(&self, step: InvoicingStep, targets: &mut Vec<ApplicationTarget>) {
        if let Some(ApplicationTarget::Rule { steps, .. }) = targets.last_mut() {
            steps.push(step);
            return;
        }
        targets.push(ApplicationTarget::Rule {
            steps: vec![step],
            include_disputed: self.include_disputed,
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::code::assert_complete;
    use crate::domain::samples::named;

    fn rule(steps: &[ReceiptRuleStep]) -> ReceiptRule {
        ReceiptRule::try_new(steps.to_vec(), false).unwrap()
    }

    fn asked(steps: &[InvoicingStep]) -> ApplicationTarget {
        ApplicationTarget::Rule {
            steps: steps.to_vec(),
            include_disputed: false,
        }
    }

    fn quoted() -> Vec<NamedInvoice> {
        match named(&[1, 2]) {
            ApplicationTarget::Named(invoices) => invoices,
            ApplicationTarget::Rule { .. } => panic!("named"),
        }
    }

    #[test]
    fn ca_1_reference_then_exact_amount_then_oldest_first() {
        use InvoicingStep::{ExactAmount, OldestFirst};
        let targets = rule(&[]).targets(&quoted());
        assert_eq!(
            targets,
            [named(&[1, 2]), asked(&[ExactAmount, OldestFirst])]
        );
    }

    #[test]
    fn a_remittance_that_names_nothing_leaves_its_step_out() {
        use InvoicingStep::{ExactAmount, OldestFirst};
        let around = rule(&[
            ReceiptRuleStep::ExactAmount,
            ReceiptRuleStep::Reference,
            ReceiptRuleStep::OldestFirst,
        ]);
        assert_eq!(around.targets(&[]), [asked(&[ExactAmount, OldestFirst])]);
        let targets = around.targets(&quoted());
        let expected = [asked(&[ExactAmount]), named(&[1, 2]), asked(&[OldestFirst])];
        assert_eq!(targets, expected);
        assert_eq!(rule(&[ReceiptRuleStep::Reference]).targets(&[]), []);
    }

    #[test]
    fn each_step_stands_once() {
        use ReceiptRuleStep::{OldestFirst, Reference};
        let twice = ReceiptRule::try_new(vec![Reference, OldestFirst, Reference], true);
        assert_eq!(twice, Err(RepeatedStep));
        assert!(!rule(&[OldestFirst]).asks_for_references());
        assert!(rule(&[]).asks_for_references());
    }

    #[test]
    fn codes() {
        assert_complete::<ReceiptRuleStep>(3);
        assert_complete::<InvoicingStep>(2);
    }
}
