//! How the CSV statements of banks are read.

use jiff_sqlx::ToSqlx as _;
use postgres::{DbError, TenantId, Tx};
use serde_json::Value;
use uuid::Uuid;

use super::row;
use crate::domain::{ColumnMapping, ColumnMappingId};

/// The unique constraint on the name of a mapping in its tenant.
const NAME_TAKEN: &str = "column_mapping_name_taken";

struct Row {
    column_mapping_id: Uuid,
    display_name: String,
    layout: Value,
    created_time: jiff_sqlx::Timestamp,
    version: i64,
}

impl Row {
    fn into_mapping(self) -> Result<ColumnMapping, DbError> {
        Ok(ColumnMapping {
            column_mapping_id: ColumnMappingId(self.column_mapping_id),
            display_name: self.display_name,
            layout: row::from_json("layout", self.layout)?,
            created_time: self.created_time.to_jiff(),
            version: self.version,
        })
    }
}

/// Stores a new mapping; `false`: its identity or name is taken, and nothing is written.
///
/// # Errors
/// [`DbError`] of the statement.
pub async fn insert_in_tx(
    tx: &mut Tx,
    tenant: TenantId,
    mapping: &ColumnMapping,
) -> Result<bool, DbError> {
    let inserted = sqlx::query!(
        "INSERT INTO column_mapping (tenant_id, column_mapping_id, display_name, layout,
                                     created_time, version)
         VALUES ($1, $2, $3, $4, $5, $6)
         ON CONFLICT DO NOTHING",
        tenant.uuid(),
        mapping.column_mapping_id.0,
        mapping.display_name,
        row::to_json(&mapping.layout)?,
        mapping.created_time.to_sqlx() as _,
        mapping.version,
    )
    .execute(&mut **tx)
    .await?;
    Ok(inserted.rows_affected() == 1)
}

/// Stores what can change of a mapping; `false`: its name is another mapping's, and the transaction
/// cannot go on.
///
/// # Errors
/// [`DbError`] of the statement.
pub async fn update_in_tx(
    tx: &mut Tx,
    tenant: TenantId,
    mapping: &ColumnMapping,
) -> Result<bool, DbError> {
    let updated = sqlx::query!(
        "UPDATE column_mapping SET display_name = $3, layout = $4, version = $5
          WHERE tenant_id = $1 AND column_mapping_id = $2",
        tenant.uuid(),
        mapping.column_mapping_id.0,
        mapping.display_name,
        row::to_json(&mapping.layout)?,
        mapping.version,
    )
    .execute(&mut **tx)
    .await;
    match updated.map_err(DbError::from) {
        Ok(_) => Ok(true),
        Err(error) if error.constraint() == Some(NAME_TAKEN) => Ok(false),
        Err(error) => Err(error),
    }
}

/// A mapping.
///
/// # Errors
/// [`DbError`] of the statement.
pub async fn find_in_tx(
    tx: &mut Tx,
    tenant: TenantId,
    column_mapping_id: ColumnMappingId,
) -> Result<Option<ColumnMapping>, DbError> {
    sqlx::query_as!(
        Row,
        "SELECT column_mapping_id, display_name, layout, created_time, version
           FROM column_mapping WHERE tenant_id = $1 AND column_mapping_id = $2",
        tenant.uuid(),
        column_mapping_id.0,
    )
    .fetch_optional(&mut **tx)
    .await?
    .map(Row::into_mapping)
    .transpose()
}

/// A mapping, for who changes it.
///
/// # Errors
/// [`DbError`] of the statement.
pub async fn lock_in_tx(
    tx: &mut Tx,
    tenant: TenantId,
    column_mapping_id: ColumnMappingId,
) -> Result<Option<ColumnMapping>, DbError> {
    sqlx::query_as!(
        Row,
        "SELECT column_mapping_id, display_name, layout, created_time, version
           FROM column_mapping WHERE tenant_id = $1 AND column_mapping_id = $2 FOR UPDATE",
        tenant.uuid(),
        column_mapping_id.0,
    )
    .fetch_optional(&mut **tx)
    .await?
    .map(Row::into_mapping)
    .transpose()
}

/// Mappings behind a name, by name.
///
/// # Errors
/// [`DbError`] of the statement.
pub async fn list_in_tx(
    tx: &mut Tx,
    tenant: TenantId,
    after: Option<&str>,
    limit: i64,
) -> Result<Vec<ColumnMapping>, DbError> {
    sqlx::query_as!(
        Row,
        "SELECT column_mapping_id, display_name, layout, created_time, version
           FROM column_mapping
          WHERE tenant_id = $1 AND ($2::text IS NULL OR display_name > $2)
          ORDER BY display_name LIMIT $3",
        tenant.uuid(),
        after,
        limit,
    )
    .fetch_all(&mut **tx)
    .await?
    .into_iter()
    .map(Row::into_mapping)
    .collect()
}
