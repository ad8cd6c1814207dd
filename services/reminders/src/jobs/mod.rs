//! What happens at its time, one kind of timer a file: this is the registry.
//!
//! A timer is written in the transaction that needs it, and settled in the one that does its work.

pub mod hints;

use std::sync::Arc;

use timers::Workers;

use crate::app::App;

/// `workers` with a handler for every kind of timer.
#[must_use]
pub fn registered(workers: Workers, _app: &Arc<App>) -> Workers {
    workers
}
