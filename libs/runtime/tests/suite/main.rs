//! The runtime as its callers see it: real servers on loopback, real tokens, real
//! sockets. One binary; every test starts its own server on port 0.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

mod admin;
mod auth;
mod config;
mod deadlines;
mod http2;
mod issuers;
mod lifecycle;
mod mutual_tls;
mod overload;
mod peers;
mod pig;
mod refusals;
mod telemetry;
mod wire;
mod world;
