//! Strategies: the names under which versions stand. Whoever changes one holds its row.

use calendar::Timestamp;
use jiff_sqlx::ToSqlx as _;
use postgres::{DbError, TenantId, Tx};
use uuid::Uuid;

use super::row;
use crate::domain::code::Code;
use crate::domain::id::StrategyId;
use crate::domain::strategy::Strategy;

struct Row {
    strategy_id: Uuid,
    strategy_code: String,
    display_name: String,
    active_version: Option<i32>,
    latest_version: i32,
    created_time: jiff_sqlx::Timestamp,
    revision: i64,
}

impl Row {
    fn into_strategy(self) -> Result<Strategy, DbError> {
        let created_time: Timestamp = self.created_time.to_jiff();
        Ok(Strategy {
            strategy_id: StrategyId::new(self.strategy_id),
            strategy_code: row::named("strategy_code", &self.strategy_code)?,
            display_name: self.display_name,
            active_version: self.active_version,
            latest_version: self.latest_version,
            created_time,
            revision: self.revision,
        })
    }
}

/// How a strategy is asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Key {
    /// By its identity.
    Id(StrategyId),
    /// By its short name.
    Code(Code),
}

/// Stores a new strategy; `false`: its code is taken, and nothing is written.
///
/// # Errors
/// [`DbError`] of the statement.
pub async fn insert_in_tx(
    tx: &mut Tx,
    tenant: TenantId,
    strategy: &Strategy,
) -> Result<bool, DbError> {
    let inserted = sqlx::query!(
        "INSERT INTO strategy (tenant_id, strategy_id, strategy_code, display_name, active_version,
                               latest_version, created_time, revision)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
         ON CONFLICT ON CONSTRAINT strategy_code_taken DO NOTHING",
        tenant.uuid(),
        strategy.strategy_id.uuid(),
        strategy.strategy_code.as_str(),
        strategy.display_name,
        strategy.active_version,
        strategy.latest_version,
        strategy.created_time.to_sqlx() as _,
        strategy.revision,
    )
    .execute(&mut **tx)
    .await?;
    Ok(inserted.rows_affected() == 1)
}

/// Stores which versions a strategy has.
///
/// # Errors
/// [`DbError`] of the statement.
pub async fn update_in_tx(
    tx: &mut Tx,
    tenant: TenantId,
    strategy: &Strategy,
) -> Result<(), DbError> {
    sqlx::query!(
        "UPDATE strategy SET active_version = $3, latest_version = $4, revision = $5
          WHERE tenant_id = $1 AND strategy_id = $2",
        tenant.uuid(),
        strategy.strategy_id.uuid(),
        strategy.active_version,
        strategy.latest_version,
        strategy.revision,
    )
    .execute(&mut **tx)
    .await?;
    Ok(())
}

/// A strategy, locked until the transaction ends.
///
/// # Errors
/// [`DbError`] of the statement.
pub async fn lock_in_tx(
    tx: &mut Tx,
    tenant: TenantId,
    strategy_id: StrategyId,
) -> Result<Option<Strategy>, DbError> {
    sqlx::query_as!(
        Row,
        "SELECT strategy_id, strategy_code, display_name, active_version, latest_version,
                created_time, revision
           FROM strategy WHERE tenant_id = $1 AND strategy_id = $2 FOR UPDATE",
        tenant.uuid(),
        strategy_id.uuid(),
    )
    .fetch_optional(&mut **tx)
    .await?
    .map(Row::into_strategy)
    .transpose()
}

/// A strategy, to read.
///
/// # Errors
/// [`DbError`] of the statement.
pub async fn find_in_tx(
    tx: &mut Tx,
    tenant: TenantId,
    key: &Key,
) -> Result<Option<Strategy>, DbError> {
    let (strategy_id, strategy_code) = match key {
        Key::Id(id) => (Some(id.uuid()), None),
        Key::Code(code) => (None, Some(code.as_str())),
    };
    sqlx::query_as!(
        Row,
        "SELECT strategy_id, strategy_code, display_name, active_version, latest_version,
                created_time, revision
           FROM strategy
          WHERE tenant_id = $1 AND (strategy_id = $2 OR strategy_code = $3)",
        tenant.uuid(),
        strategy_id,
        strategy_code,
    )
    .fetch_optional(&mut **tx)
    .await?
    .map(Row::into_strategy)
    .transpose()
}

/// Strategies behind a code, by code.
///
/// # Errors
/// [`DbError`] of the statement.
pub async fn list_in_tx(
    tx: &mut Tx,
    tenant: TenantId,
    after: Option<&String>,
    limit: i64,
) -> Result<Vec<Strategy>, DbError> {
    sqlx::query_as!(
        Row,
        r#"SELECT strategy_id, strategy_code, display_name, active_version, latest_version,
                  created_time, revision
             FROM strategy
            WHERE tenant_id = $1 AND ($2::text IS NULL OR strategy_code COLLATE "C" > $2)
            ORDER BY strategy_code COLLATE "C" LIMIT $3"#,
        tenant.uuid(),
        after,
        limit,
    )
    .fetch_all(&mut **tx)
    .await?
    .into_iter()
    .map(Row::into_strategy)
    .collect()
}
