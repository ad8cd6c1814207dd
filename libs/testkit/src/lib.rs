//! For tests only, as a dev-dependency: real servers, made private and cheap, and a hostile network.
//!
//! | need | use |
//! |---|---|
//! | Postgres and Redis | [`TestCluster::shared`]; [`TestCluster::own`] to stop them or to hold transactions open |
//! | a migrated database of one's own | [`TestDatabase`] |
//! | keys of one's own in Redis | [`redis_prefix`] |
//! | a service, in process, on a free port | [`serve`] |
//! | business time that stands still | [`Clock::manual`] |
//! | a slow, cut, resetting or silent network | [`FaultProxy`] |
//! | event feeds of peers that tell what a test says | [`PlayedFeed`] |
//! | somebody to send mail to | [`SmtpSink`] |
//! | to wait for something | [`eventually`], the only place that sleeps between two looks |
//!
//! Run a suite with `cargo run -q -p stores -- cargo nextest run`, which starts the servers once;
//! without it every test process starts its own, which is correct and slower.
//!
//! Everything panics with a reason instead of returning errors: a fixture that cannot be had is a
//! failed test. It must not know a service, and not depend on a library that is tested with it.

#![expect(
    clippy::expect_used,
    clippy::panic,
    reason = "a fixture that cannot be had is a failed test, and a test fails by panicking"
)]

mod cluster;
mod database;
mod eventually;
mod fault_proxy;
mod in_process;
mod played_feed;
mod smtp;

pub use calendar::{Clock, ManualClock};
pub use cluster::{TestCluster, redis_prefix};
pub use database::TestDatabase;
pub use eventually::{eventually, eventually_some};
pub use fault_proxy::{Counts, FaultProxy, Mode, ResetAt, Upstream, Way};
pub use in_process::{InProcess, serve};
pub use played_feed::PlayedFeed;
pub use smtp::SmtpSink;
pub use stores::smtp::{ReceivedMail, SmtpBehavior};
