//! Owns what is seen on a line before anything is decided: what it quotes, who may have paid, what
//! would settle what. Must not decide.

use jiff::civil::Date;
use money::{Money, MoneyError};

use super::exact_sum::Payable;
use crate::domain::quote::{Quote, Quotes, Strength, quotes, similar_quotes};
use crate::domain::{CustomerId, InvoiceId, KnownCustomer, KnownInvoice, Remittance};

/// What is known about money when it is to be matched.
#[derive(Debug, Clone, Copy)]
pub struct Evidence<'a> {
    /// What came in; above 0.
    pub amount: Money,
    /// The day it counts from: decides which discounts are earned.
    pub receipt_date: Date,
    /// What the payer said.
    pub remittance: &'a Remittance,
    /// Invoices that may be meant, closed ones too: those found by [`crate::domain::lookup_keys`],
    /// the open ones of the customers behind the account, and the open ones of exactly this amount.
    pub invoices: &'a [KnownInvoice],
    /// The customers of those invoices, those behind the account, and those of a similar name.
    pub customers: &'a [KnownCustomer],
    /// The customers for whom money came from the payer's account before.
    pub account_customers: &'a [CustomerId],
}

/// How an amount fits what a set of invoices asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Fit {
    /// Exactly what is open.
    Open,
    /// Exactly what is open less the discounts of the day.
    Discounted,
    /// One of the two, within the tolerance (TL-2).
    Tolerance,
}

impl Fit {
    pub(super) fn told(self) -> &'static str {
        match self {
            Self::Open => "the amount is what is open",
            Self::Discounted => "the amount is what is open less the discount earned",
            Self::Tolerance => "the amount is what is open within the tolerance",
        }
    }
}

/// What is seen on a line.
pub(super) struct Look<'a> {
    pub(super) evidence: Evidence<'a>,
    pub(super) quotes: Quotes,
    /// Open invoices in the currency of the money.
    pub(super) open: Vec<&'a KnownInvoice>,
    /// Open invoices that are quoted with a slip of the pen.
    pub(super) similar: Vec<InvoiceId>,
}

impl<'a> Look<'a> {
    pub(super) fn at(evidence: Evidence<'a>) -> Self {
        let currency = evidence.amount.currency();
        let payable = |invoice: &&KnownInvoice| invoice.is_open() && invoice.currency() == currency;
        let open: Vec<&KnownInvoice> = evidence.invoices.iter().filter(payable).collect();
        let similar = similar_quotes(evidence.remittance, evidence.invoices);
        let is_open = |id: &InvoiceId| open.iter().any(|invoice| invoice.invoice_id == *id);
        Self {
            quotes: quotes(evidence.remittance, evidence.invoices),
            similar: similar.into_iter().filter(is_open).collect(),
            open,
            evidence,
        }
    }

    /// The open invoices that are quoted exactly or with proof, in the order of the text.
    pub(super) fn strong(&self) -> Vec<(&'a KnownInvoice, Quote)> {
        let strong = |quote: &&Quote| quote.strength >= Strength::Exact;
        self.open_quotes(self.quotes.quotes.iter().filter(strong))
    }

    /// The open invoices of which only digits, or a shared reference, are quoted.
    pub(super) fn weak(&self) -> Vec<(&'a KnownInvoice, Quote)> {
        let weak = |quote: &&Quote| quote.strength == Strength::Weak;
        let alone = self.quotes.quotes.iter().filter(weak);
        self.open_quotes(alone.chain(&self.quotes.shared))
    }

