//! The SQL of credit, one noun a file. Functions that join the caller's transaction take it first,
//! end in `_in_tx` and never commit. No rule is decided here.
//!
//! Locks are taken in one order, from the many to the one: the tenant's profile, then the customer's
//! exposure, then the row itself.

pub mod credit_decision;
pub mod credit_hold;
pub mod credit_policy;
pub mod customer;
pub mod customer_limit;
pub mod exchange_rate;
pub mod exposure;
pub mod known_cash;
pub mod known_invoice;
pub mod reservation;
mod row;
pub mod tenant_profile;
