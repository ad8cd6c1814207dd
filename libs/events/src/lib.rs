//! The event feed: how one service tells the others what happened.
//!
//! Writing: [`append_in_tx`] adds events to the service's own `event` table in the
//! transaction of the change, and its commit wakes whoever waits for them. Serving: [`Feed`] reads them out in order, without a gap, up to
//! a head below which nothing can appear any more ([`Feed::settled_head`]). Consuming:
//! [`Consumer`] moves its cursor in the transaction of the effects, and parks what
//! cannot be applied ([`parking`]).
//!
//! Redis carries hints only: without it events arrive a poll period later.
//! Knows no business noun: events are opaque bytes with a type and a subject.

mod append;
mod apply;
mod catch_up;
mod consumer;
pub mod cursor;
mod feed;
mod hints;
mod horizon;
pub mod parking;
mod rpc;
mod tail;

use sqlx::migrate::Migrator;

pub use append::{NewEvent, append_in_tx};
pub use apply::{Apply, ApplyError, Applying};
pub use catch_up::{Behind, caught_up};
pub use consumer::{Consumer, ConsumerSettings};
pub use feed::{Batch, Feed, Filter};
pub use hints::Hints;
pub use rpc::{EventFeed, ParkedEvents, REASONS, served};

/// The migrations of this library: the feed, the cursors, the parked events.
pub static MIGRATIONS: Migrator = sqlx::migrate!("./migrations");
