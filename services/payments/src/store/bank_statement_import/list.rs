//! Pages of imports.

use jiff::Timestamp;
use jiff_sqlx::ToSqlx as _;
use postgres::{DbError, TenantId, Tx};
use uuid::Uuid;

use super::{Row, count_in_tx};
use crate::domain::{BankAccountId, BankStatementImport, BankStatementImportState, Coded as _};

/// What narrows a listing.
#[derive(Debug, Clone, Copy, Default)]
pub struct Filter {
    /// Only of this account.
    pub bank_account_id: Option<BankAccountId>,
    /// Only in this state.
    pub state: Option<BankStatementImportState>,
}

/// Imports behind an instant and identity, newest first, with the counts of their lines and without
/// their bad rows.
///
/// # Errors
/// [`DbError`] of the statements.
pub async fn list_in_tx(
    tx: &mut Tx,
    tenant: TenantId,
    filter: &Filter,
    after: Option<&(Timestamp, Uuid)>,
    limit: i64,
) -> Result<Vec<BankStatementImport>, DbError> {
    let rows = sqlx::query_as!(
        Row,
        r#"SELECT bank_statement_import_id, bank_account_id, column_mapping, file_name, state,
                  row_count, rejected_count, duplicate_count, currency_code, credit_amount,
                  debit_amount, from_booking_date, to_booking_date,
                  '[]'::jsonb AS "rejected_rows!", created_time, ended_time
             FROM bank_statement_import
            WHERE tenant_id = $1
              AND ($2::uuid IS NULL OR bank_account_id = $2)
              AND ($3::text IS NULL OR state = $3)
              AND ($4::timestamptz IS NULL
                   OR (created_time, bank_statement_import_id) < ($4, $5::uuid))
            ORDER BY created_time DESC, bank_statement_import_id DESC LIMIT $6"#,
        tenant.uuid(),
        filter.bank_account_id.map(|account| account.0),
        filter.state.map(|state| state.code()),
        after.map(|(created, _)| created.to_sqlx()) as _,
        after.map(|(_, import_id)| *import_id),
        limit,
    )
    .fetch_all(&mut **tx)
    .await?;
    let imports: Result<Vec<BankStatementImport>, DbError> =
        rows.into_iter().map(Row::into_import).collect();
    let mut imports = imports?;
    count_in_tx(tx, tenant, &mut imports).await?;
    Ok(imports)
}
