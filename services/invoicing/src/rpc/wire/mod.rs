//! Contract ⇄ domain, one noun a file. In: everything that is wrong, by field, at
//! once. Out: values only, no decisions.

pub mod aging;
pub mod application;
pub mod application_order;
pub mod balance;
pub mod content;
pub mod credit_note;
pub mod customer_credit;
pub mod decision;
pub mod dispute;
pub mod entry;
pub mod field;
pub mod figure;
pub mod invoice;
pub mod line;
pub mod number_series;
pub mod open_item;
pub mod target;
pub mod terms;
pub mod write_off;
