//! The rules of payments: pure, decided from what they are given, the time included. No module here
//! reads a clock, a database or the wire.
//!
//! | module | owns |
//! |---|---|
//! | [`receipt`], [`receipt_entry`], [`receipt_balances`] | money that came in, its history, its sums (P1, P5, P8) |
//! | [`receipt_application`], [`application_answer`], [`receipt_rule`], [`application_plan`] | money on its way to invoices, and what came of it |
//! | [`refund`], [`receipt_reversal`] | money that goes back (CA-6, P6) |
//! | [`unapplied_cash`] | what a customer has left (CA-6) |
//! | [`bank_account`], [`check_digits`] | the tenant's accounts, numbers that prove themselves |
//! | [`customer`], [`invoice`], [`tolerance`] | what the feeds told of customers and invoices |
//! | [`reference`](mod@reference), [`quote`], [`similarity`] | which invoices a text names, and how surely |
//! | [`matching`] | what a bank line pays for (CA-1) |
//! | [`column_mapping`], [`statement_csv`] | bank statements as CSV |
//! | [`receipt_import`] | receipts that another system recorded |
//! | [`line_identity`] | each bank line once (P7) |
//! | [`bank_statement_import`], [`bank_line`], [`line_resolution`] | what became of a statement and its lines |
//! | [`event`] | what others are told of |
//! | [`stamp`], [`code`], [`ids`], [`decision`], [`counting_day`], [`remittance`] | what the others are made of |

pub mod application_answer;
pub mod application_plan;
pub mod bank_account;
pub mod bank_line;
pub mod bank_statement_import;
pub mod check_digits;
pub mod code;
pub mod column_mapping;
pub mod counting_day;
pub mod customer;
pub mod decision;
pub mod event;
pub mod ids;
pub mod invoice;
pub mod line_identity;
pub mod line_resolution;
pub mod matching;
pub mod quote;
pub mod receipt;
pub mod receipt_application;
pub mod receipt_balances;
pub mod receipt_entry;
#[cfg(test)]
mod receipt_histories;
pub mod receipt_import;
pub mod receipt_reversal;
pub mod receipt_rule;
pub mod reference;
pub mod refund;
pub mod remittance;
#[cfg(test)]
pub(crate) mod samples;
pub mod similarity;
pub mod stamp;
pub mod statement_csv;
pub mod tolerance;
pub mod unapplied_cash;

pub use application_answer::{
    Allocation, AnswerError, ApplicationAnswer, ApplicationReversal, ItemRefusal, OpenItemKind,
    ReversalAnswer, ReversalReason,
};
pub use application_plan::{Because, PlannedApplication};
pub use bank_account::{AccountNumber, AccountNumberError, BankAccount, account_key};
pub use bank_line::{BankLine, BankLineError, BankLineState, LineMatch, LineSuggestion};
pub use bank_statement_import::{
    BankStatementImport, BankStatementImportState, ImportOptions, LineCounts, ReceivedStatement,
};
pub use code::Coded;
pub use column_mapping::{
    AmountColumns, Column, ColumnMapping, CsvFormat, LayoutFault, StatementLayout,
};
pub use counting_day::DayError;
pub use customer::KnownCustomer;
pub use decision::{Decision, RuleResult};
pub use event::DomainEvent;
pub use ids::*;
pub use invoice::{KnownDiscount, KnownInvoice, KnownItem};
pub use line_identity::{LineKey, line_keys};
pub use line_resolution::{Resolution, ResolutionStep};
pub use matching::{Evidence, Judgement, Match, MatchBasis, Suggestion, judge};
pub use quote::{Quote, QuotedBy, Quotes, Strength, named_invoices, quotes};
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
pub use receipt_import::{ApplyingRow, ReceiptImport, ReceiptImportState, RowOutcome, RowReport};
pub use receipt_reversal::{ReceiptReversal, ReceiptReversalOrder, ReceiptReversalReason};
pub use receipt_rule::{InvoicingStep, ReceiptRule, ReceiptRuleStep, RepeatedStep};
pub use reference::{ReferenceForms, lookup_keys};
pub use refund::{Refund, RefundOrder};
pub use remittance::{Remittance, TextError, clean_text};
pub use similarity::{name_keys, name_likeness};
pub use stamp::Stamp;
pub use statement_csv::{
    AmountFormat, DateFormat, DecimalMark, Encoding, FileError, RowFault, RowReason, StatementFile,
    StatementLine, read_statement,
};
pub use tolerance::{Tolerance, ToleranceGrant};
pub use unapplied_cash::{CashShift, CashShifts, Share, UnappliedCash};
