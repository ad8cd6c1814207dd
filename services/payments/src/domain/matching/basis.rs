//! Owns the bases by which a line is matched, the most certain first (CA-1), and what follows from
//! each. Must not find matches.

use serde::{Deserialize, Serialize};

use crate::domain::Coded;

/// By what a line was matched with invoices.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum MatchBasis {
    /// The payment reference of an invoice is quoted.
    PaymentReference,
    /// Invoice numbers are quoted.
    InvoiceNumbers,
    /// The customer is known, and exactly one open invoice has the amount.
    ExactAmount,
    /// The customer is known, and exactly one set of open invoices sums to the amount.
    ExactSum,
    /// The customer is known and nothing fits. Suggested only.
    OldestFirst,
    /// A reference is quoted with a slip of the pen. Suggested only.
    SimilarReference,
    /// The payer resembles a customer. Suggested only.
    SimilarPayer,
    /// A person said so.
    Person,
}

impl Coded for MatchBasis {
    const CODES: &'static [(Self, &'static str)] = &[
        (Self::PaymentReference, "PAYMENT_REFERENCE"),
        (Self::InvoiceNumbers, "INVOICE_NUMBERS"),
        (Self::ExactAmount, "EXACT_AMOUNT"),
        (Self::ExactSum, "EXACT_SUM"),
        (Self::OldestFirst, "OLDEST_FIRST"),
        (Self::SimilarReference, "SIMILAR_REFERENCE"),
        (Self::SimilarPayer, "SIMILAR_PAYER"),
        (Self::Person, "PERSON"),
    ];
}

impl MatchBasis {
    /// Whether a match by it may be applied without a person: never by likeness, never by a name.
    #[must_use]
    pub fn applies_by_itself(self) -> bool {
        match self {
            Self::PaymentReference | Self::InvoiceNumbers | Self::ExactAmount | Self::ExactSum => {
                true
            }
            Self::OldestFirst | Self::SimilarReference | Self::SimilarPayer | Self::Person => false,
        }
    }

    /// Whether a match by it tells that the account it was paid from is the customer's, so that the
    /// next payment from there is known. What was matched because the account was known tells
    /// nothing new.
    #[must_use]
    pub fn teaches_the_account(self) -> bool {
        match self {
            Self::PaymentReference | Self::InvoiceNumbers | Self::Person => true,
            Self::ExactAmount
            | Self::ExactSum
            | Self::OldestFirst
            | Self::SimilarReference
            | Self::SimilarPayer => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::code::assert_complete;

    #[test]
    fn codes() {
        assert_complete::<MatchBasis>(8);
    }

    #[test]
    fn ca_1_likeness_is_suggested_only() {
        let by_itself = |(basis, _): &&(MatchBasis, _)| basis.applies_by_itself();
        let count = MatchBasis::CODES.iter().filter(by_itself).count();
        assert_eq!(count, 4);
        assert!(!MatchBasis::SimilarPayer.applies_by_itself());
        assert!(!MatchBasis::SimilarReference.applies_by_itself());
    }
}
