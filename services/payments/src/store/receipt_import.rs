//! Imports of receipts that another system recorded, and their rows while they are being applied.

use jiff_sqlx::ToSqlx as _;
use postgres::{DbError, TenantId, Tx, column};
use serde_json::Value;
use uuid::Uuid;

use super::row;
use crate::domain::{
    ApplyingRow, Coded as _, ReceiptId, ReceiptImport, ReceiptImportId, ReceiptImportState,
};

struct Row {
    receipt_import_id: Uuid,
    state: String,
    row_count: i32,
    imported_count: i32,
    unchanged_count: i32,
    rejected_count: i32,
    applied_count: i32,
    rejected_rows: Value,
    refused_applications: Value,
    operation_id: Option<Uuid>,
    created_time: jiff_sqlx::Timestamp,
    ended_time: Option<jiff_sqlx::Timestamp>,
}

impl Row {
    fn into_import(self) -> Result<ReceiptImport, DbError> {
        Ok(ReceiptImport {
            receipt_import_id: ReceiptImportId(self.receipt_import_id),
            state: row::coded::<ReceiptImportState>("state", &self.state)?,
            row_count: row::count(self.row_count)?,
            imported_count: row::count(self.imported_count)?,
            unchanged_count: row::count(self.unchanged_count)?,
            rejected_count: row::count(self.rejected_count)?,
            applied_count: row::count(self.applied_count)?,
            rejected_rows: row::from_json("rejected_rows", self.rejected_rows)?,
            refused_applications: row::from_json("refusals", self.refused_applications)?,
            created_time: self.created_time.to_jiff(),
            ended_time: self.ended_time.map(jiff_sqlx::Timestamp::to_jiff),
        })
    }
}

/// Stores a new import and the operation of the request that brought it.
///
/// # Errors
/// [`DbError`] of the statement.
pub async fn insert_in_tx(
    tx: &mut Tx,
    tenant: TenantId,
    import: &ReceiptImport,
    operation_id: Uuid,
) -> Result<(), DbError> {
    // What was only checked imported nothing.
    let imported_count = match import.state {
        ReceiptImportState::Validated | ReceiptImportState::Refused => 0,
        ReceiptImportState::Applying | ReceiptImportState::Completed => import.imported_count,
    };
    sqlx::query!(
        "INSERT INTO receipt_import (tenant_id, receipt_import_id, state, row_count,
                                     imported_count, unchanged_count, rejected_count,
                                     applied_count, rejected_rows, refused_applications,
                                     operation_id, created_time, ended_time)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)",
        tenant.uuid(),
        import.receipt_import_id.0,
        import.state.code(),
        row::to_count(import.row_count),
        row::to_count(imported_count),
        row::to_count(import.unchanged_count),
        row::to_count(import.rejected_count),
        row::to_count(import.applied_count),
        row::to_json(&import.rejected_rows)?,
        row::to_json(&import.refused_applications)?,
        operation_id,
        import.created_time.to_sqlx() as _,
        import.ended_time.map(|time| time.to_sqlx()) as _,
    )
    .execute(&mut **tx)
    .await?;
    Ok(())
}

/// Stores how far an import is.
///
/// # Errors
/// [`DbError`] of the statement.
pub async fn update_in_tx(
    tx: &mut Tx,
    tenant: TenantId,
    import: &ReceiptImport,
) -> Result<(), DbError> {
    sqlx::query!(
        "UPDATE receipt_import
            SET state = $3, applied_count = $4, refused_applications = $5, ended_time = $6
          WHERE tenant_id = $1 AND receipt_import_id = $2",
        tenant.uuid(),
        import.receipt_import_id.0,
        import.state.code(),
        row::to_count(import.applied_count),
        row::to_json(&import.refused_applications)?,
        import.ended_time.map(|time| time.to_sqlx()) as _,
    )
    .execute(&mut **tx)
    .await?;
    Ok(())
}

/// An import for who drives it on, one at a time, with the operation of its request.
///
/// # Errors
/// [`DbError`] of the statement.
pub async fn lock_in_tx(
    tx: &mut Tx,
    tenant: TenantId,
    import_id: ReceiptImportId,
) -> Result<Option<(ReceiptImport, Option<Uuid>)>, DbError> {
    let found = sqlx::query_as!(
        Row,
        "SELECT receipt_import_id, state, row_count, imported_count, unchanged_count,
                rejected_count, applied_count, rejected_rows, refused_applications, operation_id,
                created_time, ended_time
           FROM receipt_import WHERE tenant_id = $1 AND receipt_import_id = $2 FOR UPDATE",
        tenant.uuid(),
        import_id.0,
    )
    .fetch_optional(&mut **tx)
    .await?;
    let with_operation = |row: Row| {
        let operation_id = row.operation_id;
        Ok((row.into_import()?, operation_id))
    };
    found.map(with_operation).transpose()
}

