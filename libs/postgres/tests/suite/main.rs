//! The mechanisms against a real Postgres, one database a test.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

mod fixture;
mod guard;
mod idempotency;
mod migrations;
mod observing;
mod operations;
mod protection;
mod retries;
