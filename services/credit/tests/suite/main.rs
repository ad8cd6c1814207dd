//! Credit over gRPC, against a real Postgres, one database a test.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod credit_check;
mod credit_hold;
mod credit_profile;
mod customer;
mod customer_import;
mod exchange_rate;
mod fixture;
mod samples;
mod tenant_profile;
mod told;
