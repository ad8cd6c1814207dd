//! Whether anything is due or at work, and when the next timer falls due: what the sandbox
//! asks before it moves its clock on. Parked timers count as settled.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use jiff::Timestamp;
use jiff_sqlx::ToSqlx as _;
use postgres::{DbError, OwnConnection};
use sqlx::Row as _;

use crate::Scheduled;

/// A timer that is due, and the token that it bears: another token, another try or schedule.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Due {
    /// The timer.
    pub timer: Scheduled,
    /// Its token at this moment.
    pub lease_token: i64,
}

/// What lies ahead, of all tenants and kinds. A timer keeps its due time until its work has
/// committed: also while it is worked on, and between two tries. Handlers whose timer was
/// cancelled or moved under them are not seen here: ask [`Running::count`] too.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Ahead {
    /// What is due, earliest first, as far as the limit goes.
    pub due: Vec<Due>,
    /// The earliest due time, whether past or still to come.
    pub next_due: Option<Timestamp>,
}

/// What lies ahead at `now`, with at most `limit` of the timers that are due.
///
/// # Errors
/// [`DbError`] of the statement.
pub async fn ahead(
    connection: &mut OwnConnection,
    now: Timestamp,
    limit: i64,
) -> Result<Ahead, DbError> {
    let statement = || {
        sqlx::query(
            "(SELECT due_time, tenant_id, kind, subject_id, lease_token FROM timer
               WHERE due_time <= $1 AND parked_time IS NULL
               ORDER BY due_time, tenant_id, kind, subject_id LIMIT $2)
             UNION ALL
             (SELECT due_time, tenant_id, kind, subject_id, lease_token FROM timer
               WHERE due_time > $1 AND parked_time IS NULL
               ORDER BY due_time LIMIT 1)",
        )
        .bind(now.to_sqlx())
        .bind(limit)
    };
    let rows = connection.rows(statement).await?;
    let found = rows.iter().map(|row| {
        Ok(Due {
            timer: Scheduled::from_row(row)?,
            lease_token: row.try_get("lease_token")?,
        })
    });
    let mut due = found.collect::<Result<Vec<_>, sqlx::Error>>()?;
    let next_due = due.iter().map(|due| due.timer.due_time).min();
    due.retain(|due| due.timer.due_time <= now);
    Ok(Ahead { due, next_due })
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
