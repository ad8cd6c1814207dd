//! Timers that failed too often. They stay, with the reason, until somebody has mended the
//! cause and releases them, or schedules them anew.

use jiff::Timestamp;
use postgres::{Database, DbError, TenantId, Tx};
use sqlx::Row as _;
use sqlx::postgres::PgRow;
use uuid::Uuid;

use crate::Scheduled;

/// A timer that waits for somebody to mend its cause.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ParkedTimer {
    /// Whose it is.
    pub tenant: TenantId,
    /// The job that could not do it.
    pub kind: String,
    /// What it is about.
    pub subject_id: Uuid,
    /// Since when it is due.
    pub due_time: Timestamp,
    /// How often it was tried.
    pub attempt: i32,
    /// When it was parked, by the injected clock.
    pub parked_time: Timestamp,
    /// Why the last try failed.
    pub reason: String,
}

/// The place of a parked timer in the listing: tenant, kind, subject.
pub type Place = (TenantId, String, Uuid);

/// Parked timers behind `after`, in the order of their keys; those of the transaction's
/// tenant, or of all tenants in a background transaction.
///
/// # Errors
/// [`DbError`] of the statement.
pub async fn list_in_tx(
    tx: &mut Tx,
    after: Option<&Place>,
    limit: i64,
) -> Result<Vec<ParkedTimer>, DbError> {
    let (tenant, kind, subject_id) = match after {
        Some((tenant, kind, subject_id)) => (tenant.uuid(), kind.as_str(), *subject_id),
        None => (Uuid::nil(), "", Uuid::nil()),
    };
    let rows = sqlx::query(
        "SELECT tenant_id, kind, subject_id, due_time, attempt, parked_time, parked_reason
           FROM timer
          WHERE parked_time IS NOT NULL AND (tenant_id, kind, subject_id) > ($1, $2, $3)
          ORDER BY tenant_id, kind, subject_id LIMIT $4",
    )
    .bind(tenant)
    .bind(kind)
    .bind(subject_id)
    .bind(limit)
    .fetch_all(&mut **tx)
    .await?;
    Ok(rows.iter().map(from_row).collect::<Result<_, _>>()?)
}

/// How many timers are parked, of all tenants.
///
/// # Errors
/// [`DbError`] of the statement.
pub async fn count(db: &Database) -> Result<i64, DbError> {
    let mut tx = db.begin_background().await?;
    let count = sqlx::query_scalar("SELECT count(*) FROM timer WHERE parked_time IS NOT NULL")
        .fetch_one(&mut *tx)
        .await?;
    tx.commit().await?;
    Ok(count)
}

/// Makes a parked timer due again, its tries afresh. None where it is not parked.
///
/// # Errors
/// [`DbError`] of the statement.
pub async fn release_in_tx(
    tx: &mut Tx,
    tenant: TenantId,
    kind: &str,
    subject_id: Uuid,
) -> Result<Option<Scheduled>, DbError> {
    let released = sqlx::query(
        "UPDATE timer
            SET parked_time = NULL, parked_reason = NULL, attempt = 0, postponed = 0,
                lease_token = nextval('timer_token')
          WHERE tenant_id = $1 AND kind = $2 AND subject_id = $3 AND parked_time IS NOT NULL
         RETURNING tenant_id, kind, subject_id, due_time",
    )
    .bind(tenant.uuid())
    .bind(kind)
    .bind(subject_id)
    .fetch_optional(&mut **tx)
    .await?;
    Ok(released.as_ref().map(Scheduled::from_row).transpose()?)
}

fn from_row(row: &PgRow) -> Result<ParkedTimer, sqlx::Error> {
    let Scheduled {
        due_time,
        tenant,
        kind,
        subject_id,
    } = Scheduled::from_row(row)?;
    Ok(ParkedTimer {
        tenant,
        kind,
        subject_id,
        due_time,
        attempt: row.try_get("attempt")?,
        parked_time: row
            .try_get::<jiff_sqlx::Timestamp, _>("parked_time")?
            .to_jiff(),
        reason: row.try_get("parked_reason")?,
    })
}
