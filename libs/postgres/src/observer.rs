//! Looking again and again at the same thing, without a transaction.

use std::time::Duration;

use sqlx::postgres::{PgArguments, PgConnectOptions, PgRow};
use sqlx::query::Query;
use sqlx::{ConnectOptions as _, PgConnection, Postgres};
use tokio::time::timeout;

use crate::DbError;

/// How long one look may take, the opening of a connection included.
const LONGEST_LOOK: Duration = Duration::from_secs(5);

/// A connection of the background role apart from the pools, for whoever looks many times a second:
/// a statement is one round trip here, where a transaction on a pooled connection takes four (its
/// begin and end, and the pool's own question at the return).
///
/// Statements run by themselves and see what is committed when each begins: two of them are no
/// picture of one moment. They must change nothing: one that broke off may run again.
#[derive(Debug)]
pub struct Observer {
    options: PgConnectOptions,
    /// None before the first look, and after one that failed or was given up.
    connection: Option<PgConnection>,
}

impl Observer {
    pub(crate) const fn new(options: PgConnectOptions) -> Self {
        Self {
            options,
            connection: None,
        }
    }

    /// The rows of one statement. A connection that turns out dead, as after a restart of the server,
    /// is replaced by a new one, once.
    ///
    /// # Errors
    /// [`DbError`] of the statement; [`DbError::Unavailable`] when there is no answer in 5 s.
    pub async fn rows(
        &mut self,
        statement: impl Fn() -> Query<'static, Postgres, PgArguments>,
    ) -> Result<Vec<PgRow>, DbError> {
        let looked = timeout(LONGEST_LOOK, async {
            // A look that is given up takes its connection along: what is on the wire is not known.
            if let Some(kept) = self.connection.take() {
                match self.look(kept, statement()).await {
                    Err(DbError::Unavailable(_)) => {}
                    outcome => return outcome,
                }
            }
            let opened = self.options.connect().await?;
            self.look(opened, statement()).await
        });
        let none = |_| DbError::Unavailable(sqlx::Error::Io(std::io::ErrorKind::TimedOut.into()));
        looked.await.map_err(none)?
    }

    async fn look(
        &mut self,
        mut connection: PgConnection,
        statement: Query<'static, Postgres, PgArguments>,
    ) -> Result<Vec<PgRow>, DbError> {
        let rows = statement.fetch_all(&mut connection).await?;
        self.connection = Some(connection);
        Ok(rows)
    }
}
