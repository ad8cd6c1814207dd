//! The SQL of invoicing, one noun a file. Functions that join the caller's transaction
//! take it first, end in `_in_tx` and never commit. No rule is decided here.

pub mod customer;
pub mod number_series;
mod row;
pub mod tenant;
