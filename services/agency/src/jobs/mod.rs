//! What goes on by itself, one kind of timer a file: this is the registry.
//!
//! A timer is written in the transaction that needs it, and settled in the one that does its work.

pub mod book_line;
pub mod booked;
pub mod drive_placement;
pub mod hints;
pub mod judge_customers;
pub mod locked;
pub mod place_batch;

use std::sync::Arc;

use timers::Workers;

use crate::app::App;

/// `workers` with a handler for every kind of timer.
#[must_use]
pub fn registered(mut workers: Workers, app: &Arc<App>) -> Workers {
    /// The handler of one kind, over an app of its own.
    macro_rules! on {
        ($job:ident) => {
            let app = Arc::clone(app);
            workers.on($job::KIND, move |claim| $job::run(Arc::clone(&app), claim));
        };
    }
    on!(book_line);
    on!(drive_placement);
    on!(judge_customers);
    on!(place_batch);
    workers
}
