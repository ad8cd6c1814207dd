//! The SQL of payments, one noun a file. Functions that join the caller's transaction
//! take it first, end in `_in_tx` and never commit. No rule is decided here.

pub mod bank_account;
pub mod column_mapping;
pub mod customer;
pub mod invoice;
mod row;
pub mod tenant;
