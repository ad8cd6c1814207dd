//! The rules of payments: pure, decided from what they are given, the time included. No module here
//! reads a clock, a database or the wire.
//!
//! | module | owns |
//! |---|---|
//! | [`receipt`], [`receipt_entry`], [`receipt_balances`] | money that came in, its history, its sums (P1, P5, P8) |
//! | [`receipt_application`], [`application_answer`], [`receipt_rule`] | money on its way to invoices, and what came of it |
//! | [`refund`], [`receipt_reversal`] | money that goes back (CA-6, P6) |
//! | [`unapplied_cash`] | what a customer has left (CA-6) |
//! | [`stamp`], [`code`], [`ids`], [`decision`], [`counting_day`], [`remittance`] | what the others are made of |

pub mod application_answer;
pub mod code;
pub mod counting_day;
pub mod decision;
pub mod ids;
pub mod receipt;
pub mod receipt_application;
pub mod receipt_balances;
pub mod receipt_entry;
#[cfg(test)]
mod receipt_histories;
pub mod receipt_reversal;
pub mod receipt_rule;
pub mod refund;
pub mod remittance;
#[cfg(test)]
pub(crate) mod samples;
pub mod stamp;
pub mod unapplied_cash;

pub use application_answer::{
    Allocation, AnswerError, ApplicationAnswer, ApplicationReversal, ItemRefusal, OpenItemKind,
    ReversalAnswer, ReversalReason,
};
pub use code::Coded;
pub use counting_day::DayError;
pub use decision::{Decision, RuleResult};
pub use ids::*;
pub use receipt::{
    AgencyRemittanceLine, Assigned, NewReceipt, Receipt, ReceiptError, ReceiptMethod,
    ReceiptOrigin, ReceiptState,
};
pub use receipt_application::{
    ApplicationOrder, ApplicationTarget, NamedInvoice, ReceiptApplication, ReceiptApplicationState,
    UnapplyError,
};
pub use receipt_balances::{BalanceError, ReceiptAmounts, ReceiptBalances};
pub use receipt_entry::{EntryCause, EntryKind, Place, ReceiptEntry};
pub use receipt_reversal::{ReceiptReversal, ReceiptReversalOrder, ReceiptReversalReason};
pub use receipt_rule::{InvoicingStep, ReceiptRule, ReceiptRuleStep, RepeatedStep};
pub use refund::{Refund, RefundOrder};
pub use remittance::{Remittance, TextError, clean_text};
pub use stamp::Stamp;
pub use unapplied_cash::{CashShift, CashShifts, Share, UnappliedCash};