    fn open_quotes<'q>(
        &self,
        quotes: impl Iterator<Item = &'q Quote>,
    ) -> Vec<(&'a KnownInvoice, Quote)> {
        let found = quotes.filter_map(|quote| {
            let invoice = self
                .open
                .iter()
                .find(|open| open.invoice_id == quote.invoice_id);
            invoice.map(|invoice| (*invoice, *quote))
        });
        found.collect()
    }

    /// The invoices that are quoted exactly though nothing of them is open, or in another currency.
    pub(super) fn strong_but_not_open(&self) -> Vec<&'a KnownInvoice> {
        let strong = |invoice: &&KnownInvoice| {
            let is_it = |quote: &Quote| {
                quote.invoice_id == invoice.invoice_id && quote.strength >= Strength::Exact
            };
            let is_open = self
                .open
                .iter()
                .any(|open| open.invoice_id == invoice.invoice_id);
            !is_open && self.quotes.quotes.iter().any(is_it)
        };
        self.evidence.invoices.iter().filter(strong).collect()
    }

    /// The customer that is known: the only one for whom money came from this account, or the only
    /// one whose shared reference is quoted exactly. Never by a name.
    pub(super) fn known_customer(&self) -> Option<CustomerId> {
        if let [only] = self.evidence.account_customers {
            return Some(*only);
        }
        let exact = |quote: &&Quote| quote.strength >= Strength::Exact;
        let shared = self.open_quotes(self.quotes.shared.iter().filter(exact));
        let customer = only_customer(&shared)?;
        (self.pays_for(customer) != Some(false)).then_some(customer)
    }

    /// Whether the payer's account is the customer's, or their parent's; `None` when nobody knows
    /// the account.
    pub(super) fn pays_for(&self, customer_id: CustomerId) -> Option<bool> {
        let behind = self.evidence.account_customers;
        if behind.is_empty() {
            return None;
        }
        let parent = self
            .customer(customer_id)
            .and_then(|customer| customer.parent_customer_id);
        let is_parent = parent.is_some_and(|parent| behind.contains(&parent));
        Some(is_parent || behind.contains(&customer_id))
    }

    pub(super) fn customer(&self, customer_id: CustomerId) -> Option<&'a KnownCustomer> {
        let mut customers = self.evidence.customers.iter();
        customers.find(|customer| customer.customer_id == customer_id)
    }

    /// The open invoices of a customer, oldest due first (CA-3).
    pub(super) fn open_of(&self, customer_id: CustomerId) -> Vec<&'a KnownInvoice> {
        let theirs = self
            .open
            .iter()
            .filter(|open| open.customer_id == customer_id);
        let mut theirs: Vec<&KnownInvoice> = theirs.copied().collect();
        theirs.sort_by(|one, other| {
            let key = |invoice: &KnownInvoice| (invoice.oldest_due_date(), invoice.invoice_date);
            let number = one.invoice_number.cmp(&other.invoice_number);
            key(one).cmp(&key(other)).then(number)
        });
        theirs
    }

    /// What may be paid for an invoice on the day of the money.
    pub(super) fn payable(&self, invoice: &KnownInvoice) -> Result<Payable, MoneyError> {
        let tolerance = self
            .customer(invoice.customer_id)
            .and_then(|customer| customer.tolerance_on(self.evidence.receipt_date));
        let grace_days = tolerance.map_or(0, |tolerance| tolerance.discount_grace_days);
        let discounted = invoice.discounted_amount(self.evidence.receipt_date, grace_days)?;
        Ok(Payable {
            open: invoice.open_amount.to_minor(),
            discounted: discounted.map(|amount| amount.to_minor()),
        })
    }

    /// Whether the amount is exactly what an invoice asks for, with or without discount.
    pub(super) fn is_exactly(&self, invoice: &KnownInvoice) -> Result<bool, MoneyError> {
        let payable = self.payable(invoice)?;
        let amount = self.evidence.amount.to_minor();
        Ok(payable.open == amount || payable.discounted == Some(amount))
    }

    /// How the amount fits what invoices of one customer ask for together; `None`: it does not.
    pub(super) fn fit(&self, invoices: &[&KnownInvoice]) -> Result<Option<Fit>, MoneyError> {
        let (mut open, mut discounted, mut tolerated) = (0_i128, 0_i128, 0_i128);
        for invoice in invoices {
            let payable = self.payable(invoice)?;
            open += payable.open;
            discounted += payable.discounted.unwrap_or(payable.open);
            let tolerance = self
                .customer(invoice.customer_id)
                .and_then(|customer| customer.tolerance_on(self.evidence.receipt_date));
            if let Some(tolerance) = tolerance {
                tolerated += tolerance.for_amount(invoice.open_amount)?.to_minor();
            }
        }
        let amount = self.evidence.amount.to_minor();
        let near = |asked: i128| (amount - asked).abs() <= tolerated;
        Ok(match amount {
            _ if invoices.is_empty() => None,
            amount if amount == open => Some(Fit::Open),
            amount if amount == discounted => Some(Fit::Discounted),
            _ if near(open) || near(discounted) => Some(Fit::Tolerance),
            _ => None,
        })
    }
}

/// The customer of all these quotes, if there is one and no other.
pub(super) fn only_customer(quotes: &[(&KnownInvoice, Quote)]) -> Option<CustomerId> {
    let (first, _) = quotes.first()?;
    let same = |(invoice, _): &(&KnownInvoice, Quote)| invoice.customer_id == first.customer_id;
    quotes.iter().all(same).then_some(first.customer_id)
}
