//! The placement policy and its versions. Who writes one holds the policy's row.

use jiff_sqlx::ToSqlx as _;
use postgres::{DbError, TenantId, Tx};
use serde_json::Value;

use super::row;
use crate::domain::placement_policy::{PlacementPolicy, PolicyVersion, PolicyVersionState};

/// The policy, locked, with what may change of it kept apart from other writers. Before the first
/// version there is no row: one is written with the first version, and two that write it at the
/// same time meet at its key.
///
/// # Errors
/// [`DbError`] of the statement.
pub async fn lock_in_tx(tx: &mut Tx, tenant: TenantId) -> Result<PlacementPolicy, DbError> {
    let row = sqlx::query!(
        "SELECT active_version, latest_version, version
           FROM placement_policy WHERE tenant_id = $1 FOR UPDATE",
        tenant.uuid(),
    )
    .fetch_optional(&mut **tx)
    .await?;
    Ok(
        row.map_or_else(PlacementPolicy::default, |row| PlacementPolicy {
            active_version: row.active_version,
            latest_version: row.latest_version,
            version: row.version,
        }),
    )
}

/// The policy, to read.
///
/// # Errors
/// [`DbError`] of the statement.
pub async fn find_in_tx(tx: &mut Tx, tenant: TenantId) -> Result<PlacementPolicy, DbError> {
    let row = sqlx::query!(
        "SELECT active_version, latest_version, version
           FROM placement_policy WHERE tenant_id = $1",
        tenant.uuid(),
    )
    .fetch_optional(&mut **tx)
    .await?;
    Ok(
        row.map_or_else(PlacementPolicy::default, |row| PlacementPolicy {
            active_version: row.active_version,
            latest_version: row.latest_version,
            version: row.version,
        }),
    )
}

/// Stores the policy; `false`: somebody else wrote the first version meanwhile, and nothing is
/// written.
///
/// # Errors
/// [`DbError`] of the statement.
pub async fn save_in_tx(
    tx: &mut Tx,
    tenant: TenantId,
    policy: &PlacementPolicy,
) -> Result<bool, DbError> {
    let written = sqlx::query!(
        "INSERT INTO placement_policy (tenant_id, active_version, latest_version, version)
         VALUES ($1, $2, $3, $4)
         ON CONFLICT (tenant_id) DO UPDATE
            SET active_version = excluded.active_version,
                latest_version = excluded.latest_version, version = excluded.version
          WHERE placement_policy.version = excluded.version - 1",
        tenant.uuid(),
        policy.active_version,
        policy.latest_version,
        policy.version,
    )
    .execute(&mut **tx)
    .await?;
    Ok(written.rows_affected() == 1)
}

struct Row {
    version: i32,
    state: String,
    definition: Value,
    change_note: String,
    created_time: jiff_sqlx::Timestamp,
    created_by: String,
    activated_time: Option<jiff_sqlx::Timestamp>,
    activated_by: Option<String>,
}

impl Row {
    fn into_version(self) -> Result<PolicyVersion, DbError> {
        Ok(PolicyVersion {
            version: self.version,
            state: row::named("state", PolicyVersionState::from_name(&self.state))?,
            definition: row::from_json("definition", self.definition)?,
            change_note: self.change_note,
            created_time: self.created_time.to_jiff(),
            created_by: self.created_by,
            activated_time: row::instant(self.activated_time),
            activated_by: self.activated_by,
        })
    }
}

/// Stores a new version, a draft.
///
/// # Errors
/// [`DbError`] of the statement.
pub async fn insert_version_in_tx(
    tx: &mut Tx,
    tenant: TenantId,
    version: &PolicyVersion,
) -> Result<(), DbError> {
    sqlx::query!(
        "INSERT INTO placement_policy_version (tenant_id, version, state, definition,
                                               change_note, created_time, created_by)
         VALUES ($1, $2, $3, $4, $5, $6, $7)",
        tenant.uuid(),
        version.version,
        version.state.name(),
        row::to_json(&version.definition)?,
        version.change_note,
        version.created_time.to_sqlx() as _,
        version.created_by,
    )
    .execute(&mut **tx)
    .await?;
    Ok(())
}

/// Stores where a version stands.
///
/// # Errors
/// [`DbError`] of the statement.
pub async fn update_version_in_tx(
    tx: &mut Tx,
    tenant: TenantId,
    version: &PolicyVersion,
) -> Result<(), DbError> {
    sqlx::query!(
        "UPDATE placement_policy_version
            SET state = $3, activated_time = $4, activated_by = $5
          WHERE tenant_id = $1 AND version = $2",
        tenant.uuid(),
        version.version,
        version.state.name(),
        version.activated_time.map(|time| time.to_sqlx()) as _,
        version.activated_by,
    )
    .execute(&mut **tx)
    .await?;
    Ok(())
}

/// One version.
///
/// # Errors
/// [`DbError`] of the statement.
pub async fn find_version_in_tx(
    tx: &mut Tx,
    tenant: TenantId,
    version: i32,
) -> Result<Option<PolicyVersion>, DbError> {
    sqlx::query_as!(
        Row,
        "SELECT version, state, definition, change_note, created_time, created_by,
                activated_time, activated_by
           FROM placement_policy_version WHERE tenant_id = $1 AND version = $2",
        tenant.uuid(),
        version,
    )
    .fetch_optional(&mut **tx)
    .await?
    .map(Row::into_version)
    .transpose()
}

/// The version in force, if one is.
///
/// # Errors
/// [`DbError`] of the statement.
pub async fn active_version_in_tx(
    tx: &mut Tx,
    tenant: TenantId,
) -> Result<Option<PolicyVersion>, DbError> {
    sqlx::query_as!(
        Row,
        "SELECT version, state, definition, change_note, created_time, created_by,
                activated_time, activated_by
           FROM placement_policy_version WHERE tenant_id = $1 AND state = 'ACTIVE'",
        tenant.uuid(),
    )
    .fetch_optional(&mut **tx)
    .await?
    .map(Row::into_version)
    .transpose()
}

/// Versions before a number, the newest first.
///
/// # Errors
/// [`DbError`] of the statement.
pub async fn list_versions_in_tx(
    tx: &mut Tx,
    tenant: TenantId,
    before: Option<i32>,
    limit: i64,
) -> Result<Vec<PolicyVersion>, DbError> {
    sqlx::query_as!(
        Row,
        "SELECT version, state, definition, change_note, created_time, created_by,
                activated_time, activated_by
           FROM placement_policy_version
          WHERE tenant_id = $1 AND ($2::int IS NULL OR version < $2)
          ORDER BY version DESC LIMIT $3",
        tenant.uuid(),
        before,
        limit,
    )
    .fetch_all(&mut **tx)
    .await?
    .into_iter()
    .map(Row::into_version)
    .collect()
}
