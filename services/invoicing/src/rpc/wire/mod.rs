//! Contract ⇄ domain, one noun a file. In: everything that is wrong, by field, at
//! once. Out: values only, no decisions.

pub mod balance;
pub mod field;
pub mod number_series;
pub mod terms;
