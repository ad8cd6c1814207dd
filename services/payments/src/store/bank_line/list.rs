//! Pages of lines.

use jiff::civil::Date;
use jiff_sqlx::ToSqlx as _;
use postgres::{DbError, TenantId, Tx};
use uuid::Uuid;

use super::Row;
use crate::domain::{BankAccountId, BankLine, BankLineState, BankStatementImportId, Coded as _};

/// What narrows a listing.
#[derive(Debug, Clone, Copy, Default)]
pub struct Filter {
    /// Only of this import.
    pub bank_statement_import_id: Option<BankStatementImportId>,
    /// Only of this account.
    pub bank_account_id: Option<BankAccountId>,
    /// Only in this state.
    pub state: Option<BankLineState>,
    /// Only booked on this day or later.
    pub from_booking_date: Option<Date>,
    /// Only booked on this day or earlier.
    pub to_booking_date: Option<Date>,
}

/// Lines behind a booking date and identity, oldest booking date first.
///
/// # Errors
/// [`DbError`] of the statement.
pub async fn list_in_tx(
    tx: &mut Tx,
    tenant: TenantId,
    filter: &Filter,
    after: Option<&(Date, Uuid)>,
    limit: i64,
) -> Result<Vec<BankLine>, DbError> {
    sqlx::query_as!(
        Row,
        r#"SELECT l.bank_line_id, l.line_key, l.bank_statement_import_id, l.bank_account_id,
                  l.row_number, l.booking_date, l.value_date, l.currency_code, l.amount,
                  l.payment_reference, l.remittance_text, l.payer_name, l.payer_account,
                  l.instrument_reference, l.bank_reference, l.state, l.receipt_id, l.line_match,
                  d.decision AS "decision?", l.suggestions, l.resolved_by, l.created_time,
                  l.resolved_time, l.version
             FROM bank_line l
             LEFT JOIN match_decision d
               ON d.tenant_id = l.tenant_id AND d.decision_id = l.decision_id
            WHERE l.tenant_id = $1
              AND ($2::uuid IS NULL OR l.bank_statement_import_id = $2)
              AND ($3::uuid IS NULL OR l.bank_account_id = $3)
              AND ($4::text IS NULL OR l.state = $4)
              AND ($5::date IS NULL OR l.booking_date >= $5)
              AND ($6::date IS NULL OR l.booking_date <= $6)
              AND ($7::date IS NULL OR (l.booking_date, l.bank_line_id) > ($7, $8::uuid))
            ORDER BY l.booking_date, l.bank_line_id LIMIT $9"#,
        tenant.uuid(),
        filter.bank_statement_import_id.map(|import| import.0),
        filter.bank_account_id.map(|account| account.0),
        filter.state.map(|state| state.code()),
        filter.from_booking_date.map(|day| day.to_sqlx()) as _,
        filter.to_booking_date.map(|day| day.to_sqlx()) as _,
        after.map(|(day, _)| day.to_sqlx()) as _,
        after.map(|(_, bank_line_id)| *bank_line_id),
        limit,
    )
    .fetch_all(&mut **tx)
    .await?
    .into_iter()
    .map(Row::into_line)
    .collect()
}
