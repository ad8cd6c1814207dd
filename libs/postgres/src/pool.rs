//! The connections of one purpose. sqlx's own pool asks the server each time a connection comes back
//! whether it is still there: of a short transaction's round trips one in five. Here a connection
//! comes back without a word, which [`Tx`](crate::Tx) makes safe: it gives none back but one whose
//! transaction it saw end.

use std::time::Duration;

use deadpool::managed::{
    self, Metrics, PoolError, QueueMode, RecycleError, RecycleResult, Timeouts,
};
use sqlx::postgres::PgConnectOptions;
use sqlx::{ConnectOptions as _, PgConnection};

use crate::DbError;

/// Connections older than this are replaced: a backend only ever grows.
const LONGEST_LIFE: Duration = Duration::from_secs(30 * 60);

/// Connections that nobody used for so long are replaced: a firewall may have forgotten them.
const LONGEST_IDLE: Duration = Duration::from_secs(10 * 60);

/// How a connection is opened, and when it has had its time.
#[derive(Debug)]
pub(crate) struct Connections {
    options: PgConnectOptions,
}

impl managed::Manager for Connections {
    type Type = PgConnection;
    type Error = sqlx::Error;

    async fn create(&self) -> Result<PgConnection, sqlx::Error> {
        self.options.connect().await
    }

    async fn recycle(&self, _: &mut PgConnection, used: &Metrics) -> RecycleResult<sqlx::Error> {
        if used.age() > LONGEST_LIFE || used.last_used() > LONGEST_IDLE {
            return Err(RecycleError::message("it has had its time"));
        }
        Ok(())
    }
}

/// A connection that goes back when it is dropped; [`close`] keeps it from that.
pub(crate) type Pooled = managed::Object<Connections>;

/// Closes a connection instead of giving it back.
pub(crate) fn close(connection: Pooled) {
    drop(managed::Object::take(connection));
}

/// At most so many connections, each opened when it is needed.
#[derive(Debug, Clone)]
pub(crate) struct Pool(managed::Pool<Connections>);

impl Pool {
    /// `timeout` bounds the wait for a free connection, and the opening of one.
    ///
    /// # Errors
    /// [`DbError::Unfit`] where the runtime has no timer.
    pub(crate) fn try_new(
        options: PgConnectOptions,
        size: u32,
        timeout: Duration,
    ) -> Result<Self, DbError> {
        let timeouts = Timeouts {
            wait: Some(timeout),
            create: Some(timeout),
            recycle: None,
        };
        let pool = managed::Pool::builder(Connections { options })
            .max_size(usize::try_from(size).unwrap_or(usize::MAX))
            .timeouts(timeouts)
            // The one used last first: it has the statements prepared and its caches warm.
            .queue_mode(QueueMode::Lifo)
            .runtime(deadpool::Runtime::Tokio1)
            .build();
        pool.map(Self)
            .map_err(|error| DbError::Unfit(error.to_string()))
    }

    /// # Errors
    /// [`DbError::PoolTimeout`] when none becomes free in time, [`DbError::Unavailable`] when none can
    /// be opened.
    pub(crate) async fn get(&self) -> Result<Pooled, DbError> {
        self.0.get().await.map_err(|error| match error {
            PoolError::Backend(error) => error.into(),
            PoolError::Closed => DbError::Unavailable(sqlx::Error::PoolClosed),
            _ => DbError::PoolTimeout,
        })
    }

    /// How many connections there may be.
    pub(crate) fn max_size(&self) -> usize {
        self.0.status().max_size
    }

    pub(crate) fn options(&self) -> &PgConnectOptions {
        &self.0.manager().options
    }

    /// Closes the connections that are free, and each other one when it comes back.
    pub(crate) fn close(&self) {
        self.0.close();
    }
}
