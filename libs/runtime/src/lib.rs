//! What every service binary needs to run.
//!
//! Explicit pieces that `main` calls in order; no framework, no trait to implement,
//! no middleware that opens transactions. In the order of a `main`:
//!
//! | piece | what it owns |
//! |---|---|
//! | [`config`] | settings in layers; the only home of the environment |
//! | [`tls::install_crypto`], [`Telemetry`] | cryptography; logs, traces, metrics |
//! | [`Tasks`], [`Shutdown`] | the only home of spawning; the end in good order |
//! | [`Authenticator`], [`tokens`] | whose tokens count; signing ours |
//! | [`Peer`] | calls to other services |
//! | [`Server`], [`Services`], [`Health`], [`admin`] | what listens |
//!
//! and in the order of an RPC:
//!
//! | piece | what it owns |
//! |---|---|
//! | the gate of [`Server`] | load, span, deadline, caller, scope, tenant, rate |
//! | [`Runner`] | from request to handler and back: `run_to_end`, `read`, `stream` |
//! | [`Call`] | who calls, until when; the idempotency key, the audit entry |
//! | [`Violations`], [`Refusal`] | what is wrong; the one way to a status |
//! | [`Answer`] | new, or replayed |
//!
//! It knows no business noun and no service.

pub mod admin;
mod answer;
mod auth;
mod call;
pub mod config;
mod deadline;
mod peer;
mod recent;
mod redact;
mod refusal;
mod runner;
mod server;
mod shutdown;
mod tasks;
mod telemetry;
pub mod tls;
pub mod tokens;

pub use answer::Answer;
pub use auth::{Authenticator, Caller, IssuerError};
pub use call::Call;
pub use deadline::Deadline;
pub use peer::{Errand, Peer, PeerChannel, PeerError, PeerSetupError, Signer};
pub use redact::{Redacted, redacted};
pub use refusal::{Complete, FieldViolation, Refusal, Violations};
pub use runner::Runner;
pub use server::{Health, MAX_MESSAGE_BYTES, Server, ServerError, Services};
pub use shutdown::Shutdown;
pub use tasks::{LeftRunning, Panicked, Tasks};
pub use telemetry::{Telemetry, TelemetryError};
