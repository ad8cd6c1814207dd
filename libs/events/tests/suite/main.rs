//! The feed against a real Postgres and Redis.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

mod consuming;
mod fixture;
mod order;
mod parking;
mod serving;
mod serving_parked;
mod waking;
