//! Claiming due rows: the one place where a timer becomes somebody's work. Everything here
//! runs as the background role, one statement by itself: a claim of which nothing was heard ends
//! with its lease.

use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use jiff_sqlx::ToSqlx as _;
use postgres::{DbError, OwnConnection, TenantId};
use sqlx::Row as _;
use sqlx::postgres::PgRow;
use tokio::time::Instant;
use uuid::Uuid;

use crate::Scheduled;

/// A timer that a worker has taken up: what the handler gets, and what it settles.
#[derive(Debug, Clone)]
pub struct Claim {
    /// Whose it is.
    pub tenant: TenantId,
    /// The job that does it.
    pub kind: String,
    /// What it is about.
    pub subject_id: Uuid,
    /// Since when it is due, by the injected clock.
    pub due_time: Timestamp,
    /// The number of this try, from 1.
    pub attempt: i32,
    /// How often it was put off before for somebody else's sake.
    pub postponed: i32,
    /// Proof of the claim; never given out twice.
    pub token: i64,
    /// When the handler is stopped, in real time: a tenth of the lease before its end, so that
    /// what came of the try is noted while nobody else can claim the timer.
    pub stop_time: Instant,
}

impl Claim {
    pub(crate) fn scheduled(&self) -> Scheduled {
        Scheduled {
            due_time: self.due_time,
            tenant: self.tenant,
            kind: self.kind.clone(),
            subject_id: self.subject_id,
        }
    }
}

/// Who claims: which kinds, at what business time, for how long.
#[derive(Debug)]
pub(crate) struct Terms {
    /// The kinds that this process has a handler for. Others stay for the release that does.
    pub(crate) kinds: Arc<[String]>,
    /// Now, by the injected clock.
    pub(crate) now: Timestamp,
    /// Length of the lease, in real time.
    pub(crate) lease: Duration,
}

/// Claims those of `wanted` that are due and free.
pub(crate) async fn claim_named(
    claims: &mut OwnConnection,
    terms: &Terms,
    wanted: &[Scheduled],
) -> Result<Vec<Claim>, DbError> {
    let column = wanted
        .iter()
        .map(|wanted| (wanted.tenant.uuid(), wanted.kind.clone()));
    let (tenants, kinds): (Vec<Uuid>, Vec<String>) = column.unzip();
    let subjects: Vec<Uuid> = wanted.iter().map(|wanted| wanted.subject_id).collect();
    let query = sqlx::query(
        "WITH free AS (
             SELECT tenant_id, kind, subject_id FROM timer
              WHERE (tenant_id, kind, subject_id) IN (
                        SELECT * FROM unnest($4::uuid[], $5::text[], $6::uuid[]))
                AND parked_time IS NULL AND due_time <= $1
                AND lease_until <= now() AND kind = ANY ($2)
                FOR UPDATE SKIP LOCKED)
         UPDATE timer
            SET lease_until = now() + $3 * interval '1 millisecond',
                lease_token = nextval('timer_token'), attempt = attempt + 1
           FROM free
          WHERE (timer.tenant_id, timer.kind, timer.subject_id)
              = (free.tenant_id, free.kind, free.subject_id)
         RETURNING timer.*",
    );
    let query = bind_terms(query, terms)
        .bind(tenants)
        .bind(kinds)
        .bind(subjects);
    run(claims, terms, query).await
}

/// Claims the first `limit` free rows behind `after` in the order of the sweep; from the
/// very first where there is no `after`.
pub(crate) async fn claim_next(
    claims: &mut OwnConnection,
    terms: &Terms,
    after: Option<&Scheduled>,
    limit: usize,
) -> Result<Vec<Claim>, DbError> {
    let query = sqlx::query(
        "WITH free AS (
             SELECT tenant_id, kind, subject_id FROM timer
              WHERE (due_time, tenant_id, kind, subject_id)
                        > (coalesce($4, '-infinity'::timestamptz), $5, $6, $7)
                AND parked_time IS NULL AND due_time <= $1
                AND lease_until <= now() AND kind = ANY ($2)
              ORDER BY due_time, tenant_id, kind, subject_id
              LIMIT $8
                FOR UPDATE SKIP LOCKED)
         UPDATE timer
            SET lease_until = now() + $3 * interval '1 millisecond',
                lease_token = nextval('timer_token'), attempt = attempt + 1
           FROM free
          WHERE (timer.tenant_id, timer.kind, timer.subject_id)
              = (free.tenant_id, free.kind, free.subject_id)
         RETURNING timer.*",
    );
    let query = bind_position(bind_terms(query, terms), after);
    run(
        claims,
        terms,
        query.bind(i64::try_from(limit).unwrap_or(i64::MAX)),
    )
    .await
}

pub(crate) type Query<'q> = sqlx::query::Query<'q, sqlx::Postgres, sqlx::postgres::PgArguments>;

fn bind_terms<'q>(query: Query<'q>, terms: &'q Terms) -> Query<'q> {
    let lease_ms = i64::try_from(terms.lease.as_millis()).unwrap_or(i64::MAX);
    query
        .bind(terms.now.to_sqlx())
        .bind(&*terms.kinds)
        .bind(lease_ms)
}

/// Binds a place in the order of the sweep: four values, of which the time is null for the
/// place before all rows.
pub(crate) fn bind_position<'q>(query: Query<'q>, after: Option<&Scheduled>) -> Query<'q> {
    query
        .bind(after.map(|after| after.due_time.to_sqlx()))
        .bind(after.map_or(Uuid::nil(), |after| after.tenant.uuid()))
        .bind(after.map_or_else(String::new, |after| after.kind.clone()))
        .bind(after.map_or(Uuid::nil(), |after| after.subject_id))
}

async fn run(
    claims: &mut OwnConnection,
    terms: &Terms,
    query: Query<'_>,
) -> Result<Vec<Claim>, DbError> {
    // Before the statement that sets the lease: so the process never believes in its lease
    // longer than the database does.
    let stop_time = Instant::now() + terms.lease - terms.lease / 10;
    let rows = claims.change(query).await?;
    Ok(rows
        .iter()
        .map(|row| from_row(row, stop_time))
        .collect::<Result<_, _>>()?)
}

fn from_row(row: &PgRow, stop_time: Instant) -> Result<Claim, sqlx::Error> {
    let Scheduled {
        due_time,
        tenant,
        kind,
        subject_id,
    } = Scheduled::from_row(row)?;
    Ok(Claim {
        tenant,
        kind,
        subject_id,
        due_time,
        attempt: row.try_get("attempt")?,
        postponed: row.try_get("postponed")?,
        token: row.try_get("lease_token")?,
        stop_time,
    })
}
