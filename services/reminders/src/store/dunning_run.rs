//! Dunning runs: what was asked for, how far they are.

pub mod item;

use jiff_sqlx::ToSqlx as _;
use postgres::{DbError, TenantId, Tx};
use serde_json::Value;
use uuid::Uuid;

use calendar::{Date, Timestamp};

use super::row;
use crate::domain::code::Level;
use crate::domain::dunning_run::{DunningRun, DunningRunFilter, DunningRunState};
use crate::domain::id::{CaseId, CustomerId, DunningRunId};

struct Row {
    dunning_run_id: Uuid,
    run_date: jiff_sqlx::Date,
    filter: Value,
    state: String,
    case_count: i32,
    created_time: jiff_sqlx::Timestamp,
    created_by: String,
    approved_time: Option<jiff_sqlx::Timestamp>,
    approved_by: Option<String>,
    completed_time: Option<jiff_sqlx::Timestamp>,
    revision: i64,
}

impl Row {
    fn into_run(self) -> Result<DunningRun, DbError> {
        Ok(DunningRun {
            dunning_run_id: DunningRunId::new(self.dunning_run_id),
            run_date: self.run_date.to_jiff(),
            filter: row::from_json("filter", self.filter)?,
            state: row::named("state", &self.state)?,
            case_count: row::read("case_count", self.case_count.try_into())?,
            created_time: self.created_time.to_jiff(),
            created_by: self.created_by,
            approved: row::time(self.approved_time).zip(self.approved_by),
            completed_time: row::time(self.completed_time),
            revision: self.revision,
        })
    }
}

macro_rules! select {
    ($rest:literal, $($arguments:tt)*) => {
        sqlx::query_as!(
            Row,
            "SELECT dunning_run_id, run_date, filter, state, case_count, created_time, created_by,
                    approved_time, approved_by, completed_time, revision
               FROM dunning_run " + $rest,
            $($arguments)*
        )
    };
}

/// Stores a new run.
///
/// # Errors
/// [`DbError`] of the statement.
pub async fn insert_in_tx(tx: &mut Tx, tenant: TenantId, run: &DunningRun) -> Result<(), DbError> {
    sqlx::query!(
        "INSERT INTO dunning_run (tenant_id, dunning_run_id, run_date, filter, state, case_count,
                                  created_time, created_by, revision)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)",
        tenant.uuid(),
        run.dunning_run_id.uuid(),
        run.run_date.to_sqlx() as _,
        row::to_json(&run.filter)?,
        run.state.name(),
        i32::try_from(run.case_count).unwrap_or(i32::MAX),
        run.created_time.to_sqlx() as _,
        run.created_by,
        run.revision,
    )
    .execute(&mut **tx)
    .await?;
    Ok(())
}

/// Stores where a run stands; one that is carried out after its preview begins anew.
///
/// # Errors
/// [`DbError`] of the statement.
pub async fn update_in_tx(tx: &mut Tx, tenant: TenantId, run: &DunningRun) -> Result<(), DbError> {
    let approved = run.approved.as_ref();
    sqlx::query!(
        "UPDATE dunning_run
            SET state = $3, case_count = $4, approved_time = $5, approved_by = $6,
                completed_time = $7, revision = $8,
                judged_to_case = CASE WHEN $7::timestamptz IS NULL THEN NULL ELSE judged_to_case END
          WHERE tenant_id = $1 AND dunning_run_id = $2",
        tenant.uuid(),
        run.dunning_run_id.uuid(),
        run.state.name(),
        i32::try_from(run.case_count).unwrap_or(i32::MAX),
        approved.map(|(time, _)| time.to_sqlx()) as _,
        approved.map(|(_, by)| by),
        run.completed_time.map(|time| time.to_sqlx()) as _,
        run.revision,
    )
    .execute(&mut **tx)
    .await?;
    Ok(())
}

/// One run.
///
/// # Errors
/// [`DbError`] of the statement.
pub async fn find_in_tx(
    tx: &mut Tx,
    tenant: TenantId,
    dunning_run_id: DunningRunId,
) -> Result<Option<DunningRun>, DbError> {
    let found = select!(
        "WHERE tenant_id = $1 AND dunning_run_id = $2",
        tenant.uuid(),
        dunning_run_id.uuid(),
    );
    let found = found.fetch_optional(&mut **tx).await?;
    found.map(Row::into_run).transpose()
}

/// Locks a run until the transaction ends; tells the last case that was judged.
///
/// # Errors
/// [`DbError`] of the statements.
pub async fn lock_in_tx(
    tx: &mut Tx,
    tenant: TenantId,
    dunning_run_id: DunningRunId,
) -> Result<Option<(DunningRun, Option<CaseId>)>, DbError> {
    let cursor = sqlx::query_scalar!(
        "SELECT judged_to_case FROM dunning_run WHERE tenant_id = $1 AND dunning_run_id = $2
            FOR UPDATE",
        tenant.uuid(),
        dunning_run_id.uuid(),
    );
    let Some(cursor) = cursor.fetch_optional(&mut **tx).await? else {
        return Ok(None);
    };
    let run = find_in_tx(tx, tenant, dunning_run_id).await?;
    Ok(run.map(|run| (run, cursor.map(CaseId::new))))
}

