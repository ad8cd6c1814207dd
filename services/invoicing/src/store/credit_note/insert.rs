//! Storing a credit note that was just issued.

use jiff_sqlx::ToSqlx as _;
use postgres::{DbError, TenantId, Tx};

use super::line;
use crate::domain::{Coded as _, EntryCause, IssuedCreditNote};
use crate::store::{allocation, customer_credit, row};

/// Stores a note with its lines, with what it lowered, and the credit that came of it, whose entries
/// are taken out of it. `false`: its identity or external identity is taken, and nothing is to be
/// committed. What is owed on its invoice is stored by [`crate::store::receivable`].
///
/// # Errors
/// [`DbError`] of the statements.
pub async fn insert_in_tx(
    tx: &mut Tx,
    tenant: TenantId,
    issued: &mut IssuedCreditNote,
) -> Result<bool, DbError> {
    let note = &issued.credit_note;
    let header = &note.header;
    let credit = issued.customer_credit.as_mut();
    let inserted = sqlx::query!(
        "INSERT INTO credit_note (tenant_id, credit_note_id, external_id, credit_note_number,
                                  customer_id, invoice_id, reason, note, credit_note_date,
                                  currency, net_amount, tax_amount, gross_amount, taxes,
                                  customer_credit_id, customer_credit_amount, issued_time)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17)
         ON CONFLICT DO NOTHING",
        tenant.uuid(),
        header.credit_note_id.0,
        header.external_id,
        header.credit_note_number,
        note.customer_id.0,
        note.invoice_id.map(|id| id.0),
        header.reason.code(),
        header.note,
        header.credit_note_date.to_sqlx() as _,
        note.totals.gross_amount.currency().code(),
        note.totals.net_amount.amount(),
        note.totals.tax_amount.amount(),
        note.totals.gross_amount.amount(),
        row::to_json(&note.totals.taxes)?,
        credit.as_ref().map(|credit| credit.customer_credit_id.0),
        note.customer_credit_amount.amount(),
        note.issued_time.to_sqlx() as _,
    )
    .execute(&mut **tx)
    .await?;
    if inserted.rows_affected() == 0 {
        return Ok(false);
    }
    line::insert_in_tx(tx, tenant, header.credit_note_id, &note.lines).await?;
    let cause = EntryCause::CreditNote(header.credit_note_id);
    allocation::insert_in_tx(tx, tenant, &[(cause, note.allocations.as_slice())]).await?;
    if let Some(credit) = credit {
        customer_credit::insert_in_tx(tx, tenant, credit).await?;
    }
    Ok(true)
}
