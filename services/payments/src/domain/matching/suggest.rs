//! Owns what a person is offered for money that could not be matched with certainty: the likeliest
//! first, each with what speaks for it (CA-1, keys 5 and 6). Nothing here is ever applied by itself.

use std::collections::BTreeMap;

use money::MoneyError;
use serde::{Deserialize, Serialize};

use super::MatchBasis;
use super::certain::{at, numbers, sum_of};
use super::exact_sum::ExactSum;
use super::look::Look;
use crate::domain::quote::{Quote, QuotedBy};
use crate::domain::similarity::name_likeness;
use crate::domain::{CustomerId, InvoiceId, KnownInvoice};

/// Suggestions for one line, at most.
pub const MOST_SUGGESTIONS: usize = 10;

/// Names from which on two may be the same, in thousandths.
pub const LIKE_NAMES: u32 = 600;

/// A match that is not certain enough to be applied without a person.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Suggestion {
    /// By what it was found.
    pub basis: MatchBasis,
    /// Whose money it would be.
    pub customer_id: CustomerId,
    /// The invoices that would be settled; empty where only the customer is guessed.
    pub invoices: Vec<InvoiceId>,
    /// How likely it is, in thousandths; comparable within one line.
    pub score: u32,
    /// What speaks for it, without personal data.
    pub explanation: String,
}

/// Everything worth offering, the likeliest first.
pub(super) fn suggestions(look: &Look<'_>) -> Result<Vec<Suggestion>, MoneyError> {
    let mut all = Suggestions::default();
    quoted(look, &mut all)?;
    closed(look, &mut all);
    similar(look, &mut all)?;
    of_the_amount(look, &mut all)?;
    of_the_known(look, &mut all)?;
    of_like_names(look, &mut all);
    Ok(all.ranked())
}

/// Invoices that are quoted, by customer.
fn quoted(look: &Look<'_>, all: &mut Suggestions) -> Result<(), MoneyError> {
    for (quotes, score) in [(look.strong(), 800), (look.weak(), 500)] {
        let mut by_customer: BTreeMap<CustomerId, Vec<(&KnownInvoice, Quote)>> = BTreeMap::new();
        for (invoice, quote) in quotes {
            by_customer
                .entry(invoice.customer_id)
                .or_default()
                .push((invoice, quote));
        }
        for (customer_id, quotes) in by_customer {
            let invoices: Vec<&KnownInvoice> = quotes.iter().map(|(invoice, _)| *invoice).collect();
            let by_reference = |(_, quote): &(_, Quote)| quote.by == QuotedBy::PaymentReference;
            let basis = if quotes.iter().all(by_reference) {
                MatchBasis::PaymentReference
            } else {
                MatchBasis::InvoiceNumbers
            };
            let fits = look.fit(&invoices)?.is_some();
            let score = score + if fits { 150 } else { 0 };
            let what = if fits {
                "the amount fits"
            } else {
                "the amount differs"
            };
            let why = format!("{} quoted; {what}", numbers(&invoices));
            all.add(look, basis, customer_id, &invoices, score, why);
        }
    }
    Ok(())
}

/// Invoices that are quoted though nothing of them is open: paid twice, perhaps.
fn closed(look: &Look<'_>, all: &mut Suggestions) {
    for invoice in look.strong_but_not_open() {
        let why = format!("{} quoted, of which nothing is open", numbers(&[invoice]));
        let basis = MatchBasis::InvoiceNumbers;
        all.add(look, basis, invoice.customer_id, &[], 480, why);
    }
}

/// Invoices that are quoted with a slip of the pen.
fn similar(look: &Look<'_>, all: &mut Suggestions) -> Result<(), MoneyError> {
    for invoice in look
        .open
        .iter()
        .filter(|open| look.similar.contains(&open.invoice_id))
    {
        let exact = look.is_exactly(invoice)?;
        let score = if exact { 850 } else { 550 };
        let what = if exact {
            "and has exactly the amount"
        } else {
            "but not the amount"
        };
        let why = format!(
            "{} is one slip from what is quoted, {what}",
            invoice.invoice_number
        );
        let basis = MatchBasis::SimilarReference;
        all.add(look, basis, invoice.customer_id, &[invoice], score, why);
    }
    Ok(())
}

