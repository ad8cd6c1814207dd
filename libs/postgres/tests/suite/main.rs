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
mod operations;
mod own_connection;
mod protection;
mod retries;
