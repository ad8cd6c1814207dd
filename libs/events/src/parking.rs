//! Events that could not be applied.
//!
//! A parked event holds back the later events of its own subject, so that none
//! overtakes it, and no others. Replaying applies them in order, each in a
//! transaction of its own, under the cursor's lock: an event of the same subject
//! that arrives meanwhile is either parked before the replay looks for the next
//! one, or comes after the subject is free again.

use std::collections::HashSet;

use contracts::common::Event;
use jiff::Timestamp;
use jiff_sqlx::ToSqlx as _;
use postgres::{Database, DbError, TenantId, Tx};
use prost::Message as _;
use sqlx::Row as _;
use sqlx::postgres::PgRow;

use crate::apply::{Apply, ApplyError};
use crate::cursor;

/// An event that waits for somebody to mend its cause.
#[derive(Debug, Clone, PartialEq)]
pub struct ParkedEvent {
    /// The envelope as it came.
    pub event: Event,
    /// The failure of the last try, or that an earlier event is parked.
    pub reason: String,
    /// How often it was tried.
    pub tries: i32,
    /// When it was parked.
    pub parked_time: Timestamp,
}

/// What a replay came to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Replayed {
    /// Events that acted.
    pub applied: u32,
    /// Events still parked.
    pub left: u32,
    /// Why the first of those failed again.
    pub reason: Option<String>,
}

/// Of `subjects`, those with a parked event.
pub(crate) async fn parked_subjects_in_tx(
    tx: &mut Tx,
    tenant: TenantId,
    source: &str,
    subjects: &[String],
) -> Result<HashSet<String>, DbError> {
    let parked: Vec<String> = sqlx::query_scalar(
        "SELECT DISTINCT subject FROM parked_event
          WHERE tenant_id = $1 AND source = $2 AND subject = ANY ($3)",
    )
    .bind(tenant.uuid())
    .bind(source)
    .bind(subjects)
    .fetch_all(&mut **tx)
    .await?;
    Ok(parked.into_iter().collect())
}

/// Parks an event.
pub(crate) async fn park_in_tx(
    tx: &mut Tx,
    tenant: TenantId,
    parked: &ParkedEvent,
) -> Result<(), DbError> {
    let event = &parked.event;
    sqlx::query(
        "INSERT INTO parked_event (tenant_id, source, position, subject, event, reason, tries, parked_time)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
    )
    .bind(tenant.uuid())
    .bind(&event.source)
    .bind(event.position)
    .bind(&event.subject)
    .bind(event.encode_to_vec())
    .bind(&parked.reason)
    .bind(parked.tries)
    .bind(parked.parked_time.to_sqlx())
    .execute(&mut **tx)
    .await?;
    Ok(())
}

/// Parked events after a place in the listing (source, position), oldest first
/// within a source.
///
/// # Errors
/// [`DbError`] of the statement.
pub async fn list(
    db: &Database,
    tenant: Option<TenantId>,
    source: Option<&str>,
    after: Option<&(String, i64)>,
    limit: i64,
) -> Result<Vec<ParkedEvent>, DbError> {
    let (after_source, after_position) = after.map_or(("", 0), |(source, at)| (source, *at));
    let mut tx = db.begin_background().await?;
    let rows = sqlx::query(
        "SELECT event, reason, tries, parked_time FROM parked_event
          WHERE ($1::uuid IS NULL OR tenant_id = $1)
            AND ($2::text IS NULL OR source = $2)
            AND (source, position) > ($3, $4)
          ORDER BY source, position LIMIT $5",
    )
    .bind(tenant.map(TenantId::uuid))
    .bind(source)
    .bind(after_source)
    .bind(after_position)
    .bind(limit)
    .fetch_all(&mut *tx)
    .await?;
    tx.commit().await?;
    Ok(rows.iter().map(from_row).collect::<Result<_, _>>()?)
}

/// How many events are parked, of all feeds and tenants.
///
/// # Errors
/// [`DbError`] of the statement.
pub async fn count(db: &Database) -> Result<i64, DbError> {
    let mut tx = db.begin_background().await?;
    let count = sqlx::query_scalar("SELECT count(*) FROM parked_event")
        .fetch_one(&mut *tx)
        .await?;
    tx.commit().await?;
    Ok(count)
}

