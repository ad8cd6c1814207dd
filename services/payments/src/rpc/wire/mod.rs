//! Contract ⇄ domain, one noun a file. In: everything that is wrong, by field, at
//! once. Out: values only, no decisions.

pub mod bank_account;
pub mod bank_line;
pub mod bank_statement;
pub mod column_mapping;
mod csv_format;
pub mod decision;
pub mod named_invoices;
pub mod receipt;
pub mod receipt_application;
pub mod receipt_import;
pub mod receipt_order;
pub mod receipt_request;

pub use runtime::field;