/// A row that is being applied.
#[derive(Debug, Clone)]
pub struct StagedRow {
    /// The number the caller gave it.
    pub row_number: i32,
    /// The foreign system's identity of the receipt.
    pub external_id: String,
    /// The receipt it was recorded as.
    pub receipt_id: ReceiptId,
    /// How far it is.
    pub applying: ApplyingRow,
}

/// Stores rows that are to be applied.
///
/// # Errors
/// [`DbError`] of the statement.
pub async fn stage_in_tx(
    tx: &mut Tx,
    tenant: TenantId,
    import_id: ReceiptImportId,
    rows: &[StagedRow],
) -> Result<(), DbError> {
    let contents: Result<Vec<_>, DbError> =
        rows.iter().map(|one| row::to_json(&one.applying)).collect();
    sqlx::query!(
        "INSERT INTO import_row (tenant_id, import_id, row_number, external_id, content, outcome,
                                 receipt_id)
         SELECT $1, $2, n.row_number, n.external_id, n.content, 'RECORDED', n.receipt_id
           FROM unnest($3::integer[], $4::text[], $5::jsonb[], $6::uuid[])
                  AS n (row_number, external_id, content, receipt_id)",
        tenant.uuid(),
        import_id.0,
        &column(rows, |one| one.row_number),
        &column(rows, |one| one.external_id.clone()),
        &contents?,
        &column(rows, |one| one.receipt_id.0),
    )
    .execute(&mut **tx)
    .await?;
    Ok(())
}

/// The next rows of a locked import, in the order of their numbers.
///
/// # Errors
/// [`DbError`] of the statement.
pub async fn next_rows_in_tx(
    tx: &mut Tx,
    tenant: TenantId,
    import_id: ReceiptImportId,
    limit: i64,
) -> Result<Vec<StagedRow>, DbError> {
    let rows = sqlx::query!(
        r#"SELECT row_number, external_id AS "external_id!", content, receipt_id AS "receipt_id!"
             FROM import_row WHERE tenant_id = $1 AND import_id = $2 AND outcome = 'RECORDED'
            ORDER BY row_number LIMIT $3"#,
        tenant.uuid(),
        import_id.0,
        limit,
    )
    .fetch_all(&mut **tx)
    .await?;
    rows.into_iter()
        .map(|found| {
            Ok(StagedRow {
                row_number: found.row_number,
                external_id: found.external_id,
                receipt_id: ReceiptId(found.receipt_id),
                applying: row::from_json("content", found.content)?,
            })
        })
        .collect()
}

/// Stores how far rows of a locked import are.
///
/// # Errors
/// [`DbError`] of the statement.
pub async fn update_rows_in_tx(
    tx: &mut Tx,
    tenant: TenantId,
    import_id: ReceiptImportId,
    rows: &[StagedRow],
) -> Result<(), DbError> {
    let contents: Result<Vec<_>, DbError> =
        rows.iter().map(|one| row::to_json(&one.applying)).collect();
    sqlx::query!(
        "UPDATE import_row AS r SET content = n.content
           FROM unnest($3::integer[], $4::jsonb[]) AS n (row_number, content)
          WHERE r.tenant_id = $1 AND r.import_id = $2 AND r.row_number = n.row_number",
        tenant.uuid(),
        import_id.0,
        &column(rows, |one| one.row_number),
        &contents?,
    )
    .execute(&mut **tx)
    .await?;
    Ok(())
}

/// Forgets rows of a locked import that are done: their outcome is counted.
///
/// # Errors
/// [`DbError`] of the statement.
pub async fn forget_rows_in_tx(
    tx: &mut Tx,
    tenant: TenantId,
    import_id: ReceiptImportId,
    row_numbers: &[i32],
) -> Result<(), DbError> {
    sqlx::query!(
        "DELETE FROM import_row
          WHERE tenant_id = $1 AND import_id = $2 AND row_number = ANY ($3)",
        tenant.uuid(),
        import_id.0,
        row_numbers,
    )
    .execute(&mut **tx)
    .await?;
    Ok(())
}