/// Applies the parked events of one subject in order, until none is left or one
/// fails again. None where nothing is parked for the subject.
///
/// # Errors
/// [`DbError`] when the database fails; what was applied before stands.
pub async fn replay<A: Sync>(
    db: &Database,
    app: &A,
    apply: Apply<A>,
    tenant: TenantId,
    source: &str,
    subject: &str,
) -> Result<Option<Replayed>, DbError> {
    let mut applied = 0;
    let reason = loop {
        match replay_next(db, app, apply, tenant, source, subject).await? {
            Next::Applied => applied += 1,
            Next::Failed(reason) => break Some(reason),
            Next::NoneLeft => break None,
        }
    };
    let left = count_of_subject(db, tenant, source, subject).await?;
    Ok((applied > 0 || left > 0).then_some(Replayed {
        applied,
        left,
        reason,
    }))
}

enum Next {
    Applied,
    Failed(String),
    NoneLeft,
}

async fn replay_next<A: Sync>(
    db: &Database,
    app: &A,
    apply: Apply<A>,
    tenant: TenantId,
    source: &str,
    subject: &str,
) -> Result<Next, DbError> {
    let mut tx = cursor::take_turn(db, tenant).await?;
    let row = sqlx::query(
        "SELECT event, reason, tries, parked_time FROM parked_event
          WHERE tenant_id = $1 AND source = $2 AND subject = $3 ORDER BY position LIMIT 1",
    )
    .bind(tenant.uuid())
    .bind(source)
    .bind(subject)
    .fetch_optional(&mut *tx)
    .await?;
    let Some(row) = row else {
        return Ok(Next::NoneLeft);
    };
    let parked = from_row(&row)?;
    match apply.call(app, &mut tx, &[&parked.event]).await {
        Ok(()) => {
            unpark_in_tx(&mut tx, tenant, &parked.event).await?;
            tx.commit().await?;
            Ok(Next::Applied)
        }
        Err(ApplyError::Retry(error)) => {
            tx.rollback().await?;
            Err(error)
        }
        Err(ApplyError::Poison(reason)) => {
            tx.rollback().await?;
            note_failure(db, tenant, &parked.event, &reason).await?;
            Ok(Next::Failed(reason))
        }
    }
}

async fn unpark_in_tx(tx: &mut Tx, tenant: TenantId, event: &Event) -> Result<(), DbError> {
    sqlx::query("DELETE FROM parked_event WHERE tenant_id = $1 AND source = $2 AND position = $3")
        .bind(tenant.uuid())
        .bind(&event.source)
        .bind(event.position)
        .execute(&mut **tx)
        .await?;
    Ok(())
}

async fn note_failure(
    db: &Database,
    tenant: TenantId,
    event: &Event,
    reason: &str,
) -> Result<(), DbError> {
    let mut tx = db.begin(tenant).await?;
    sqlx::query(
        "UPDATE parked_event SET tries = tries + 1, reason = $4
          WHERE tenant_id = $1 AND source = $2 AND position = $3",
    )
    .bind(tenant.uuid())
    .bind(&event.source)
    .bind(event.position)
    .bind(reason)
    .execute(&mut *tx)
    .await?;
    tx.commit().await
}

async fn count_of_subject(
    db: &Database,
    tenant: TenantId,
    source: &str,
    subject: &str,
) -> Result<u32, DbError> {
    let mut tx = db.begin_read(tenant).await?;
    let count: i64 = sqlx::query_scalar(
        "SELECT count(*) FROM parked_event WHERE tenant_id = $1 AND source = $2 AND subject = $3",
    )
    .bind(tenant.uuid())
    .bind(source)
    .bind(subject)
    .fetch_one(&mut *tx)
    .await?;
    tx.commit().await?;
    Ok(u32::try_from(count).unwrap_or(u32::MAX))
}

fn from_row(row: &PgRow) -> Result<ParkedEvent, sqlx::Error> {
    let encoded: &[u8] = row.try_get("event")?;
    Ok(ParkedEvent {
        event: Event::decode(encoded).map_err(|error| sqlx::Error::Decode(Box::new(error)))?,
        reason: row.try_get("reason")?,
        tries: row.try_get("tries")?,
        parked_time: row
            .try_get::<jiff_sqlx::Timestamp, _>("parked_time")?
            .to_jiff(),
    })
}
