//! Lines of bank statements, each once for ever (P7). A line is locked after its receipt.

mod list;
mod write;

use money::Decimal;
use postgres::{DbError, TenantId, Tx};
use serde_json::Value;
use uuid::Uuid;

use super::row;
use crate::domain::{
    ApplicationId, BankAccountId, BankLine, BankLineId, BankLineState, BankStatementImportId,
    LineKey, ReceiptId, Remittance,
};

pub use list::{Filter, list_in_tx};
pub use write::{insert_all_in_tx, update_all_in_tx};

struct Row {
    bank_line_id: Uuid,
    line_key: Vec<u8>,
    bank_statement_import_id: Uuid,
    bank_account_id: Uuid,
    row_number: i32,
    booking_date: jiff_sqlx::Date,
    value_date: jiff_sqlx::Date,
    currency_code: String,
    amount: Decimal,
    payment_reference: String,
    remittance_text: String,
    payer_name: String,
    payer_account: String,
    instrument_reference: String,
    bank_reference: String,
    state: String,
    receipt_id: Option<Uuid>,
    line_match: Option<Value>,
    decision: Option<Value>,
    suggestions: Value,
    resolved_by: Option<String>,
    created_time: jiff_sqlx::Timestamp,
    resolved_time: Option<jiff_sqlx::Timestamp>,
    version: i64,
}

impl Row {
    fn into_line(self) -> Result<BankLine, DbError> {
        let line_match = self
            .line_match
            .map(|stored| row::from_json("match", stored));
        let decision = self
            .decision
            .map(|stored| row::from_json("decision", stored));
        Ok(BankLine {
            bank_line_id: BankLineId(self.bank_line_id),
            line_key: LineKey(row::read("line_key", self.line_key.try_into())?),
            bank_statement_import_id: BankStatementImportId(self.bank_statement_import_id),
            bank_account_id: BankAccountId(self.bank_account_id),
            row_number: row::count(self.row_number)?,
            booking_date: self.booking_date.to_jiff(),
            value_date: self.value_date.to_jiff(),
            amount: row::money(self.amount, &self.currency_code)?,
            remittance: Remittance {
                payment_reference: self.payment_reference,
                text: self.remittance_text,
                payer_name: self.payer_name,
                payer_account: self.payer_account,
                instrument_reference: self.instrument_reference,
            },
            bank_reference: self.bank_reference,
            state: row::coded::<BankLineState>("state", &self.state)?,
            receipt_id: self.receipt_id.map(ReceiptId),
            line_match: line_match.transpose()?,
            decision: decision.transpose()?,
            suggestions: row::from_json("suggestions", self.suggestions)?,
            resolved_by: self.resolved_by,
            created_time: self.created_time.to_jiff(),
            resolved_time: self.resolved_time.map(jiff_sqlx::Timestamp::to_jiff),
            version: self.version,
        })
    }
}

/// A line with the decision in force.
///
/// # Errors
/// [`DbError`] of the statement.
pub async fn find_in_tx(
    tx: &mut Tx,
    tenant: TenantId,
    bank_line_id: BankLineId,
) -> Result<Option<BankLine>, DbError> {
    Ok(find_all_in_tx(tx, tenant, &[bank_line_id]).await?.pop())
}

async fn find_all_in_tx(
    tx: &mut Tx,
    tenant: TenantId,
    ids: &[BankLineId],
) -> Result<Vec<BankLine>, DbError> {
    let ids: Vec<Uuid> = ids.iter().map(|id| id.0).collect();
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
            WHERE l.tenant_id = $1 AND l.bank_line_id = ANY ($2)
            ORDER BY l.bank_line_id"#,
        tenant.uuid(),
        &ids,
    )
    .fetch_all(&mut **tx)
    .await?
    .into_iter()
    .map(Row::into_line)
    .collect()
}

/// Locks lines in the order of their identities and reads them.
///
/// # Errors
/// [`DbError`] of the statements.
pub async fn lock_all_in_tx(
    tx: &mut Tx,
    tenant: TenantId,
    ids: &[BankLineId],
) -> Result<Vec<BankLine>, DbError> {
    let plain: Vec<Uuid> = ids.iter().map(|id| id.0).collect();
    sqlx::query!(
        "SELECT bank_line_id FROM bank_line
          WHERE tenant_id = $1 AND bank_line_id = ANY ($2)
          ORDER BY bank_line_id FOR UPDATE",
        tenant.uuid(),
        &plain,
    )
    .fetch_all(&mut **tx)
    .await?;
    find_all_in_tx(tx, tenant, ids).await
}

/// Locks a line and reads it.
///
/// # Errors
/// [`DbError`] of the statements.
pub async fn lock_in_tx(
    tx: &mut Tx,
    tenant: TenantId,
    bank_line_id: BankLineId,
) -> Result<Option<BankLine>, DbError> {
    Ok(lock_all_in_tx(tx, tenant, &[bank_line_id]).await?.pop())
}

/// Lines of an import that nobody has looked at, oldest booking date first.
///
/// # Errors
/// [`DbError`] of the statement.
pub async fn waiting_in_tx(
    tx: &mut Tx,
    tenant: TenantId,
    import_id: BankStatementImportId,
    limit: i64,
) -> Result<Vec<BankLine>, DbError> {
    let ids = sqlx::query_scalar!(
        "SELECT bank_line_id FROM bank_line
          WHERE tenant_id = $1 AND bank_statement_import_id = $2 AND state = 'WAITING'
            AND line_match IS NULL
          ORDER BY booking_date, bank_line_id LIMIT $3",
        tenant.uuid(),
        import_id.0,
        limit,
    )
    .fetch_all(&mut **tx)
    .await?;
    let ids: Vec<BankLineId> = ids.into_iter().map(BankLineId).collect();
    find_all_in_tx(tx, tenant, &ids).await
}

/// The applications of an import's lines that invoicing has not answered: a run was cut short.
///
/// # Errors
/// [`DbError`] of the statement.
pub async fn under_way_in_tx(
    tx: &mut Tx,
    tenant: TenantId,
    import_id: BankStatementImportId,
) -> Result<Vec<ApplicationId>, DbError> {
    let ids = sqlx::query_scalar!(
        "SELECT a.application_id
           FROM bank_line l
           JOIN receipt_application a
             ON a.tenant_id = l.tenant_id AND a.bank_line_id = l.bank_line_id
          WHERE l.tenant_id = $1 AND l.bank_statement_import_id = $2 AND l.state = 'WAITING'
            AND l.line_match IS NOT NULL AND a.state = 'RESERVED'
          ORDER BY a.application_id LIMIT 500",
        tenant.uuid(),
        import_id.0,
    )
    .fetch_all(&mut **tx)
    .await?;
    Ok(ids.into_iter().map(ApplicationId).collect())
}
