//! How far this service has consumed a feed.

use std::collections::BTreeMap;
use std::time::Duration;

use postgres::{Database, DbError, OwnConnection, TenantId, Tx};
use sqlx::postgres::{PgArguments, PgRow};
use sqlx::query::Query;
use sqlx::{Postgres, Row as _};

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
pub async fn standing(connection: &mut OwnConnection) -> Result<Standing, DbError> {
    let statement = || {
        sqlx::query(
            "SELECT source, position FROM feed_cursor
              UNION ALL SELECT NULL, max(position) FROM event",
        )
    };
    let rows = connection.rows(statement).await?;
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

/// Makes sure that the row exists which [`move_on`] moves.
pub(crate) async fn create(db: &Database, source: &str) -> Result<(), DbError> {
    let mut tx = db.begin_background().await?;
    sqlx::query("INSERT INTO feed_cursor (source, position) VALUES ($1, 0) ON CONFLICT DO NOTHING")
        .bind(source)
        .execute(&mut *tx)
        .await?;
    tx.commit().await
}

/// The transaction of a batch, with the cursor moved.
#[derive(Debug)]
pub(crate) struct Moved {
    pub tx: Tx,
    /// Whether events of this feed are parked of the tenant that the transaction is under.
    pub has_parked: bool,
}

/// Takes the turn of a batch, under the role of `tenant` or else the background's, and moves the
/// cursor from exactly `from` to `to`. None where it is elsewhere: another replica was first.
pub(crate) async fn move_on(
    db: &Database,
    tenant: Option<TenantId>,
    source: &'static str,
    (from, to): (i64, i64),
) -> Result<Option<Moved>, DbError> {
    let statement = || {
        sqlx::query(
            "WITH turn AS MATERIALIZED (
                 SELECT source, position FROM feed_cursor ORDER BY source FOR UPDATE)
             UPDATE feed_cursor SET position = $3
               FROM (SELECT bool_or(source = $1 AND position = $2) AS here FROM turn) AS found
              WHERE feed_cursor.source = $1 AND found.here
             RETURNING EXISTS (SELECT FROM parked_event WHERE parked_event.source = $1)",
        )
        .bind(source)
        .bind(from)
        .bind(to)
    };
    match in_turn(db, tenant, statement).await? {
        (tx, Some(row)) => {
            let has_parked = row.try_get(0)?;
            Ok(Some(Moved { tx, has_parked }))
        }
        (tx, None) => {
            tx.rollback().await?;
            Ok(None)
        }
    }
}

/// Takes a turn under the role of `tenant` without moving a cursor.
pub(crate) async fn take_turn(db: &Database, tenant: TenantId) -> Result<Tx, DbError> {
    let statement = || {
        sqlx::query(
            "SELECT count(*) FROM (SELECT FROM feed_cursor ORDER BY source FOR UPDATE) AS turn",
        )
    };
    let (tx, _) = in_turn(db, Some(tenant), statement).await?;
    Ok(tx)
}

/// Opens a transaction in which `statement` locks the cursors of all feeds of this service until it
/// ends, waiting for its turn as long as it takes. Two feeds often tell of the same customer, each in
/// an order of its own: batches side by side would lock the same rows crosswise, and one of them would
/// lose a second and its work.
async fn in_turn(
    db: &Database,
    tenant: Option<TenantId>,
    statement: impl Fn() -> Query<'static, Postgres, PgArguments>,
) -> Result<(Tx, Option<PgRow>), DbError> {
    loop {
        let mut tx = match tenant {
            Some(tenant) => db.begin(tenant).await?,
            None => db.begin_background().await?,
        };
        let found = statement().fetch_optional(&mut *tx).await;
        match found.map_err(DbError::from) {
            Ok(found) => return Ok((tx, found)),
            // Another feed's batch takes longer than a lock may be waited for.
            Err(error) if error.is_lock_timeout() => tx.rollback().await?,
            Err(error) => return Err(error),
        }
    }
}
