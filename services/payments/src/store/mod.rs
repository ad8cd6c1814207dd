//! The SQL of payments, one noun a file. Functions that join the caller's transaction
//! take it first, end in `_in_tx` and never commit. No rule is decided here.

pub mod bank_account;
pub mod bank_line;
pub mod bank_statement_import;
pub mod column_mapping;
pub mod customer;
pub mod import_row;
pub mod invoice;
pub mod ledger;
pub mod match_evidence;
pub mod payer_account;
pub mod receipt;
pub mod receipt_application;
mod receipt_entry;
pub mod receipt_import;
pub mod receipt_reversal;
pub mod refund;
mod row;
pub mod tenant;
pub mod unapplied_cash;
