//! How far this service has consumed a feed.

use std::collections::BTreeMap;
use std::time::Duration;

use postgres::{Database, DbError, Observer, TenantId, Tx};
use sqlx::Row as _;

/// The position up to which the feed of `source` has acted here; 0 before the
/// first event.
///
/// # Errors
/// [`DbError`] of the statement.
pub async fn position(db: &Database, source: &str) -> Result<i64, DbError> {
    let mut tx = db.begin_background().await?;
    let position = sqlx::query_scalar("SELECT position FROM feed_cursor WHERE source = $1")
        .bind(source)
        .fetch_optional(&mut *tx)
        .await?;
    tx.commit().await?;
    Ok(position.unwrap_or(0))
}

/// Waits until the cursor has reached `head`, the producer's head as of the instant
/// that is to be judged. Never returns early; put it under a deadline.
///
/// # Errors
/// [`DbError`] when the database cannot be asked.
pub async fn wait_until(db: &Database, source: &str, head: i64) -> Result<(), DbError> {
    let mut pause = Duration::from_millis(2);
    while position(db, source).await? < head {
        tokio::time::sleep(pause).await;
        pause = (pause * 2).min(Duration::from_millis(100));
    }
    Ok(())
}

/// How far a service's own feed goes, and how far it has consumed those of others.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Standing {
    /// The last event that is committed; 0 before the first.
    pub head: i64,
    /// By source, the position up to which its events have acted or are parked.
    pub cursors: BTreeMap<String, i64>,
}

/// Where the feeds stand: what the sandbox asks before it moves its clock on. An event of a
/// transaction that still runs is not seen, nor the batch of a consumer at work.
///
/// # Errors
/// [`DbError`] of the statement.
pub async fn standing(observer: &mut Observer) -> Result<Standing, DbError> {
    let statement = || {
        sqlx::query(
            "SELECT source, position FROM feed_cursor
              UNION ALL SELECT NULL, max(position) FROM event",
        )
    };
    let rows = observer.rows(statement).await?;
    let mut standing = Standing {
        head: 0,
        cursors: BTreeMap::new(),
    };
    for row in rows {
        let position = row.try_get::<Option<i64>, _>("position")?.unwrap_or(0);
        match row.try_get::<Option<String>, _>("source")? {
            Some(source) => standing.cursors.extend([(source, position)]),
            None => standing.head = position,
        }
    }
    Ok(standing)
}

/// Makes sure that the row exists which [`advance_in_tx`] locks.
pub(crate) async fn create(db: &Database, source: &str) -> Result<(), DbError> {
    let mut tx = db.begin_background().await?;
    sqlx::query("INSERT INTO feed_cursor (source, position) VALUES ($1, 0) ON CONFLICT DO NOTHING")
        .bind(source)
        .execute(&mut *tx)
        .await?;
    tx.commit().await
}

/// What moving a cursor found.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Moved {
    /// Whether events of this feed are parked of the tenant that the transaction is under.
    pub has_parked: bool,
}

/// Moves the cursor from exactly `from` to `to` and holds its lock until the
/// transaction ends. None where it is elsewhere: another replica was first, and
/// nothing of this transaction may stand.
pub(crate) async fn advance_in_tx(
    tx: &mut Tx,
    source: &str,
    from: i64,
    to: i64,
) -> Result<Option<Moved>, DbError> {
    let has_parked = sqlx::query_scalar(
        "UPDATE feed_cursor SET position = $3 WHERE source = $1 AND position = $2
         RETURNING EXISTS (SELECT FROM parked_event WHERE parked_event.source = $1)",
    )
    .bind(source)
    .bind(from)
    .bind(to)
    .fetch_optional(&mut **tx)
    .await?;
    Ok(has_parked.map(|has_parked| Moved { has_parked }))
}

/// Opens a transaction under a tenant in which the cursors of all feeds of this service are locked
/// until it ends, waiting for its turn as long as it takes. Two feeds often tell of the same
/// customer, each in an order of its own: batches side by side would lock the same rows crosswise,
/// and one of them would lose a second and its work.
pub(crate) async fn take_turn(db: &Database, tenant: TenantId) -> Result<Tx, DbError> {
    loop {
        let mut tx = db.begin(tenant).await?;
        let locked = sqlx::query("SELECT position FROM feed_cursor ORDER BY source FOR UPDATE")
            .execute(&mut *tx)
            .await;
        match locked.map_err(DbError::from) {
            Ok(_) => return Ok(tx),
            // Another feed's batch takes longer than a lock may be waited for.
            Err(error) if error.is_lock_timeout() => tx.rollback().await?,
            Err(error) => return Err(error),
        }
    }
}
