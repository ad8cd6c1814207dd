//! For tests only, as a dev-dependency: real servers, made private and cheap.
//!
//! | need | use |
//! |---|---|
//! | Postgres and Redis | [`TestCluster::shared`]; [`TestCluster::own`] to stop them or to hold transactions open |
//! | a migrated database of one's own | [`TestDatabase`] |
//! | keys of one's own in Redis | [`redis_prefix`] |
//! | to wait for something | [`eventually`], the only place that sleeps between two looks |
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

pub use cluster::{TestCluster, redis_prefix};
pub use database::TestDatabase;
pub use eventually::{eventually, eventually_some};
