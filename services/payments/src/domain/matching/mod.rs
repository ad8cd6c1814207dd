//! What a bank line pays for (CA-1): certain enough to be applied, or for a person to decide. Each
//! basis is asked in order, the most certain first, and says what it found; all of it is kept as the
//! decision.
//!
//! | module | owns |
//! |---|---|
//! | [`basis`] | the bases and what follows from each |
//! | `look` | what is seen: quotes, payer, what fits |
//! | `certain` | keys 1 to 4: applied without a person |
//! | `exact_sum` | the one set that sums |
//! | `suggest` | keys 5 and 6: offered to a person |
//!
//! Must not apply anything: the match is asked of invoicing, which decides about the money.

pub mod basis;
mod certain;
mod exact_sum;
mod look;
mod suggest;

use std::collections::BTreeMap;

use money::MoneyError;
use serde::{Deserialize, Serialize};

pub use basis::MatchBasis;
use certain::Verdict;
pub use look::Evidence;
use look::Look;
pub use suggest::{LIKE_NAMES, MOST_SUGGESTIONS, Suggestion};

use super::quote::Strength;
use super::{
    ApplicationTarget, CustomerId, Decision, InvoiceId, KnownInvoice, NamedInvoice, RuleResult,
    Stamp,
};

/// The version of these rules, kept with every decision.
pub const RULES_VERSION: &str = "payments/matching@1";

/// What a line pays for, with certainty.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Match {
    /// By what it was found.
    pub basis: MatchBasis,
    /// Whose money it is.
    pub customer_id: CustomerId,
    /// The invoices, in the order in which they are to be settled.
    pub invoices: Vec<InvoiceId>,
}

impl Match {
    fn of(basis: MatchBasis, customer_id: CustomerId, invoices: &[&KnownInvoice]) -> Self {
        Self {
            basis,
            customer_id,
            invoices: invoices.iter().map(|invoice| invoice.invoice_id).collect(),
        }
    }

    /// What invoicing is asked to settle: each as much as it takes.
    #[must_use]
    pub fn target(&self) -> ApplicationTarget {
        let named = |invoice_id: &InvoiceId| NamedInvoice {
            invoice_id: *invoice_id,
            amount: None,
        };
        ApplicationTarget::Named(self.invoices.iter().map(named).collect())
    }
}

/// What was decided about a line, and why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Judgement {
    /// The match to apply; `None`: a person decides.
    pub matched: Option<Match>,
    /// What a person is offered, the likeliest first; empty with a match.
    pub suggestions: Vec<Suggestion>,
    /// What each basis said, in order.
    pub rules: Vec<RuleResult>,
    /// What was known.
    pub facts: BTreeMap<String, String>,
}

impl Judgement {
    /// Takes a certain match for a suggestion, because the money for it could not be set aside.
    pub fn leave_to_a_person(&mut self, why: &str) {
        let Some(found) = self.matched.take() else {
            return;
        };
        self.rules.push(RuleResult::new("CA-1", false, why));
        self.suggestions.push(Suggestion {
            basis: found.basis,
            customer_id: found.customer_id,
            invoices: found.invoices,
            score: 500,
            explanation: format!("matched, but the money was not there: {why}"),
        });
    }

    /// The decision to keep: `AUTO_MATCH` or `REVIEW`.
    pub fn decision(&self, stamp: &mut Stamp<'_>) -> Decision {
        let outcome = match self.matched {
            Some(_) => "AUTO_MATCH",
            None => "REVIEW",
        };
        let (rules, facts) = (self.rules.clone(), self.facts.clone());
        Decision::new(outcome, rules, facts, stamp).under(RULES_VERSION)
    }
}

type Basis = fn(&Look<'_>) -> Result<Verdict, MoneyError>;

/// The bases that may be applied by themselves, with the ids that decisions name them by.
const CERTAIN: [(&str, Basis); 4] = [
    ("CA-1.1", certain::by_payment_reference),
    ("CA-1.2", certain::by_invoice_numbers),
    ("CA-1.3", certain::by_exact_amount),
    ("CA-1.4", certain::by_exact_sum),
];

/// Decides what money pays for.
///
/// # Errors
/// [`MoneyError`] when sums exceed what an amount can hold.
pub fn judge(evidence: Evidence<'_>) -> Result<Judgement, MoneyError> {
    let look = Look::at(evidence);
    let mut judgement = Judgement {
        matched: None,
        suggestions: Vec::new(),
        rules: Vec::new(),
        facts: facts(&look),
    };
    for (rule_id, basis) in CERTAIN {
        match basis(&look)? {
            Verdict::Certain(found, why) => {
                judgement.rules.push(RuleResult::new(rule_id, true, why));
                judgement.matched = Some(found);
                return Ok(judgement);
            }
            Verdict::Doubt(why) => judgement.rules.push(RuleResult::new(rule_id, false, why)),
        }
    }
    judgement.suggestions = suggest::suggestions(&look)?;
    judgement.rules.extend(offered(&judgement.suggestions));
    Ok(judgement)
}

/// What the bases that only suggest have to say.
fn offered(suggestions: &[Suggestion]) -> [RuleResult; 2] {
    let count = |bases: &[MatchBasis]| {
        let of = |suggestion: &&Suggestion| bases.contains(&suggestion.basis);
        suggestions.iter().filter(of).count()
    };
    let oldest = match count(&[MatchBasis::OldestFirst]) {
        0 => "the customer is not known",
        _ => "the oldest invoices first: suggested only",
    };
    let alike = count(&[MatchBasis::SimilarReference, MatchBasis::SimilarPayer]);
    let alike = format!("{alike} found by likeness: suggested only");
    [
        RuleResult::new("CA-1.5", false, oldest),
        RuleResult::new("CA-1.6", false, alike),
    ]
}

/// What was known, without names, accounts or texts.
fn facts(look: &Look<'_>) -> BTreeMap<String, String> {
    let strength = |strength: Strength| match strength {
        Strength::Proven => "proven",
        Strength::Exact => "exact",
        Strength::Weak => "weak",
    };
    let number = |invoice_id: InvoiceId| {
        let mut invoices = look.evidence.invoices.iter();
        let invoice = invoices.find(|invoice| invoice.invoice_id == invoice_id);
        invoice.map_or(String::new(), |invoice| invoice.invoice_number.clone())
    };
    let all = look
        .quotes
        .quotes
        .iter()
        .chain(&look.quotes.shared)
        .take(20);
    let quoted: Vec<String> = all
        .map(|quote| {
            format!(
                "{} ({})",
                number(quote.invoice_id),
                strength(quote.strength)
            )
        })
        .collect();
    let known = look.known_customer();
    let account = match look.evidence.account_customers.len() {
        0 => "unknown".to_owned(),
        count => format!("known, of {count} customers"),
    };
    BTreeMap::from([
        ("amount".to_owned(), look.evidence.amount.to_string()),
        (
            "receipt_date".to_owned(),
            look.evidence.receipt_date.to_string(),
        ),
        ("quoted".to_owned(), quoted.join(", ")),
        ("payer_account".to_owned(), account),
        (
            "customer_id".to_owned(),
            known.map_or(String::new(), |id| id.0.to_string()),
        ),
        ("open_invoices".to_owned(), look.open.len().to_string()),
    ])
}

#[cfg(test)]
mod tests;
