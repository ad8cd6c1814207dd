//! Invoicing over gRPC, against a real Postgres, one database a test.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod credit_feed;
mod fixture;
mod number_series;