/// Notes the last case that was judged.
///
/// # Errors
/// [`DbError`] of the statement.
pub async fn move_on_in_tx(
    tx: &mut Tx,
    tenant: TenantId,
    dunning_run_id: DunningRunId,
    to: CaseId,
) -> Result<(), DbError> {
    sqlx::query!(
        "UPDATE dunning_run SET judged_to_case = $3 WHERE tenant_id = $1 AND dunning_run_id = $2",
        tenant.uuid(),
        dunning_run_id.uuid(),
        to.uuid(),
    )
    .execute(&mut **tx)
    .await?;
    Ok(())
}

/// The lowest level that a run looks at; none where there is no such run.
///
/// # Errors
/// [`DbError`] of the statement.
pub async fn min_level_in_tx(
    tx: &mut Tx,
    tenant: TenantId,
    dunning_run_id: DunningRunId,
) -> Result<Level, DbError> {
    let run = find_in_tx(tx, tenant, dunning_run_id).await?;
    Ok(run.map_or(Level::NONE, |run| run.filter.min_level))
}

/// The cases of a filter on which something is owed: the next ones behind `after`, by identity.
///
/// # Errors
/// [`DbError`] of the statement.
pub async fn cases_in_tx(
    tx: &mut Tx,
    tenant: TenantId,
    filter: &DunningRunFilter,
    after: Option<CaseId>,
    limit: i64,
) -> Result<Vec<CaseId>, DbError> {
    let (customers, segments) = arrays(filter);
    let found = sqlx::query_scalar!(
        "SELECT case_id FROM collection_case
          WHERE tenant_id = $1 AND state = 'OPEN'
            AND (cardinality($2::uuid[]) = 0 OR customer_id = ANY ($2))
            AND (cardinality($3::text[]) = 0 OR segment = ANY ($3))
            AND ($4::uuid IS NULL OR case_id > $4)
          ORDER BY case_id LIMIT $5",
        tenant.uuid(),
        &customers,
        &segments,
        after.map(CaseId::uuid),
        limit,
    )
    .fetch_all(&mut **tx)
    .await?;
    Ok(found.into_iter().map(CaseId::new).collect())
}

/// How many cases a filter has.
///
/// # Errors
/// [`DbError`] of the statement.
pub async fn count_cases_in_tx(
    tx: &mut Tx,
    tenant: TenantId,
    filter: &DunningRunFilter,
) -> Result<u32, DbError> {
    let (customers, segments) = arrays(filter);
    let count = sqlx::query_scalar!(
        r#"SELECT count(*) AS "count!" FROM collection_case
            WHERE tenant_id = $1 AND state = 'OPEN'
              AND (cardinality($2::uuid[]) = 0 OR customer_id = ANY ($2))
              AND (cardinality($3::text[]) = 0 OR segment = ANY ($3))"#,
        tenant.uuid(),
        &customers,
        &segments,
    )
    .fetch_one(&mut **tx)
    .await?;
    row::read("case_count", count.try_into())
}

fn arrays(filter: &DunningRunFilter) -> (Vec<Uuid>, Vec<String>) {
    let customers = filter.customer_ids.iter().copied().map(CustomerId::uuid);
    (
        customers.collect(),
        filter.segments.iter().cloned().collect(),
    )
}

/// What narrows a listing.
#[derive(Debug, Clone, Default)]
pub struct Filter {
    /// Only in this state.
    pub state: Option<DunningRunState>,
    /// Only for this day or later.
    pub from: Option<Date>,
    /// Only for this day or earlier.
    pub to: Option<Date>,
}

/// Where a listing goes on: time and identity of the last run that was shown.
pub type Place = (Timestamp, Uuid);

/// Runs behind a place, newest first.
///
/// # Errors
/// [`DbError`] of the statement.
pub async fn list_in_tx(
    tx: &mut Tx,
    tenant: TenantId,
    filter: &Filter,
    after: Option<&Place>,
    limit: i64,
) -> Result<Vec<DunningRun>, DbError> {
    let found = select!(
        "WHERE tenant_id = $1
           AND ($2::text IS NULL OR state = $2)
           AND ($3::date IS NULL OR run_date >= $3)
           AND ($4::date IS NULL OR run_date <= $4)
           AND ($5::timestamptz IS NULL OR (created_time, dunning_run_id) < ($5, $6::uuid))
         ORDER BY created_time DESC, dunning_run_id DESC LIMIT $7",
        tenant.uuid(),
        filter.state.map(DunningRunState::name),
        filter.from.map(|day| day.to_sqlx()) as _,
        filter.to.map(|day| day.to_sqlx()) as _,
        after.map(|(time, _)| time.to_sqlx()) as _,
        after.map(|(_, run_id)| *run_id),
        limit,
    );
    let found = found.fetch_all(&mut **tx).await?;
    found.into_iter().map(Row::into_run).collect()
}
