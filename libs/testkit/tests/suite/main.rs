//! The fixtures against real servers: what every other suite takes for granted.

#![expect(
    clippy::unwrap_used,
    reason = "what a test needs and cannot have fails the test"
)]

mod database;
mod fault_proxy;
mod in_process;
mod smtp_sink;

/// Long enough for two slow cores.
const DEADLINE: std::time::Duration = std::time::Duration::from_secs(20);
