//! The timers against real Postgres and Redis.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a test fails by panicking, its fixtures too"
)]

mod failures;
mod fencing;
mod redis;
mod schedule;
mod time;
mod volume;
mod world;
