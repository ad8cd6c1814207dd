//! Statement files that were read. What became of their lines is counted from the lines.

mod list;

use std::collections::BTreeMap;

use jiff::Timestamp;
use jiff_sqlx::ToSqlx as _;
use money::Decimal;
use postgres::{DbError, TenantId, Tx};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use uuid::Uuid;

use super::row;
use crate::domain::{
    BankAccountId, BankLineState, BankStatementImport, BankStatementImportId,
    BankStatementImportState, Coded as _, ColumnMapping, ColumnMappingId, LineCounts,
    StatementLayout,
};

pub use list::{Filter, list_in_tx};

/// A mapping as it was when a file was read by it.
#[derive(Serialize, Deserialize)]
struct StoredMapping {
    column_mapping_id: ColumnMappingId,
    display_name: String,
    layout: StatementLayout,
    created_time: Timestamp,
    version: i64,
}

impl From<&ColumnMapping> for StoredMapping {
    fn from(mapping: &ColumnMapping) -> Self {
        Self {
            column_mapping_id: mapping.column_mapping_id,
            display_name: mapping.display_name.clone(),
            layout: mapping.layout.clone(),
            created_time: mapping.created_time,
            version: mapping.version,
        }
    }
}

impl From<StoredMapping> for ColumnMapping {
    fn from(stored: StoredMapping) -> Self {
        Self {
            column_mapping_id: stored.column_mapping_id,
            display_name: stored.display_name,
            layout: stored.layout,
            created_time: stored.created_time,
            version: stored.version,
        }
    }
}

struct Row {
    bank_statement_import_id: Uuid,
    bank_account_id: Uuid,
    column_mapping: Value,
    file_name: String,
    state: String,
    row_count: i32,
    rejected_count: i32,
    duplicate_count: i32,
    currency_code: String,
    credit_amount: Decimal,
    debit_amount: Decimal,
    from_booking_date: Option<jiff_sqlx::Date>,
    to_booking_date: Option<jiff_sqlx::Date>,
    rejected_rows: Value,
    created_time: jiff_sqlx::Timestamp,
    ended_time: Option<jiff_sqlx::Timestamp>,
}

