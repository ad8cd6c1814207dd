//! Reminders over gRPC, against a real Postgres, Redis and SMTP server, one database a test.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod fixture;
mod service;
