//! The SQL of invoicing, one noun a file. Functions that join the caller's transaction
//! take it first, end in `_in_tx` and never commit. No rule is decided here.
//!
//! Locks are taken in one order, so that no two transactions wait for each other: invoices by their
//! ids ([`receivable::lock_in_tx`]), then the number series, then a customer's credits by their ids,
//! then the customer's credit balance.

pub mod aging;
pub mod allocation;
pub mod application;
pub mod balance;
pub mod credit_note;
pub mod customer;
pub mod customer_credit;
pub mod customer_credit_balance;
pub mod dispute;
pub mod figure;
pub mod invoice;
pub mod number_series;
pub mod open_item;
pub mod receivable;
pub mod report;
mod row;
pub mod settled;
pub mod tenant;
pub mod write_off;
