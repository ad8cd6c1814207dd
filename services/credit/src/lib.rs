//! The tenant's profile, customers, credit policies, limits, reservations, holds and payment
//! behaviour.

pub mod domain;
