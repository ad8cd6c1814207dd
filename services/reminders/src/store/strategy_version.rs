//! Versions of strategies, and which active one serves a segment. What a version says is written
//! once; where it stands changes under the lock of its strategy.

use jiff_sqlx::ToSqlx as _;
use postgres::{DbError, TenantId, Tx};
use serde_json::Value;
use uuid::Uuid;

use super::row;
use crate::domain::id::StrategyId;
use crate::domain::strategy::StrategyVersion;

#[derive(sqlx::Decode)]
pub(super) struct Row {
    strategy_id: Uuid,
    strategy_code: String,
    version: i32,
    state: String,
    definition: Value,
    change_note: String,
    created_time: jiff_sqlx::Timestamp,
    created_by: String,
    activated_time: Option<jiff_sqlx::Timestamp>,
    activated_by: Option<String>,
}

row::nested!(Row);

impl Row {
    pub(super) fn into_version(self) -> Result<StrategyVersion, DbError> {
        Ok(StrategyVersion {
            strategy_id: StrategyId::new(self.strategy_id),
            strategy_code: row::named("strategy_code", &self.strategy_code)?,
            version: self.version,
            state: row::named("state", &self.state)?,
            definition: row::from_json("definition", self.definition)?,
            change_note: self.change_note,
            created_time: self.created_time.to_jiff(),
            created_by: self.created_by,
            activated: row::time(self.activated_time).zip(self.activated_by),
        })
    }
}

/// Versions with the code of their strategy.
macro_rules! select {
    ($rest:literal, $($arguments:tt)*) => {
        sqlx::query_as!(
            Row,
            r#"SELECT strategy_id, strategy_code, version, state, definition, change_note,
                      version.created_time, created_by, activated_time, activated_by
                 FROM strategy_version version
                 JOIN strategy USING (tenant_id, strategy_id) "# + $rest,
            $($arguments)*
        )
    };
}

/// Stores a new version.
///
/// # Errors
/// [`DbError`] of the statement.
pub async fn insert_in_tx(
    tx: &mut Tx,
    tenant: TenantId,
    version: &StrategyVersion,
) -> Result<(), DbError> {
    let activated = version.activated.as_ref();
    sqlx::query!(
        "INSERT INTO strategy_version (tenant_id, strategy_id, version, state, definition,
                                       change_note, created_time, created_by, activated_time,
                                       activated_by)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)",
        tenant.uuid(),
        version.strategy_id.uuid(),
        version.version,
        version.state.name(),
        row::to_json(&version.definition)?,
        version.change_note,
        version.created_time.to_sqlx() as _,
        version.created_by,
        activated.map(|(time, _)| time.to_sqlx()) as _,
        activated.map(|(_, by)| by),
    )
    .execute(&mut **tx)
    .await?;
    Ok(())
}

/// Stores where a version stands.
///
/// # Errors
/// [`DbError`] of the statement.
pub async fn update_in_tx(
    tx: &mut Tx,
    tenant: TenantId,
    version: &StrategyVersion,
) -> Result<(), DbError> {
    let activated = version.activated.as_ref();
    sqlx::query!(
        "UPDATE strategy_version SET state = $4, activated_time = $5, activated_by = $6
          WHERE tenant_id = $1 AND strategy_id = $2 AND version = $3",
        tenant.uuid(),
        version.strategy_id.uuid(),
        version.version,
        version.state.name(),
        activated.map(|(time, _)| time.to_sqlx()) as _,
        activated.map(|(_, by)| by),
    )
    .execute(&mut **tx)
    .await?;
    Ok(())
}

/// One version.
///
/// # Errors
/// [`DbError`] of the statement.
pub async fn find_in_tx(
    tx: &mut Tx,
    tenant: TenantId,
    strategy_id: StrategyId,
    version: i32,
) -> Result<Option<StrategyVersion>, DbError> {
    select!(
        "WHERE tenant_id = $1 AND strategy_id = $2 AND version = $3",
        tenant.uuid(),
        strategy_id.uuid(),
        version,
    )
    .fetch_optional(&mut **tx)
    .await?
    .map(Row::into_version)
    .transpose()
}

/// Versions of a strategy below a number, newest first.
///
/// # Errors
/// [`DbError`] of the statement.
pub async fn list_in_tx(
    tx: &mut Tx,
    tenant: TenantId,
    strategy_id: StrategyId,
    below: Option<&i32>,
    limit: i64,
) -> Result<Vec<StrategyVersion>, DbError> {
    select!(
        "WHERE tenant_id = $1 AND strategy_id = $2 AND ($3::integer IS NULL OR version < $3)
              ORDER BY version DESC LIMIT $4",
        tenant.uuid(),
        strategy_id.uuid(),
        below,
        limit,
    )
    .fetch_all(&mut **tx)
    .await?
    .into_iter()
    .map(Row::into_version)
    .collect()
}

/// The versions in force of all strategies, by code: [`crate::domain::strategy::serving`] says which
/// of them serves a segment.
///
/// # Errors
/// [`DbError`] of the statement.
pub async fn active_in_tx(tx: &mut Tx, tenant: TenantId) -> Result<Vec<StrategyVersion>, DbError> {
    select!(
        r#"WHERE tenant_id = $1 AND state = 'ACTIVE' ORDER BY strategy_code COLLATE "C""#,
        tenant.uuid(),
    )
    .fetch_all(&mut **tx)
    .await?
    .into_iter()
    .map(Row::into_version)
    .collect()
}

/// Takes the segments that a version serves for its strategy, and gives up those it had; `false`:
/// another strategy has one of them by now, as when two are put in force at the same moment.
///
/// # Errors
/// [`DbError`] of the statement.
pub async fn take_segments_in_tx(
    tx: &mut Tx,
    tenant: TenantId,
    version: &StrategyVersion,
) -> Result<bool, DbError> {
    sqlx::query!(
        "DELETE FROM strategy_segment WHERE tenant_id = $1 AND strategy_id = $2",
        tenant.uuid(),
        version.strategy_id.uuid(),
    )
    .execute(&mut **tx)
    .await?;
    let mut segments: Vec<String> = version.definition.segments.iter().cloned().collect();
    if segments.is_empty() {
        // The empty text stands for every segment that no strategy names.
        segments.push(String::new());
    }
    let taken = sqlx::query!(
        "INSERT INTO strategy_segment (tenant_id, segment, strategy_id)
         SELECT $1, segment, $2 FROM unnest($3::text[]) AS segment
         ON CONFLICT ON CONSTRAINT strategy_segment_taken DO NOTHING",
        tenant.uuid(),
        version.strategy_id.uuid(),
        &segments,
    )
    .execute(&mut **tx)
    .await?;
    Ok(usize::try_from(taken.rows_affected()) == Ok(segments.len()))
}

/// The version of a name as messages carry it: `strategy/<code>@<version>`.
///
/// # Errors
/// [`DbError`] of the statement.
pub async fn named_in_tx(
    tx: &mut Tx,
    tenant: TenantId,
    name: &str,
) -> Result<Option<StrategyVersion>, DbError> {
    select!(
        "WHERE tenant_id = $1 AND 'strategy/' || strategy_code || '@' || version = $2",
        tenant.uuid(),
        name,
    )
    .fetch_optional(&mut **tx)
    .await?
    .map(Row::into_version)
    .transpose()
}
