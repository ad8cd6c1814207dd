//! Invoicing over gRPC, against a real Postgres, one database a test.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod aging;
mod credit_feed;
mod dice;
mod figures;
mod fixture;
mod ledger;
mod number_series;
mod open_item;
