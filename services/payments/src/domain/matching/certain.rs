//! Owns the bases that are certain enough to apply money without a person (CA-1, keys 1 to 4), each
//! tried in order. Every doubt ends in a review: a wrong match costs a customer's trust, a review
//! costs a minute.
//!
//! A number without check digits can be another invoice's by one wrong digit. So an exact quote of
//! one is believed only if something else speaks for it too: the amount fits, or the account is
//! known to be the customer's and none of their other open invoices could have been meant.

use money::MoneyError;

use super::exact_sum::{ExactSum, exact_sum};
use super::look::{Fit, Look, only_customer};
use super::{Match, MatchBasis};
use crate::domain::quote::{Quote, QuotedBy, Strength, are_confusable};
use crate::domain::{CustomerId, KnownInvoice};

/// What one basis said: a match, or in one sentence why not.
pub(super) enum Verdict {
    Certain(Match, String),
    Doubt(String),
}

fn doubt(why: impl Into<String>) -> Result<Verdict, MoneyError> {
    Ok(Verdict::Doubt(why.into()))
}

type Quoted<'a> = (&'a KnownInvoice, Quote);

/// CA-1, first key: payment references.
pub(super) fn by_payment_reference(look: &Look<'_>) -> Result<Verdict, MoneyError> {
    let strong = look.strong();
    let all_references = strong.iter().all(|(_, quote)| is_reference(quote));
    if strong.is_empty() || !all_references {
        return doubt("no payment reference of an open invoice is quoted");
    }
    by_strong_quotes(look, &strong, MatchBasis::PaymentReference)
}

/// CA-1, second key: invoice numbers, with references among them or digits alone.
pub(super) fn by_invoice_numbers(look: &Look<'_>) -> Result<Verdict, MoneyError> {
    let (strong, weak) = (look.strong(), look.weak());
    if strong.is_empty() && weak.is_empty() {
        return doubt("no number of an open invoice is quoted");
    }
    let has_number = strong.iter().any(|(_, quote)| !is_reference(quote));
    if has_number {
        let verdict = by_strong_quotes(look, &strong, MatchBasis::InvoiceNumbers)?;
        if weak.is_empty() || matches!(verdict, Verdict::Certain(..)) {
            return Ok(verdict);
        }
    }
    by_weak_quotes(look, &strong, &weak)
}

fn is_reference(quote: &Quote) -> bool {
    quote.by == QuotedBy::PaymentReference
}

