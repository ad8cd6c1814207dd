//! Owns what happens in payments that others are told of. Must not know the wire: events/outbound.rs
//! turns each into what is announced, in one exhaustive match.

use jiff::civil::Date;
use money::Money;

use super::{
    BankAccount, BankStatementImportId, CustomerId, Receipt, ReceiptApplication,
    ReceiptApplicationState, Refund, UnappliedCash,
};

/// Something that happened, with what it happened to as it is afterwards.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DomainEvent<'a> {
    /// Money came in.
    ReceiptRecorded {
        /// The receipt.
        receipt: &'a Receipt,
    },
    /// It became known whose money a receipt is, or that it is another customer's.
    ReceiptAssigned {
        /// The receipt.
        receipt: &'a Receipt,
        /// Whose it was thought to be.
        previous_customer_id: Option<CustomerId>,
    },
    /// Some or all of the money lowers invoices.
    ReceiptApplied {
        /// The application.
        application: &'a ReceiptApplication,
        /// Its receipt.
        receipt: &'a Receipt,
    },
    /// Invoicing refused an application.
    ReceiptApplicationRefused {
        /// The application.
        application: &'a ReceiptApplication,
        /// Its receipt.
        receipt: &'a Receipt,
    },
    /// An application was taken back.
    ReceiptUnapplied {
        /// The application.
        application: &'a ReceiptApplication,
        /// Its receipt.
        receipt: &'a Receipt,
    },
    /// A receipt was taken back as a whole.
    ReceiptReversed {
        /// The receipt.
        receipt: &'a Receipt,
    },
    /// Unapplied money was given back to the payer.
    UnappliedCashRefunded {
        /// What was given back.
        refund: &'a Refund,
        /// The receipt.
        receipt: &'a Receipt,
    },
    /// What a customer has left in one currency changed.
    UnappliedCashChanged {
        /// What is left now.
        unapplied_cash: UnappliedCash,
    },
    /// A bank statement was booked.
    BankStatementBooked {
        /// The account, with until when it is known now.
        account: &'a BankAccount,
        /// The import.
        bank_statement_import_id: BankStatementImportId,
        /// The last booking date of any statement of the account.
        statements_until_date: Date,
        /// New lines that were booked.
        new_count: u32,
        /// What came in on them.
        credit_amount: Money,
    },
}

impl<'a> DomainEvent<'a> {
    /// What booking an answer of invoicing tells: applied, refused, or taken back. `None` for an
    /// application that is on its way.
    #[must_use]
    pub fn of_answer(application: &'a ReceiptApplication, receipt: &'a Receipt) -> Option<Self> {
        match application.state {
            ReceiptApplicationState::Reserved | ReceiptApplicationState::Reversing => None,
            ReceiptApplicationState::Applied => Some(Self::ReceiptApplied {
                application,
                receipt,
            }),
            ReceiptApplicationState::Refused => Some(Self::ReceiptApplicationRefused {
                application,
                receipt,
            }),
            ReceiptApplicationState::Reversed => Some(Self::ReceiptUnapplied {
                application,
                receipt,
            }),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::samples::{applied, receipt, reserved};

    #[test]
    fn nothing_is_told_of_what_is_on_its_way() {
        let mut money = receipt("100.00");
        let waiting = reserved(&mut money, Some("10.00"));
        assert_eq!(DomainEvent::of_answer(&waiting, &money), None);
        let done = applied(&mut money, "10.00");
        let told = DomainEvent::of_answer(&done, &money);
        assert!(matches!(told, Some(DomainEvent::ReceiptApplied { .. })));
    }
}