impl Row {
    /// The import, without the counts of its lines.
    fn into_import(self) -> Result<BankStatementImport, DbError> {
        let mapping: StoredMapping = row::from_json("mapping", self.column_mapping)?;
        let from = row::date(self.from_booking_date);
        Ok(BankStatementImport {
            bank_statement_import_id: BankStatementImportId(self.bank_statement_import_id),
            bank_account_id: BankAccountId(self.bank_account_id),
            column_mapping: mapping.into(),
            file_name: self.file_name,
            state: row::coded::<BankStatementImportState>("state", &self.state)?,
            row_count: row::count(self.row_count)?,
            rejected_count: row::count(self.rejected_count)?,
            duplicate_count: row::count(self.duplicate_count)?,
            lines: LineCounts::default(),
            credit_amount: row::money(self.credit_amount, &self.currency_code)?,
            debit_amount: row::money(self.debit_amount, &self.currency_code)?,
            booking_dates: from.zip(row::date(self.to_booking_date)),
            rejected_rows: row::from_json("rejected_rows", self.rejected_rows)?,
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
    import: &BankStatementImport,
    operation_id: Uuid,
) -> Result<(), DbError> {
    sqlx::query!(
        "INSERT INTO bank_statement_import (
                tenant_id, bank_statement_import_id, bank_account_id, column_mapping, file_name,
                state, row_count, rejected_count, duplicate_count, currency_code, credit_amount,
                debit_amount, from_booking_date, to_booking_date, rejected_rows, operation_id,
                created_time, ended_time)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18)",
        tenant.uuid(),
        import.bank_statement_import_id.0,
        import.bank_account_id.0,
        row::to_json(&StoredMapping::from(&import.column_mapping))?,
        import.file_name,
        import.state.code(),
        row::to_count(import.row_count),
        row::to_count(import.rejected_count),
        row::to_count(import.duplicate_count),
        import.credit_amount.currency().code(),
        import.credit_amount.amount(),
        import.debit_amount.amount(),
        import.booking_dates.map(|(from, _)| from.to_sqlx()) as _,
        import.booking_dates.map(|(_, to)| to.to_sqlx()) as _,
        row::to_json(&import.rejected_rows)?,
        operation_id,
        import.created_time.to_sqlx() as _,
        import.ended_time.map(|time| time.to_sqlx()) as _,
    )
    .execute(&mut **tx)
    .await?;
    Ok(())
}

/// Stores how far an import is and what its new lines add up to.
///
/// # Errors
/// [`DbError`] of the statement.
pub async fn update_in_tx(
    tx: &mut Tx,
    tenant: TenantId,
    import: &BankStatementImport,
) -> Result<(), DbError> {
    sqlx::query!(
        "UPDATE bank_statement_import
            SET state = $3, duplicate_count = $4, credit_amount = $5, debit_amount = $6,
                ended_time = $7
          WHERE tenant_id = $1 AND bank_statement_import_id = $2",
        tenant.uuid(),
        import.bank_statement_import_id.0,
        import.state.code(),
        row::to_count(import.duplicate_count),
        import.credit_amount.amount(),
        import.debit_amount.amount(),
        import.ended_time.map(|time| time.to_sqlx()) as _,
    )
    .execute(&mut **tx)
    .await?;
    Ok(())
}

/// An import with the counts of its lines as they are now.
///
/// # Errors
/// [`DbError`] of the statements.
pub async fn find_in_tx(
    tx: &mut Tx,
    tenant: TenantId,
    import_id: BankStatementImportId,
) -> Result<Option<BankStatementImport>, DbError> {
    let row = sqlx::query_as!(
        Row,
        "SELECT bank_statement_import_id, bank_account_id, column_mapping, file_name, state,
                row_count, rejected_count, duplicate_count, currency_code, credit_amount,
                debit_amount, from_booking_date, to_booking_date, rejected_rows, created_time,
                ended_time
           FROM bank_statement_import
          WHERE tenant_id = $1 AND bank_statement_import_id = $2",
        tenant.uuid(),
        import_id.0,
    )
    .fetch_optional(&mut **tx)
    .await?;
    let Some(row) = row else { return Ok(None) };
    let mut imports = [row.into_import()?];
    count_in_tx(tx, tenant, &mut imports).await?;
    let [import] = imports;
    Ok(Some(import))
}

/// An import for who drives it on: one at a time. With the counts of its lines.
///
/// # Errors
/// [`DbError`] of the statements.
pub async fn lock_in_tx(
    tx: &mut Tx,
    tenant: TenantId,
    import_id: BankStatementImportId,
) -> Result<Option<BankStatementImport>, DbError> {
    sqlx::query!(
        "SELECT state FROM bank_statement_import
          WHERE tenant_id = $1 AND bank_statement_import_id = $2 FOR UPDATE",
        tenant.uuid(),
        import_id.0,
    )
    .fetch_optional(&mut **tx)
    .await?;
    find_in_tx(tx, tenant, import_id).await
}

/// The operation of the request that brought an import.
///
/// # Errors
/// [`DbError`] of the statement.
pub async fn operation_of_in_tx(
    tx: &mut Tx,
    tenant: TenantId,
    import_id: BankStatementImportId,
) -> Result<Option<Uuid>, DbError> {
    let found = sqlx::query_scalar!(
        "SELECT operation_id FROM bank_statement_import
          WHERE tenant_id = $1 AND bank_statement_import_id = $2",
        tenant.uuid(),
        import_id.0,
    )
    .fetch_optional(&mut **tx)
    .await?;
    Ok(found.flatten())
}

/// Counts the lines of imports by what became of them.
async fn count_in_tx(
    tx: &mut Tx,
    tenant: TenantId,
    imports: &mut [BankStatementImport],
) -> Result<(), DbError> {
    let ids: Vec<Uuid> = imports
        .iter()
        .map(|import| import.bank_statement_import_id.0)
        .collect();
    let rows = sqlx::query!(
        r#"SELECT bank_statement_import_id, state, count(*)::integer AS "count!"
             FROM bank_line
            WHERE tenant_id = $1 AND bank_statement_import_id = ANY ($2)
            GROUP BY bank_statement_import_id, state"#,
        tenant.uuid(),
        &ids,
    )
    .fetch_all(&mut **tx)
    .await?;
    let mut counted: BTreeMap<Uuid, LineCounts> = BTreeMap::new();
    for row in rows {
        let counts = counted.entry(row.bank_statement_import_id).or_default();
        let count = row::count(row.count)?;
        match row::coded::<BankLineState>("state", &row.state)? {
            BankLineState::Waiting => counts.waiting = count,
            BankLineState::Matched => counts.matched = count,
            BankLineState::InReview => counts.in_review = count,
            BankLineState::Resolved => counts.resolved = count,
            BankLineState::NotAReceipt => counts.not_a_receipt = count,
        }
    }
    for import in imports {
        let counts = counted.remove(&import.bank_statement_import_id.0);
        import.lines = counts.unwrap_or_default();
    }
    Ok(())
}
