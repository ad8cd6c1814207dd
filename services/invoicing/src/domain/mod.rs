//! The rules of invoicing: what is owed, and what money, credit and decisions do to it.
//!
//! Pure: nothing here reads a clock, waits, or knows tables and messages. The time, the day and
//! fresh identities come in as arguments ([`Stamp`]); what happened goes out as values. The flow of
//! a change is always the same:
//!
//! ```text
//! store loads and locks ─→ a noun decides and changes ─→ store saves the noun with its new entries
//!                                        └─→ InvoicingEvent, announced in the same transaction
//! ```
//!
//! | module | owns |
//! |---|---|
//! | `ids`, `stamp`, `code` | identities, what new records are stamped with, stable names of values |
//! | `customer`, `tolerance`, `terms` | what credit announced: terms, offers, tolerance; due dates |
//! | `line`, `totals`, `invoice`, `issue`, `number_series` | the document, from draft to number |
//! | `open_item`, `entry`, `receivable` | what is owed: items, entries, one version (P8) |
//! | `discount`, `settlement`, `matching`, `target` | how an amount settles what it is meant for |
//! | `application`, `allocation`, `reversal` | money applied and taken back |
//! | `decision`, `explanation` | why it went there |
//! | `credit_note`, `credit_posting`, `customer_credit` | corrections in the customer's favour |
//! | `dispute`, `write_off` | what is held back, what is given up |
//! | `history`, `aging`, `aged_book`, `figures`, `settled` | the past as of any day, ages and measures |
//! | `event` | what others are told |
//!
//! Every refusal is a variant of an error enum of its noun; `Ledger` and `Money` variants are faults
//! of ours, and after one nothing is saved.

// P10: unchecked arithmetic stands only where a comment says why it cannot fail.
#![deny(clippy::arithmetic_side_effects)]

mod aged_book;
mod aging;
mod allocation;
mod application;
mod code;
mod credit_note;
mod credit_posting;
mod customer;
mod customer_credit;
mod decision;
mod discount;
mod dispute;
mod entry;
mod event;
mod explanation;
mod figures;
pub mod history;
mod ids;
mod invoice;
mod issue;
mod line;
mod matching;
mod number_series;
mod open_item;
mod receivable;
mod reversal;
mod settled;
mod settlement;
mod stamp;
mod target;
mod terms;
mod tolerance;
mod totals;
mod write_off;

#[cfg(test)]
mod histories;
#[cfg(test)]
mod samples;

pub use aged_book::{AgedBook, DueAmounts, Outstanding};
pub use aging::{AgedAmount, AgingBasis, AgingBucket, AgingError, AgingScale, AgingTable};
pub use allocation::Allocation;
pub use application::{Application, ApplicationState, CreditApplication, apply};
pub use code::Coded;
pub use credit_note::{
    CreditNote, CreditNoteError, CreditNoteHeader, CreditNoteReason, CreditPlan, InvoiceCredit,
    IssuedCreditNote,
};
pub use customer::{Customer, Grant, GrantedTolerance, Tenant};
pub use customer_credit::{
    CustomerCredit, CustomerCreditApplication, CustomerCreditBalance, CustomerCreditEntry,
    CustomerCreditError,
};
pub use decision::{Decision, RuleResult};
pub use dispute::{
    Dispute, DisputeEnding, DisputeError, DisputeExtent, DisputeReason, DisputeResolution,
    DisputeState, DisputedPart, Objection,
};
pub use entry::{CauseKind, EntryCause, EntryKind, InvoiceEntry};
pub use event::InvoicingEvent;
pub use figures::{Figure, FigureInputs, FigureKind, FigureUnit, MonthOfSales, count_back_dso};
pub use ids::{
    ApplicationId, CreditNoteId, CustomerCreditApplicationId, CustomerCreditId, CustomerId,
    DecisionId, DisputeId, EntryId, InvoiceId, OpenItemId, ReceiptId, ReservationId, ReversalId,
    WriteOffId,
};
pub use invoice::{Invoice, InvoiceContent, InvoiceError, Standing};
pub use issue::{IssueError, IssuePlan};
pub use line::{Line, LineError, Tax, TaxCategory};
pub use number_series::{NumberSeries, NumberedDocument, SeriesError};
pub use open_item::{OpenItem, OpenItemKind};
pub use receivable::{
    ClosingKind, InvoiceBalance, InvoiceState, LedgerError, OpenItemBalance, Receivable,
};
pub use reversal::{ApplicationReversal, ReversalOrder, ReversalReason, ReverseError, reverse};
pub use settled::{SettledInvoice, SettledSums};
pub use stamp::Stamp;
pub use target::{
    ApplicationRefusal, ApplicationRule, ApplicationStep, ApplyError, NamedInvoice, Target,
};
pub use terms::{
    DiscountOffer, DiscountTier, Due, EarlyPaymentOffer, Instalment, ItemDiscounts, OfferError,
    ScheduleError, Terms,
};
pub use tolerance::Tolerance;
pub use totals::{DocumentTotals, TaxTotal};
pub use write_off::{
    WriteOff, WriteOffError, WriteOffOrder, WriteOffReason, WriteOffReversal, WriteOffState,
    WrittenOffItem,
};
