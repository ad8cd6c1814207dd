//! What a service does with events, and why it could not.

use std::panic::AssertUnwindSafe;

use contracts::common::Event;
use futures_util::FutureExt as _;
use futures_util::future::BoxFuture;
use postgres::{DbError, Tx};
use runtime::fault;

/// What a service does with the events of a feed, in the transaction of their batch.
/// Everything it changes must go through that transaction.
pub enum Apply<A> {
    /// With one after the other.
    Each(for<'a> fn(&'a A, &'a mut Tx, &'a Event) -> Applying<'a>),
    /// With those of one tenant that follow each other in a batch, all at once: for what
    /// is done once however many of them ask for it.
    Run(for<'a> fn(&'a A, &'a mut Tx, &'a [&'a Event]) -> Applying<'a>),
}

/// The work of a handler.
pub type Applying<'a> = BoxFuture<'a, Result<(), ApplyError>>;

impl<A> Clone for Apply<A> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<A> Copy for Apply<A> {}

impl<A: Sync> Apply<A> {
    /// Calls the handler; a panic in it is a failure like any other.
    pub(crate) async fn call(
        self,
        app: &A,
        tx: &mut Tx,
        events: &[&Event],
    ) -> Result<(), ApplyError> {
        let applying = AssertUnwindSafe(async {
            match self {
                Self::Each(apply) => {
                    for event in events {
                        apply(app, tx, event).await?;
                        fault::point("events.consumer.in_batch");
                    }
                    Ok(())
                }
                Self::Run(apply) => {
                    apply(app, tx, events).await?;
                    fault::point("events.consumer.in_batch");
                    Ok(())
                }
            }
        });
        let applied = applying.catch_unwind().await;
        applied.unwrap_or_else(|_| Err(ApplyError::Poison("the handler panicked".to_owned())))
    }
}

/// Why an event was not applied.
#[derive(Debug, thiserror::Error)]
pub enum ApplyError {
    /// It may pass by itself: tried again until it does.
    #[error("for the moment: {0}")]
    Retry(#[source] DbError),
    /// The event or our state is wrong: tried a few times, then parked. The text
    /// goes to operators and carries no personal data.
    #[error("{0}")]
    Poison(String),
}

impl From<DbError> for ApplyError {
    fn from(error: DbError) -> Self {
        match error {
            DbError::Database(ref cause) if !error.is_retryable() => {
                Self::Poison(cause.to_string())
            }
            error => Self::Retry(error),
        }
    }
}

impl From<sqlx::Error> for ApplyError {
    fn from(error: sqlx::Error) -> Self {
        DbError::from(error).into()
    }
}
