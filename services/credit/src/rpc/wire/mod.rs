//! Contract ⇄ domain, one noun a file. In: everything that is wrong, by field, at
//! once. Out: values only, no decisions.

pub mod address;
pub mod contact;
pub mod credit_hold;
pub mod credit_policy;
pub mod credit_profile;
pub mod customer;
pub mod decision;
pub mod exchange_rate;
pub mod exposure;
pub mod field;
pub mod reservation;
pub mod tenant_profile;
pub mod terms;