/// Invoices of exactly the amount, of anybody.
fn of_the_amount(look: &Look<'_>, all: &mut Suggestions) -> Result<(), MoneyError> {
    for invoice in &look.open {
        if look.is_exactly(invoice)? {
            let known = look.known_customer() == Some(invoice.customer_id);
            let score = if known {
                700
            } else {
                250 + payer_likeness(look, invoice.customer_id) / 3
            };
            let why = format!("{} has exactly the amount", invoice.invoice_number);
            all.add(
                look,
                MatchBasis::ExactAmount,
                invoice.customer_id,
                &[invoice],
                score,
                why,
            );
        }
    }
    Ok(())
}

/// Sums, and oldest first, of the customer who is known.
fn of_the_known(look: &Look<'_>, all: &mut Suggestions) -> Result<(), MoneyError> {
    let Some(customer_id) = look.known_customer() else {
        return Ok(());
    };
    let (theirs, found) = sum_of(look, customer_id)?;
    if let ExactSum::One(places) | ExactSum::Doubtful(places) = found {
        let set = at(&theirs, &places);
        let why = format!("{} sum to the amount", numbers(&set));
        all.add(look, MatchBasis::ExactSum, customer_id, &set, 600, why);
    }
    let mut left = look.evidence.amount.to_minor();
    let mut oldest = Vec::new();
    for invoice in theirs {
        if left <= 0 {
            break;
        }
        left -= invoice.open_amount.to_minor();
        oldest.push(invoice);
    }
    let why = "the customer is known and nothing fits: the oldest first".to_owned();
    all.add(
        look,
        MatchBasis::OldestFirst,
        customer_id,
        &oldest,
        400,
        why,
    );
    Ok(())
}

/// Customers whose name is like the payer's, and several behind one account.
fn of_like_names(look: &Look<'_>, all: &mut Suggestions) {
    for customer in look.evidence.customers {
        let customer_id = customer.customer_id;
        let likeness = payer_likeness(look, customer_id);
        if look.evidence.account_customers.contains(&customer_id) {
            let why = "money came from this account for the customer before".to_owned();
            all.add(look, MatchBasis::SimilarPayer, customer_id, &[], 350, why);
        } else if likeness >= LIKE_NAMES {
            let why = format!(
                "the names of payer and customer are {} % alike",
                likeness / 10
            );
            let score = likeness * 3 / 10;
            all.add(look, MatchBasis::SimilarPayer, customer_id, &[], score, why);
        }
    }
}

fn payer_likeness(look: &Look<'_>, customer_id: CustomerId) -> u32 {
    let customer = look.customer(customer_id);
    customer.map_or(0, |customer| {
        name_likeness(&customer.display_name, &look.evidence.remittance.payer_name)
    })
}

#[derive(Default)]
struct Suggestions(Vec<Suggestion>);

impl Suggestions {
    /// Adds one, a little likelier if the payer agrees, less likely if the account is another's.
    fn add(
        &mut self,
        look: &Look<'_>,
        basis: MatchBasis,
        customer_id: CustomerId,
        invoices: &[&KnownInvoice],
        score: u32,
        explanation: String,
    ) {
        let score = match look.pays_for(customer_id) {
            Some(true) => score + 40,
            Some(false) => score.saturating_sub(200),
            None if payer_likeness(look, customer_id) >= LIKE_NAMES => score + 20,
            None => score,
        };
        self.0.push(Suggestion {
            basis,
            customer_id,
            invoices: invoices.iter().map(|invoice| invoice.invoice_id).collect(),
            score: score.min(999),
            explanation,
        });
    }

    /// The likeliest first; of two with the same invoices the likelier only.
    fn ranked(mut self) -> Vec<Suggestion> {
        self.0.sort_by(|one, other| {
            let key = |suggestion: &Suggestion| (suggestion.basis, suggestion.customer_id);
            let by_score = other.score.cmp(&one.score);
            by_score
                .then(key(one).cmp(&key(other)))
                .then(one.invoices.cmp(&other.invoices))
        });
        let mut ranked: Vec<Suggestion> = Vec::new();
        for suggestion in self.0 {
            let same = |other: &Suggestion| {
                other.customer_id == suggestion.customer_id && other.invoices == suggestion.invoices
            };
            if ranked.len() < MOST_SUGGESTIONS && !ranked.iter().any(same) {
                ranked.push(suggestion);
            }
        }
        ranked
    }
}
