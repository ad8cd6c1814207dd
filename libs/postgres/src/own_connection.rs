//! One statement again and again, without a transaction around it.

use std::time::Duration;

use sqlx::postgres::{PgArguments, PgConnectOptions, PgRow};
use sqlx::query::Query;
use sqlx::{ConnectOptions as _, PgConnection, Postgres};
use tokio::time::error::Elapsed;
use tokio::time::timeout;

use crate::DbError;

/// How long one statement may take, the opening of a connection included.
const LONGEST: Duration = Duration::from_secs(5);

/// A connection of the background role apart from the pools, for who comes many times a second:
/// a statement is one round trip here, where a transaction takes three.
///
/// Statements run by themselves and see what is committed when each begins: two of them are no
/// picture of one moment.
#[derive(Debug)]
pub struct OwnConnection {
    options: PgConnectOptions,
    /// None before the first statement, and after one that failed or was given up.
    connection: Option<PgConnection>,
}

impl OwnConnection {
    pub(crate) const fn new(options: PgConnectOptions) -> Self {
        Self {
            options,
            connection: None,
        }
    }

    /// The rows of one statement that changes nothing: it may run twice. A connection that turns out
    /// dead, as after a restart of the server, is replaced by a new one, once.
    ///
    /// # Errors
    /// [`DbError`] of the statement; [`DbError::Unavailable`] when there is no answer in 5 s.
    pub async fn rows(
        &mut self,
        statement: impl Fn() -> Query<'static, Postgres, PgArguments>,
    ) -> Result<Vec<PgRow>, DbError> {
        let found = timeout(LONGEST, async {
            // One that is given up takes its connection along: what is on the wire is not known.
            if let Some(kept) = self.connection.take() {
                match self.run(kept, statement()).await {
                    Err(DbError::Unavailable(_)) => {}
                    outcome => return outcome,
                }
            }
            let opened = self.options.connect().await?;
            self.run(opened, statement()).await
        });
        found.await.map_err(too_late)?
    }

    /// Runs one statement that changes rows, a transaction of its own, and returns what it tells. It is
    /// not repeated: when the connection breaks, whether it was done is not known. Changes that others
    /// wait for, or that go with others, take a transaction ([`crate::Database::begin_background`]).
    ///
    /// # Errors
    /// As [`OwnConnection::rows`], and [`DbError::Unavailable`] for a kept connection that has died.
    pub async fn change(
        &mut self,
        statement: Query<'_, Postgres, PgArguments>,
    ) -> Result<Vec<PgRow>, DbError> {
        let changed = timeout(LONGEST, async {
            let connection = match self.connection.take() {
                Some(kept) => kept,
                None => self.options.connect().await?,
            };
            self.run(connection, statement).await
        });
        changed.await.map_err(too_late)?
    }

    async fn run(
        &mut self,
        mut connection: PgConnection,
        statement: Query<'_, Postgres, PgArguments>,
    ) -> Result<Vec<PgRow>, DbError> {
        let rows = statement.fetch_all(&mut connection).await?;
        self.connection = Some(connection);
        Ok(rows)
    }
}

fn too_late(_: Elapsed) -> DbError {
    DbError::Unavailable(sqlx::Error::Io(std::io::ErrorKind::TimedOut.into()))
}
