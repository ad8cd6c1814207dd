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

use contracts::events::GetFeedHeadRequest;
use contracts::events::event_feed_service_client::EventFeedServiceClient;
use events::cursor;
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

/// Waits until what `producers` have announced by now has acted here. The job's lease bounds it.
///
/// # Errors
/// [`JobError::Later`]: a producer cannot be asked.
pub(crate) async fn caught_up(app: &App, producers: &[&Peer]) -> Result<(), JobError> {
    for producer in producers {
        let source = producer.name();
        let mut client = EventFeedServiceClient::new(producer.channel(Errand::across_tenants("")));
        let request = GetFeedHeadRequest {
            source: source.to_owned(),
        };
        let answer = client.get_feed_head(request).await;
        let head =
            answer.map_err(|status| JobError::later(format!("{source}: {}", status.code())))?;
        let head = head.into_inner().head_position;
        cursor::wait_until(&app.db, source, head).await?;
    }
    Ok(())
}
