//! Whether anything is due or at work, and when the next timer falls due: what the sandbox
//! asks before it moves its clock on. Parked timers count as settled.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use jiff::Timestamp;
use jiff_sqlx::ToSqlx as _;
use postgres::{Database, DbError};
use sqlx::Row as _;

use crate::Scheduled;

/// The earliest due time of all tenants and kinds, whether past or still to come. A timer
/// keeps it until its work has committed: also while it is worked on, and between two tries.
///
/// # Errors
/// [`DbError`] of the statement.
pub async fn next_due(db: &Database) -> Result<Option<Timestamp>, DbError> {
    let mut tx = db.begin_background().await?;
    let earliest: Option<jiff_sqlx::Timestamp> =
        sqlx::query_scalar("SELECT min(due_time) FROM timer WHERE parked_time IS NULL")
            .fetch_one(&mut *tx)
            .await?;
    tx.commit().await?;
    Ok(earliest.map(jiff_sqlx::Timestamp::to_jiff))
}

/// A timer that is due, and the token that it bears: another token, another try or schedule.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Due {
    /// The timer.
    pub timer: Scheduled,
    /// Its token at this moment.
    pub lease_token: i64,
}

/// The timers of all tenants that are due at `now`, earliest first, those at work included.
///
/// # Errors
/// [`DbError`] of the statement.
pub async fn due(db: &Database, now: Timestamp, limit: i64) -> Result<Vec<Due>, DbError> {
    let mut tx = db.begin_background().await?;
    let rows = sqlx::query(
        "SELECT due_time, tenant_id, kind, subject_id, lease_token FROM timer
          WHERE due_time <= $1 AND parked_time IS NULL
          ORDER BY due_time, tenant_id, kind, subject_id LIMIT $2",
    )
    .bind(now.to_sqlx())
    .bind(limit)
    .fetch_all(&mut *tx)
    .await?;
    tx.commit().await?;
    let due = rows.iter().map(|row| {
        Ok(Due {
            timer: Scheduled::from_row(row)?,
            lease_token: row.try_get("lease_token")?,
        })
    });
    Ok(due.collect::<Result<_, sqlx::Error>>()?)
}

/// Whether nothing is due at `now`. Handlers whose timer was cancelled or moved under them
/// are not seen here: ask [`Running::count`] too.
///
/// # Errors
/// [`DbError`] of the statement.
pub async fn is_quiet(db: &Database, now: Timestamp) -> Result<bool, DbError> {
    Ok(next_due(db).await?.is_none_or(|earliest| earliest > now))
}

/// The handlers at work in this process.
#[derive(Debug, Clone, Default)]
pub struct Running(Arc<AtomicUsize>);

impl Running {
    /// How many there are.
    #[must_use]
    pub fn count(&self) -> usize {
        self.0.load(Ordering::SeqCst)
    }

    /// Counts one more until the guard is dropped.
    pub(crate) fn begin(&self) -> RunningGuard {
        self.0.fetch_add(1, Ordering::SeqCst);
        RunningGuard(self.clone())
    }
}

#[derive(Debug)]
pub(crate) struct RunningGuard(Running);

impl Drop for RunningGuard {
    fn drop(&mut self) {
        self.0.0.fetch_sub(1, Ordering::SeqCst);
    }
}
