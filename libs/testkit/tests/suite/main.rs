//! The fixtures against real servers: what every other suite takes for granted.

#![expect(
    clippy::unwrap_used,
    reason = "what a test needs and cannot have fails the test"
)]

mod database;
