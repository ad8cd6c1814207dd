//! What happens at its time, one kind of timer a file: this is the registry.
//!
//! | timer | subject | what it does |
//! |---|---|---|
//! | [`look::KIND`] | a case | ends holds, judges promises, queues the step that is due |
//! | [`send::KIND`] | a message | claims it, looks a last time, hands it over |
//! | [`dunning::KIND`] | a dunning run | judges its cases, batch by batch |
//!
//! A timer is written in the transaction that needs it, and settled in the one that does its work.

pub mod dunning;
pub mod hints;
pub mod look;
pub mod queueing;
pub mod send;

use std::sync::Arc;

use timers::Workers;

use crate::app::App;

/// `workers` with a handler for every kind of timer.
#[must_use]
pub fn registered(mut workers: Workers, app: &Arc<App>) -> Workers {
    let own = Arc::clone(app);
    workers.on(look::KIND, move |claim| look::run(Arc::clone(&own), claim));
    let own = Arc::clone(app);
    workers.on(send::KIND, move |claim| send::run(Arc::clone(&own), claim));
    let own = Arc::clone(app);
    workers.on(dunning::KIND, move |claim| {
        dunning::run(Arc::clone(&own), claim)
    });
    workers
}
