//! Owns what is asked of invoicing for one order: the applications, one after the other, each with
//! what the ones before have left, and why each is asked. Must not look for references nor decide
//! what money settles.

use std::collections::BTreeMap;

use money::Money;
use serde::{Deserialize, Serialize};

use super::{
    ApplicationOrder, ApplicationTarget, Coded as _, CustomerId, Decision, NamedInvoice,
    ReceiptRule, RuleResult, Stamp,
};

/// An application that is to be made.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PlannedApplication {
    /// What invoicing is asked to settle.
    pub target: ApplicationTarget,
    /// Why that is asked.
    pub because: Because,
}

/// What leads to a target.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Because {
    /// Whoever asked named the invoices.
    Named,
    /// The remittance names them.
    Quoted,
    /// Nobody named any: a rule decides.
    Rule,
}

impl PlannedApplication {
    /// The one application to invoices that whoever asks names.
    #[must_use]
    pub fn of_named(invoices: Vec<NamedInvoice>) -> Vec<Self> {
        vec![Self {
            target: ApplicationTarget::Named(invoices),
            because: Because::Named,
        }]
    }

    /// The applications that a rule asks for; `quoted` are the invoices that the remittance names.
    #[must_use]
    pub fn of_rule(rule: &ReceiptRule, quoted: &[NamedInvoice]) -> Vec<Self> {
        let planned = |target| Self {
            because: match target {
                ApplicationTarget::Named(_) => Because::Quoted,
                ApplicationTarget::Rule { .. } => Because::Rule,
            },
            target,
        };
        rule.targets(quoted).into_iter().map(planned).collect()
    }

    /// The order to reserve money for it.
    pub fn order(
        self,
        amount: Option<Money>,
        customer_id: Option<CustomerId>,
        stamp: &mut Stamp<'_>,
    ) -> ApplicationOrder {
        let decision = self.decision(stamp);
        ApplicationOrder {
            amount,
            customer_id,
            target: self.target,
            decision,
        }
    }

    fn decision(&self, stamp: &mut Stamp<'_>) -> Decision {
        let (outcome, rule_id, explanation) = match self.because {
            Because::Named => ("NAMED", "CA-1", "the request names the invoices"),
            Because::Quoted => ("QUOTED", "CA-1.2", "the remittance names the invoices"),
            Because::Rule => (
                "RULE",
                "CA-1.5",
                "nobody named an invoice: the rule decides",
            ),
        };
        let rules = vec![RuleResult::new(rule_id, true, explanation)];
        Decision::new(outcome, rules, self.facts(), stamp)
    }

    fn facts(&self) -> BTreeMap<String, String> {
        let fact = |name: &str, values: Vec<String>| (name.to_owned(), values.join(", "));
        let facts = match &self.target {
            ApplicationTarget::Named(invoices) => {
                let ids = invoices.iter().map(|named| named.invoice_id.0.to_string());
                vec![fact("invoice_ids", ids.collect())]
            }
            ApplicationTarget::Rule {
                steps,
                include_disputed,
            } => {
                let codes = steps.iter().map(|step| step.code().to_owned());
                let disputed = vec![include_disputed.to_string()];
                vec![
                    fact("steps", codes.collect()),
                    fact("include_disputed", disputed),
                ]
            }
        };
        facts.into_iter().collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::samples::{eur, invoice_id, named, stamped};

    fn quoted() -> Vec<NamedInvoice> {
        vec![NamedInvoice {
            invoice_id: invoice_id(1),
            amount: None,
        }]
    }

    #[test]
    fn ca_1_what_is_quoted_is_asked_before_what_the_rule_finds() {
        let rule = ReceiptRule::try_new(Vec::new(), true).unwrap();
        let plan = PlannedApplication::of_rule(&rule, &quoted());
        let because: Vec<Because> = plan.iter().map(|one| one.because).collect();
        assert_eq!(because, [Because::Quoted, Because::Rule]);
        assert_eq!(plan[0].target, named(&[1]));
    }

    #[test]
    fn an_order_says_why_it_is_made() {
        let [named] = PlannedApplication::of_named(quoted()).try_into().unwrap();
        let order = stamped(|stamp| named.order(Some(eur("5.00")), None, stamp));
        assert_eq!(
            (order.amount, order.decision.outcome.as_str()),
            (Some(eur("5.00")), "NAMED")
        );
        let id = invoice_id(1).0.to_string();
        assert_eq!(order.decision.facts.get("invoice_ids"), Some(&id));
        let rule = ReceiptRule::try_new(Vec::new(), true).unwrap();
        let plan = PlannedApplication::of_rule(&rule, &[]);
        let [by_rule] = plan.try_into().unwrap();
        let order = stamped(|stamp| by_rule.order(None, None, stamp));
        let facts = &order.decision.facts;
        assert_eq!(facts.get("steps").unwrap(), "EXACT_AMOUNT, OLDEST_FIRST");
        assert_eq!(facts.get("include_disputed").unwrap(), "true");
    }

    #[test]
    fn a_plan_is_the_same_after_it_was_stored() {
        let rule = ReceiptRule::try_new(Vec::new(), false).unwrap();
        let plan = PlannedApplication::of_rule(&rule, &quoted());
        let stored = serde_json::to_value(&plan).unwrap();
        let read: Vec<PlannedApplication> = serde_json::from_value(stored).unwrap();
        assert_eq!(read, plan);
    }
}
