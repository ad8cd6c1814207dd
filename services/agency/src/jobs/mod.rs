//! What goes on by itself, one kind of timer a file: this is the registry.
//!
//! A timer is written in the transaction that needs it, and settled in the one that does its work.

pub mod drive_placement;
pub mod hints;
pub mod locked;

use std::sync::Arc;

use timers::Workers;

use crate::app::App;

/// `workers` with a handler for every kind of timer.
#[must_use]
pub fn registered(mut workers: Workers, app: &Arc<App>) -> Workers {
    let driven = Arc::clone(app);
    workers.on(drive_placement::KIND, move |claim| {
        drive_placement::run(Arc::clone(&driven), claim)
    });
    workers
}
