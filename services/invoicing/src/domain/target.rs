//! Owns what money or credit is meant for: named invoices or a rule, and which of the customer's
//! receivables that comes to. Refuses what cannot be settled by it. Must not settle anything.

use money::{Currency, Money, MoneyError};

use super::{Coded, CustomerId, InvoiceId, InvoiceState, LedgerError, Receivable};

/// What is to be settled.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Target {
    /// These invoices, in the order in which they are settled, each once.
    Named(Vec<NamedInvoice>),
    /// Whatever the rule finds.
    Rule(ApplicationRule),
}

/// An invoice that is to be settled.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NamedInvoice {
    /// The invoice.
    pub invoice_id: InvoiceId,
    /// How much may go to it, above 0; `None`: as much as it takes.
    pub amount: Option<Money>,
}

/// How to find what is to be settled where nobody named it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ApplicationRule {
    /// The steps in the order in which they are tried, each once.
    pub steps: Vec<ApplicationStep>,
    /// Settle disputed parts too.
    pub include_disputed: bool,
}

/// One way to find what is to be settled.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ApplicationStep {
    /// The one invoice that is settled exactly, with discount and tolerance (CA-1).
    ExactAmount,
    /// The earliest due date first, the last one in part (CA-3), without tolerance (TL-4).
    OldestFirst,
}

impl Coded for ApplicationStep {
    const CODES: &'static [(Self, &'static str)] = &[
        (Self::ExactAmount, "EXACT_AMOUNT"),
        (Self::OldestFirst, "OLDEST_FIRST"),
    ];
}

/// Why money or credit was refused; nothing was applied.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ApplicationRefusal {
    /// A named invoice is unknown or a draft.
    #[error("there is no issued invoice of that id")]
    InvoiceNotFound(InvoiceId),
    /// A named invoice belongs to another customer.
    #[error("invoice {invoice_number} belongs to another customer")]
    CustomerMismatch {
        /// The invoice's number.
        invoice_number: String,
    },
    /// A named invoice is void.
    #[error("invoice {invoice_number} is void")]
    InvoiceVoid {
        /// The invoice's number.
        invoice_number: String,
    },
    /// A named invoice is in another currency (RD-5).
    #[error("invoice {invoice_number} is in {invoice_currency}")]
    CurrencyMismatch {
        /// The invoice's number.
        invoice_number: String,
        /// Its currency.
        invoice_currency: Currency,
    },
    /// Nothing named is open.
    #[error("nothing of the named invoices is open")]
    InvoiceClosed,
    /// The rule finds nothing to settle.
    #[error("the rule finds nothing to settle")]
    NothingOpen,
}

/// Why nothing was applied.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ApplyError {
    /// A rule says no; stored as the answer.
    #[error(transparent)]
    Refused(#[from] ApplicationRefusal),
    /// The books cannot hold it: a fault of ours.
    #[error(transparent)]
    Ledger(#[from] LedgerError),
}

impl From<MoneyError> for ApplyError {
    fn from(error: MoneyError) -> Self {
        Self::Ledger(error.into())
    }
}

/// Who pays in what.
#[derive(Debug, Clone, Copy)]
pub(super) struct Payer {
    pub customer_id: CustomerId,
    pub currency: Currency,
    /// Whether a write-off counts as open: to money it does (IS-6).
    pub may_recover: bool,
}

/// A receivable to settle, by its place in the book, and how much may go to it.
pub(super) type Goal = (usize, Option<Money>);

impl Payer {
    /// The places of the named invoices, in their order.
    pub fn find_named(
        &self,
        named: &[NamedInvoice],
        book: &[Receivable],
    ) -> Result<Vec<Goal>, ApplyError> {
        let mut goals = Vec::with_capacity(named.len());
        let mut any_open = false;
        for one in named {
            let is_it = |debt: &Receivable| debt.invoice_id == one.invoice_id;
            let found = book.iter().enumerate().find(|(_, debt)| is_it(debt));
            let not_found = ApplicationRefusal::InvoiceNotFound(one.invoice_id);
            let (place, debt) = found.ok_or(not_found)?;
            self.check(debt, one.amount)?;
            any_open |= debt.state == InvoiceState::Issued
                || self.may_recover && debt.written_off_amount()?.is_positive();
            goals.push((place, one.amount));
        }
        if any_open {
            Ok(goals)
        } else {
            Err(ApplicationRefusal::InvoiceClosed.into())
        }
    }

    fn check(&self, debt: &Receivable, amount: Option<Money>) -> Result<(), ApplicationRefusal> {
        let invoice_number = debt.invoice_number.clone();
        if debt.customer_id != self.customer_id {
            return Err(ApplicationRefusal::CustomerMismatch { invoice_number });
        }
        if debt.state == InvoiceState::Void {
            return Err(ApplicationRefusal::InvoiceVoid { invoice_number });
        }
        let stated = amount.map_or(debt.currency, |amount| amount.currency());
        if debt.currency != self.currency || stated != self.currency {
            return Err(ApplicationRefusal::CurrencyMismatch {
                invoice_number,
                invoice_currency: debt.currency,
            });
        }
        Ok(())
    }

    /// The places of all that is open of this customer in this currency.
    pub fn find_open(&self, book: &[Receivable]) -> Vec<usize> {
        let is_open = |debt: &Receivable| {
            debt.state == InvoiceState::Issued
                && debt.customer_id == self.customer_id
                && debt.currency == self.currency
        };
        let places = book.iter().enumerate();
        places
            .filter(|(_, debt)| is_open(debt))
            .map(|(place, _)| place)
            .collect()
    }
}
