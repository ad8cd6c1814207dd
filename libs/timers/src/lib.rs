//! Durable timers: something is to be done later, at least once begun, at most once
//! finished, however processes, Redis and Postgres come and go (P14, P15, P37).
//!
//! The row in Postgres is the truth. The way of a timer:
//!
//! 1. [`schedule_in_tx`] writes the row in the transaction that needs it. After the
//!    commit [`Wakeups::announce`] passes a hint on: never inside the transaction, never
//!    awaited, never needed. What is due by then goes on to 3 where there are free hands.
//! 2. The feeder keeps what is due within the next hour in a sorted set in Redis
//!    ([`DueSet`]), and takes out what has come due by the injected clock.
//! 3. The dispatcher claims the rows in Postgres, in one short transaction for as many as
//!    there are free hands: a lease in real time, and a new token.
//! 4. The handler does the work and settles the claim in its own tenant transaction, by
//!    [`finish_in_tx`] or [`reschedule_in_tx`]. Both check the token: whoever outlived the
//!    lease, or was overtaken by a new schedule, gets [`LeaseError::LeaseLost`] and a
//!    transaction that cannot commit.
//! 5. A failed try is followed by a pause; after so many of them the timer is parked with
//!    its reason ([`parked`]). Waiting for somebody else ([`JobError::Later`]) is no try.
//! 6. A sweep without a lower bound of time takes up whatever the hints missed: at the
//!    start, each period, when Redis goes or comes back. While Redis is away the sweep also
//!    knows when the next row falls due. Leases of the dead are found the same way.
//!
//! Two clocks. Due times, and the question whether one has come, belong to the injected
//! [`calendar::Clock`]. Leases and the pauses between tries are real time: the database's
//! `now()` in SQL, the monotonic one in the process. So a manual clock that stands still
//! hangs nobody, and one that leaps a month wakes whatever fell due in it.
//!
//! One job, and how a service brings it to run:
//!
//! ```
//! # use calendar::SignedDuration;
//! # use timers::{Claim, JobError, Settled, Wakeups, Workers};
//! # use tokio_util::sync::CancellationToken;
//! # struct App { db: postgres::Database, clock: calendar::Clock, wakeups: Wakeups }
//! # type AppRef = std::sync::Arc<App>;
//! // src/jobs/expire_offer.rs
//! pub const KIND: &str = "expire_offer";
//!
//! async fn run(app: AppRef, claim: Claim) -> Result<Settled, JobError> {
//!     let mut tx = app.db.begin(claim.tenant).await?;
//!     // lock the offer, let the domain decide, save, append the event
//!     let settled = timers::finish_in_tx(&mut tx, &claim).await?;
//!     tx.commit().await?;
//!     Ok(settled)
//! }
//!
//! // src/jobs/mod.rs, from lib.rs once the App is built with `workers.wakeups()`
//! async fn start(mut workers: Workers, app: AppRef, shutdown: CancellationToken) {
//!     workers.on(KIND, move |claim| run(app.clone(), claim));
//!     workers.run(shutdown).await;
//! }
//!
//! // src/rpc/…/make_offer.rs
//! # async fn make_offer(app: AppRef, tenant: postgres::TenantId, offer_id: uuid::Uuid) -> Result<(), postgres::DbError> {
//! let mut tx = app.db.begin(tenant).await?;
//! let due = app.clock.now() + SignedDuration::from_hours(24 * 14);
//! let scheduled = timers::schedule_in_tx(&mut tx, tenant, KIND, offer_id, due).await?;
//! tx.commit().await?;
//! app.wakeups.announce([scheduled]);
//! # Ok(())
//! # }
//! ```
//!
//! Knows no business noun and decides nothing about the work: what a timer means, and
//! whether its due step is still the current one after an outage, is the handler's.

mod claim;
mod config;
mod dispatch;
mod due_set;
mod feeder;
mod filling;
mod job;
mod metrics;
pub mod parked;
pub mod quiet;
mod schedule;
mod settle;
mod sweep;
mod wakeups;
mod workers;

use sqlx::migrate::Migrator;

pub use claim::Claim;
pub use config::{DEFAULTS, TimersConfig};
pub use due_set::DueSet;
pub use job::JobError;
pub use quiet::Running;
pub use schedule::{
    Scheduled, cancel_all_in_tx, cancel_in_tx, due_in_tx, schedule_all_in_tx, schedule_in_tx,
};
pub use settle::{LeaseError, Settled, finish_in_tx, reschedule_in_tx};
pub use wakeups::Wakeups;
pub use workers::Workers;

/// The migrations of this library: the timers.
pub static MIGRATIONS: Migrator = sqlx::migrate!("./migrations");