fn by_strong_quotes(
    look: &Look<'_>,
    strong: &[Quoted<'_>],
    basis: MatchBasis,
) -> Result<Verdict, MoneyError> {
    let Some(customer_id) = only_customer(strong) else {
        return doubt("invoices of several customers are quoted");
    };
    let invoices: Vec<&KnownInvoice> = strong.iter().map(|(invoice, _)| *invoice).collect();
    let certain = |why: &str| {
        let why = format!("{} quoted: {why}", numbers(&invoices));
        Ok(Verdict::Certain(
            Match::of(basis, customer_id, &invoices),
            why,
        ))
    };
    if strong
        .iter()
        .all(|(_, quote)| quote.strength == Strength::Proven)
    {
        return certain("its check digits are right");
    }
    if look.pays_for(customer_id) == Some(false) {
        return doubt("the account has paid for other customers only");
    }
    if let Some(fit) = look.fit(&invoices)? {
        return certain(fit.told());
    }
    if look.pays_for(customer_id).is_none() {
        return doubt("what is quoted does not sum to the amount, and the account is not known");
    }
    for other in look.open_of(customer_id) {
        if invoices
            .iter()
            .any(|quoted| quoted.invoice_id == other.invoice_id)
        {
            continue;
        }
        if look.is_exactly(other)? {
            return doubt("another open invoice has exactly the amount");
        }
        if invoices.iter().any(|quoted| are_confusable(quoted, other)) {
            return doubt("another open invoice differs from what is quoted by one slip");
        }
    }
    certain("the account is known to pay for the customer")
}

/// Most weak quotes that are tried in all combinations.
const MOST_WEAK: usize = 6;

/// Digits alone count if they make the amount fit, and only one choice of them does.
fn by_weak_quotes(
    look: &Look<'_>,
    strong: &[Quoted<'_>],
    weak: &[Quoted<'_>],
) -> Result<Verdict, MoneyError> {
    if weak.is_empty() || weak.len() > MOST_WEAK {
        return doubt("what is quoted does not sum to the amount");
    }
    let mut fitting: Option<(Vec<Quoted<'_>>, Fit)> = None;
    for mask in 1_u32..(1 << weak.len()) {
        let picked = (0_u32..)
            .zip(weak)
            .filter(|(place, _)| mask & (1 << place) != 0);
        let chosen: Vec<Quoted<'_>> = strong
            .iter()
            .copied()
            .chain(picked.map(|(_, quoted)| *quoted))
            .collect();
        let invoices: Vec<&KnownInvoice> = chosen.iter().map(|(invoice, _)| *invoice).collect();
        if only_customer(&chosen).is_none() {
            continue;
        }
        match look.fit(&invoices)? {
            None | Some(Fit::Tolerance) => {}
            Some(_) if fitting.is_some() => {
                return doubt("more than one choice of the quoted numbers sums to the amount");
            }
            Some(fit) => fitting = Some((chosen, fit)),
        }
    }
    let Some((chosen, fit)) = fitting else {
        return doubt("no choice of the quoted numbers sums to the amount");
    };
    let Some(customer_id) = only_customer(&chosen) else {
        return doubt("invoices of several customers are quoted");
    };
    if look.pays_for(customer_id) == Some(false) {
        return doubt("the account has paid for other customers only");
    }
    let invoices: Vec<&KnownInvoice> = chosen.iter().map(|(invoice, _)| *invoice).collect();
    let why = format!("digits of {} quoted: {}", numbers(&invoices), fit.told());
    let found = Match::of(MatchBasis::InvoiceNumbers, customer_id, &invoices);
    Ok(Verdict::Certain(found, why))
}

/// CA-1, third key: a known customer with exactly one open invoice of the amount.
pub(super) fn by_exact_amount(look: &Look<'_>) -> Result<Verdict, MoneyError> {
    let customer_id = match silent_customer(look) {
        Ok(customer_id) => customer_id,
        Err(why) => return doubt(why),
    };
    let mut exact = Vec::new();
    for invoice in look.open_of(customer_id) {
        if look.is_exactly(invoice)? {
            exact.push(invoice);
        }
    }
    match exact.as_slice() {
        [] => doubt("no open invoice of the customer has exactly the amount"),
        [only] => {
            let why = format!(
                "{} is the only open invoice of exactly the amount",
                numbers(&exact)
            );
            believed(
                look,
                Match::of(MatchBasis::ExactAmount, customer_id, &[only]),
                why,
            )
        }
        several => doubt(format!(
            "{} open invoices have exactly the amount",
            several.len()
        )),
    }
}

/// CA-1, fourth key: a known customer with exactly one set of open invoices of the sum.
pub(super) fn by_exact_sum(look: &Look<'_>) -> Result<Verdict, MoneyError> {
    let customer_id = match silent_customer(look) {
        Ok(customer_id) => customer_id,
        Err(why) => return doubt(why),
    };
    let (theirs, found) = sum_of(look, customer_id)?;
    match found {
        ExactSum::None => doubt("no set of open invoices sums to the amount"),
        ExactSum::Several => doubt("several sets of open invoices sum to the amount"),
        ExactSum::TooMany => doubt("there are too many open invoices to look for a sum"),
        ExactSum::Doubtful(_) => {
            doubt("a set of open invoices sums to the amount, which may be chance")
        }
        ExactSum::One(places) => {
            let set = at(&theirs, &places);
            let why = format!(
                "{} are the only open invoices that sum to the amount",
                numbers(&set)
            );
            believed(
                look,
                Match::of(MatchBasis::ExactSum, customer_id, &set),
                why,
            )
        }
    }
}

/// The open invoices of a customer, and which of them sum to the amount.
pub(super) fn sum_of<'a>(
    look: &Look<'a>,
    customer_id: CustomerId,
) -> Result<(Vec<&'a KnownInvoice>, ExactSum), MoneyError> {
    let theirs = look.open_of(customer_id);
    let payables: Result<Vec<_>, _> = theirs.iter().map(|open| look.payable(open)).collect();
    let found = exact_sum(&payables?, look.evidence.amount.to_minor());
    Ok((theirs, found))
}

/// The invoices at the places.
pub(super) fn at<'a>(invoices: &[&'a KnownInvoice], places: &[usize]) -> Vec<&'a KnownInvoice> {
    let found = places.iter().filter_map(|place| invoices.get(*place));
    found.copied().collect()
}

/// The customer, where the account tells it and the texts say nothing else: an invoice that is
/// quoted and does not fit must not be overruled by a sum.
fn silent_customer(look: &Look<'_>) -> Result<CustomerId, &'static str> {
    if !look.strong().is_empty() {
        return Err("other invoices are quoted, and do not fit");
    }
    if !look.strong_but_not_open().is_empty() {
        return Err("an invoice is quoted of which nothing is open");
    }
    look.known_customer()
        .ok_or("the customer is not known by account or reference")
}

/// A match by amounts is not believed against a number that is quoted with a slip.
fn believed(look: &Look<'_>, found: Match, why: String) -> Result<Verdict, MoneyError> {
    let meant = |similar: &_| found.invoices.contains(similar);
    if look.similar.is_empty() || look.similar.iter().any(meant) {
        return Ok(Verdict::Certain(found, why));
    }
    doubt("something like the number of another open invoice is quoted")
}

/// The numbers of invoices, for a person.
pub(super) fn numbers(invoices: &[&KnownInvoice]) -> String {
    let first = invoices
        .iter()
        .take(5)
        .map(|invoice| invoice.invoice_number.as_str());
    let listed = first.collect::<Vec<_>>().join(", ");
    match invoices.len().saturating_sub(5) {
        0 => listed,
        more => format!("{listed} and {more} more"),
    }
}
