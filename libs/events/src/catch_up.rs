//! Knowing all that a producer has told by now: what comes before a judgement of its facts.

use std::time::Duration;

use contracts::events::GetFeedHeadRequest;
use contracts::events::event_feed_service_client::EventFeedServiceClient;
use postgres::{Database, DbError};
use runtime::{Errand, Peer, PeerError};

use crate::cursor;

/// How long a feed may take to act up to the head that its producer named.
const PATIENCE: Duration = Duration::from_secs(5);

/// Why not all that a producer has told by now is known to have acted here.
#[derive(Debug, thiserror::Error)]
pub enum Behind {
    /// The producer cannot be asked.
    #[error(transparent)]
    Peer(#[from] PeerError),
    /// Our cursor cannot be read.
    #[error(transparent)]
    Database(#[from] DbError),
    /// Its events take longer than anybody should wait.
    #[error("the feed of {producer} is behind")]
    Late {
        /// The producer.
        producer: &'static str,
    },
}

impl Behind {
    /// The failure of our own database, where it is that; else itself.
    ///
    /// # Errors
    /// Itself: it passes when the producer answers or the feed catches up.
    pub fn or_db(self) -> Result<DbError, Self> {
        match self {
            Self::Database(error) => Ok(error),
            behind => Err(behind),
        }
    }
}

/// Waits, for 5 s at most, until everything that `producer` has told by now has acted in `db`.
///
/// # Errors
/// [`Behind`]: it is not known, and what is judged now may be judged too early.
pub async fn caught_up(
    db: &Database,
    producer: &Peer,
    errand: impl Into<Errand>,
) -> Result<(), Behind> {
    let source = producer.name();
    let head = producer.ask(errand, |channel| async {
        let source = source.to_owned();
        let request = GetFeedHeadRequest { source };
        EventFeedServiceClient::new(channel)
            .get_feed_head(request)
            .await
    });
    let head = head.await?.head_position;
    let waiting = cursor::wait_until(db, source, head);
    match tokio::time::timeout(PATIENCE, waiting).await {
        Ok(waited) => Ok(waited?),
        Err(_) => Err(Behind::Late { producer: source }),
    }
}
