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

use postgres::{Database, DbError, Tx};

/// The two keys of the shared lock of writers, "reco" in ASCII and the feed.
pub(crate) const WRITERS_LOCK: (i32, i32) = (0x7265_636f, 1);

/// Longest pause between two looks at the writers.
const LONGEST_PAUSE: Duration = Duration::from_millis(20);

/// The head of the feed as of a moment after the call: waits until every position
/// handed out so far is decided, and returns the last of them.
///
/// # Errors
/// [`DbError`] when the database cannot be asked.
pub async fn settled_head(db: &Database) -> Result<i64, DbError> {
    // The sequence first, the writers after it: the other way round, one that begins
    // and draws in between would be missed.
    let mut tx = db.begin_background().await?;
    let last = sqlx::query_scalar(
        "SELECT CASE WHEN is_called THEN last_value ELSE 0 END FROM event_position",
    )
    .fetch_one(&mut *tx)
    .await?;
    let mut awaited = writers_in_tx(&mut tx).await?;
    tx.commit().await?;

    let mut pause = Duration::from_millis(1);
    while !awaited.is_empty() {
        tokio::time::sleep(pause).await;
        pause = (pause * 2).min(LONGEST_PAUSE);
        // A transaction for each look: a connection must not be held while waiting
        // for somebody else's transaction.
        let mut tx = db.begin_background().await?;
        let writing = writers_in_tx(&mut tx).await?;
        tx.commit().await?;
        awaited.retain(|writer| writing.contains(writer));
    }
    Ok(last)
}

/// The transactions that may have drawn positions and have not ended.
async fn writers_in_tx(tx: &mut Tx) -> Result<HashSet<String>, DbError> {
    let (class, object) = WRITERS_LOCK;
    let writers: Vec<String> = sqlx::query_scalar(
        "SELECT virtualtransaction FROM pg_locks
          WHERE locktype = 'advisory' AND objsubid = 2 AND granted
            AND classid::bigint = $1 AND objid::bigint = $2
            AND database = (SELECT oid FROM pg_database WHERE datname = current_database())",
    )
    .bind(i64::from(class))
    .bind(i64::from(object))
    .fetch_all(&mut **tx)
    .await?;
    Ok(writers.into_iter().collect())
}
