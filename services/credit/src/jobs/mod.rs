//! The registry of jobs: which timer is done by what. One kind a file.
//!
//! | kind | subject | when |
//! |---|---|---|
//! | [`expire_reservation`] | the reservation | at its end, unless it is confirmed before |
//! | [`review_holds`] | the customer | on the next day on which time alone changes their holds |
//!
//! A job judges facts that come by feeds, so it first makes sure that it knows all that was
//! announced up to the instant it judges: [`caught_up`].

pub mod expire_reservation;
pub mod review_holds;

use std::sync::Arc;

use runtime::{Errand, Peer};
use timers::{JobError, Workers};

use crate::app::App;

/// The workers with the handlers of this service.
#[must_use]
pub fn handled(mut workers: Workers, app: &Arc<App>) -> Workers {
    let own = Arc::clone(app);
    workers.on(expire_reservation::KIND, move |claim| {
        expire_reservation::run(Arc::clone(&own), claim)
    });
    let own = Arc::clone(app);
    workers.on(review_holds::KIND, move |claim| {
        review_holds::run(Arc::clone(&own), claim)
    });
    workers
}

/// Waits until what `producers` have announced by now has acted here.
///
/// # Errors
/// [`JobError::Later`]: a producer cannot be asked, or its events take long.
pub(crate) async fn caught_up(app: &App, producers: &[&Peer]) -> Result<(), JobError> {
    for producer in producers {
        let caught_up = events::caught_up(&app.db, producer, Errand::across_tenants(""));
        caught_up
            .await
            .map_err(|behind| behind.or_db().map_or_else(JobError::later, JobError::Db))?;
    }
    Ok(())
}
