//! How far a feed is complete.
//!
//! Positions are drawn before it is known which transaction commits first, so
//! "everything behind my cursor" skips events: a lower position may commit later.
//! Nor do transaction ids tell: a snapshot's `xmax` is the one after the last that
//! *ended*, so a transaction that runs alone, with the highest id so far and a
//! position drawn, is in no snapshot at all (a test here lost events to that).
//!
//! So whoever is about to draw positions says so first, by a shared lock that is held
//! until the transaction has ended. A reader notes S, the sequence's last value, and
//! then who holds the lock. Every position up to S was drawn by one of those, or by a
//! transaction that has ended: once all of them have, every position up to S that will
//! ever exist is committed. Postgres makes a commit visible before it gives locks back,
//! so seeing no holder means seeing its rows.
//!
//! Only transactions that write events to this database are waited for: a long report,
//! a backup or another database of the same cluster delays nobody.

use std::collections::HashSet;
use std::time::Duration;

use postgres::{Database, DbError, OwnConnection};
use sqlx::postgres::{PgArguments, PgRow};
use sqlx::query::Query;
use sqlx::{Postgres, Row as _};
use tokio::sync::Mutex;

/// The two keys of the shared lock of writers, "reco" in ASCII and the feed.
pub(crate) const WRITERS_LOCK: (i32, i32) = (0x7265_636f, 1);

/// Longest pause between two looks at the writers.
const LONGEST_PAUSE: Duration = Duration::from_millis(20);

/// The sequence's last value, and who holds the lock of writers. The condition on `drawn` makes the
/// lock table be read after the sequence: the other way round, a writer that begins and draws in
/// between would be missed.
const LOOK: &str = "WITH drawn AS MATERIALIZED (
     SELECT CASE WHEN is_called THEN last_value ELSE 0 END AS position FROM event_position)
 SELECT drawn.position,
        ARRAY(SELECT virtualtransaction FROM pg_locks
               WHERE drawn.position IS NOT NULL
                 AND locktype = 'advisory' AND objsubid = 2 AND granted
                 AND classid::bigint = $1 AND objid::bigint = $2
                 AND database = (SELECT oid FROM pg_database WHERE datname = current_database()))
            AS writers
   FROM drawn";

/// Finds out how far the feed of one database is complete. Callers take turns at its connection.
#[derive(Debug)]
pub(crate) struct Horizon {
    connection: Mutex<OwnConnection>,
}

/// What one look saw.
struct Seen {
    /// The last position that was drawn.
    last: i64,
    /// The transactions that may have drawn positions and have not ended.
    writers: HashSet<String>,
}

impl Horizon {
    pub(crate) fn of(db: &Database) -> Self {
        Self {
            connection: Mutex::new(db.own_connection()),
        }
    }

    /// The head of the feed as of a moment after the call: waits until every position
    /// handed out so far is decided, and returns the last of them.
    ///
    /// # Errors
    /// [`DbError`] when the database cannot be asked.
    pub(crate) async fn settled_head(&self) -> Result<i64, DbError> {
        let Seen {
            last,
            writers: mut awaited,
        } = self.look().await?;
        let mut pause = Duration::from_millis(1);
        while !awaited.is_empty() {
            tokio::time::sleep(pause).await;
            pause = (pause * 2).min(LONGEST_PAUSE);
            let writing = self.look().await?.writers;
            awaited.retain(|writer| writing.contains(writer));
        }
        Ok(last)
    }

    async fn look(&self) -> Result<Seen, DbError> {
        let (class, object) = WRITERS_LOCK;
        let statement = || {
            sqlx::query(LOOK)
                .bind(i64::from(class))
                .bind(i64::from(object))
        };
        let rows = self.rows(statement).await?;
        let seen = rows.first().ok_or(sqlx::Error::RowNotFound)?;
        Ok(Seen {
            last: seen.try_get("position")?,
            writers: seen
                .try_get::<Vec<String>, _>("writers")?
                .into_iter()
                .collect(),
        })
    }

    /// The rows of one statement over the same connection.
    pub(crate) async fn rows(
        &self,
        statement: impl Fn() -> Query<'static, Postgres, PgArguments>,
    ) -> Result<Vec<PgRow>, DbError> {
        self.connection.lock().await.rows(statement).await
    }
}
