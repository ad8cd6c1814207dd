//! Storing what became of a draft that is locked.

use jiff_sqlx::ToSqlx as _;
use postgres::{DbError, TenantId, Tx};

use super::line;
use crate::domain::{Coded as _, Invoice, InvoiceId};
use crate::store::row;

/// Stores a draft that says something else, with its lines.
///
/// # Errors
/// [`DbError`] of the statements.
pub async fn revise_in_tx(tx: &mut Tx, tenant: TenantId, invoice: &Invoice) -> Result<(), DbError> {
    line::delete_in_tx(tx, tenant, invoice.invoice_id).await?;
    line::insert_in_tx(tx, tenant, &[invoice]).await?;
    update_in_tx(tx, tenant, invoice).await
}

/// Stores what became of a draft: revised, issued or void. Of one that was issued before nothing
/// changes but what is owed, which [`crate::store::receivable::save_in_tx`] stores.
///
/// # Errors
/// [`DbError`] of the statement.
pub async fn update_in_tx(tx: &mut Tx, tenant: TenantId, invoice: &Invoice) -> Result<(), DbError> {
    let (content, totals) = (&invoice.content, &invoice.totals);
    let debt = invoice.receivable();
    let due = content.due.as_ref().map(row::to_json).transpose()?;
    let offer = content.early_payment_offer.as_ref();
    sqlx::query!(
        "UPDATE invoice
            SET state = $3, invoice_number = $4, invoice_date = $5, due = $6,
                early_payment_offer = $7, series_code = $8, payment_reference = $9,
                order_reference = $10, reservation_id = $11, note = $12, net_amount = $13,
                tax_amount = $14, gross_amount = $15, taxes = $16, policy_version = $17,
                counts_from_date = $18, closed_date = $19, closing_kind = $20,
                last_entry_number = $21, version = $22, issued_time = $23
          WHERE tenant_id = $1 AND invoice_id = $2 AND state = 'DRAFT'",
        tenant.uuid(),
        invoice.invoice_id.0,
        invoice.state().code(),
        debt.map(|debt| debt.invoice_number.as_str()),
        content.invoice_date.map(|day| day.to_sqlx()) as _,
        due,
        offer.map(row::to_json).transpose()?,
        content.series_code,
        content.payment_reference,
        content.order_reference,
        content.reservation_id.map(|id| id.0),
        content.note,
        totals.net_amount.amount(),
        totals.tax_amount.amount(),
        totals.gross_amount.amount(),
        row::to_json(&totals.taxes)?,
        invoice.policy_version,
        debt.map(|debt| debt.counts_from_date.to_sqlx()) as _,
        debt.and_then(|debt| debt.closed_date)
            .map(|day| day.to_sqlx()) as _,
        debt.and_then(|debt| debt.closing_kind)
            .map(|kind| kind.code()),
        debt.map_or(0, |debt| debt.last_entry_number),
        invoice.version(),
        invoice.issued_time.map(|time| time.to_sqlx()) as _,
    )
    .execute(&mut **tx)
    .await?;
    Ok(())
}

/// Keeps why an invoice was voided.
///
/// # Errors
/// [`DbError`] of the statement.
pub async fn note_void_in_tx(
    tx: &mut Tx,
    tenant: TenantId,
    invoice_id: InvoiceId,
    note: &str,
) -> Result<(), DbError> {
    sqlx::query!(
        "UPDATE invoice SET void_note = $3 WHERE tenant_id = $1 AND invoice_id = $2",
        tenant.uuid(),
        invoice_id.0,
        note,
    )
    .execute(&mut **tx)
    .await?;
    Ok(())
}
