//! Writing timers in the caller's transaction: schedule, move, cancel, look up.

use std::collections::BTreeMap;

use jiff::Timestamp;
use jiff_sqlx::ToSqlx as _;
use postgres::{DbError, TenantId, Tx};
use sqlx::Row as _;
use sqlx::postgres::PgRow;
use uuid::Uuid;

/// A timer as it stands in its row, to be announced after the commit. The order of the
/// fields is the order of the sweep: ties of time are broken by the key.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
#[must_use = "after the commit pass it to Wakeups::announce, or it is taken up a sweep later"]
pub struct Scheduled {
    /// When it is to be done, by the injected clock.
    pub due_time: Timestamp,
    /// Whose it is.
    pub tenant: TenantId,
    /// The job that does it.
    pub kind: String,
    /// What it is about.
    pub subject_id: Uuid,
}

impl Scheduled {
    pub(crate) fn from_row(row: &PgRow) -> Result<Self, sqlx::Error> {
        Ok(Self {
            due_time: row
                .try_get::<jiff_sqlx::Timestamp, _>("due_time")?
                .to_jiff(),
            tenant: TenantId::new(row.try_get("tenant_id")?),
            kind: row.try_get("kind")?,
            subject_id: row.try_get("subject_id")?,
        })
    }
}

/// Schedules the timer of `kind` for `subject_id`, or moves the one that is there. Moving
/// also takes it from a worker that is on it (whose work is then rolled back and done anew
/// at the new time), clears its tries, and releases it if it was parked.
///
/// # Errors
/// [`DbError`] of the statement.
pub async fn schedule_in_tx(
    tx: &mut Tx,
    tenant: TenantId,
    kind: &str,
    subject_id: Uuid,
    due_time: Timestamp,
) -> Result<Scheduled, DbError> {
    write_in_tx(tx, tenant, kind, vec![subject_id], vec![due_time]).await?;
    Ok(Scheduled {
        due_time,
        tenant,
        kind: kind.to_owned(),
        subject_id,
    })
}

/// [`schedule_in_tx`] for many subjects in one statement. The map is in key order, so two
/// batches that share subjects do not lock each other out.
///
/// # Errors
/// [`DbError`] of the statement.
pub async fn schedule_all_in_tx(
    tx: &mut Tx,
    tenant: TenantId,
    kind: &str,
    due_times: &BTreeMap<Uuid, Timestamp>,
) -> Result<Vec<Scheduled>, DbError> {
    let subjects = due_times.keys().copied().collect();
    write_in_tx(
        tx,
        tenant,
        kind,
        subjects,
        due_times.values().copied().collect(),
    )
    .await?;
    let scheduled = |(subject_id, due_time): (&Uuid, &Timestamp)| Scheduled {
        due_time: *due_time,
        tenant,
        kind: kind.to_owned(),
        subject_id: *subject_id,
    };
    Ok(due_times.iter().map(scheduled).collect())
}

async fn write_in_tx(
    tx: &mut Tx,
    tenant: TenantId,
    kind: &str,
    subjects: Vec<Uuid>,
    due_times: Vec<Timestamp>,
) -> Result<(), DbError> {
    if subjects.is_empty() {
        return Ok(());
    }
    let due_times: Vec<_> = due_times.into_iter().map(|due| due.to_sqlx()).collect();
    // EXCLUDED.lease_token is the token that the new row would have had: a fresh one.
    sqlx::query(
        "INSERT INTO timer (tenant_id, kind, subject_id, due_time)
         SELECT $1, $2, subject_id, due_time
           FROM unnest($3::uuid[], $4::timestamptz[]) AS wanted (subject_id, due_time)
         ON CONFLICT (tenant_id, kind, subject_id) DO UPDATE
            SET due_time = EXCLUDED.due_time, lease_token = EXCLUDED.lease_token,
                lease_until = '-infinity', attempt = 0, postponed = 0,
                parked_time = NULL, parked_reason = NULL",
    )
    .bind(tenant.uuid())
    .bind(kind)
    .bind(subjects)
    .bind(due_times)
    .execute(&mut **tx)
    .await?;
    Ok(())
}

/// Cancels the timer and tells whether there was one. A worker that is on it can no longer
/// finish; if it finished first, there is none.
///
/// # Errors
/// [`DbError`] of the statement.
pub async fn cancel_in_tx(
    tx: &mut Tx,
    tenant: TenantId,
    kind: &str,
    subject_id: Uuid,
) -> Result<bool, DbError> {
    Ok(cancel_all_in_tx(tx, tenant, kind, &[subject_id]).await? == 1)
}

/// As [`cancel_in_tx`], the timers of several subjects; tells how many there were.
///
/// # Errors
/// [`DbError`] of the statement.
pub async fn cancel_all_in_tx(
    tx: &mut Tx,
    tenant: TenantId,
    kind: &str,
    subjects: &[Uuid],
) -> Result<u64, DbError> {
    if subjects.is_empty() {
        return Ok(0);
    }
    let cancelled = sqlx::query(
        "DELETE FROM timer WHERE tenant_id = $1 AND kind = $2 AND subject_id = ANY ($3)",
    )
    .bind(tenant.uuid())
    .bind(kind)
    .bind(subjects)
    .execute(&mut **tx)
    .await?;
    Ok(cancelled.rows_affected())
}

/// When the timer is due, where there is one; parked ones included.
///
/// # Errors
/// [`DbError`] of the statement.
pub async fn due_in_tx(
    tx: &mut Tx,
    tenant: TenantId,
    kind: &str,
    subject_id: Uuid,
) -> Result<Option<Timestamp>, DbError> {
    let due: Option<jiff_sqlx::Timestamp> = sqlx::query_scalar(
        "SELECT due_time FROM timer WHERE tenant_id = $1 AND kind = $2 AND subject_id = $3",
    )
    .bind(tenant.uuid())
    .bind(kind)
    .bind(subject_id)
    .fetch_optional(&mut **tx)
    .await?;
    Ok(due.map(jiff_sqlx::Timestamp::to_jiff))
}
