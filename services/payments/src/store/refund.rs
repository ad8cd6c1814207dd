//! Unapplied money given back. Append-only.

use std::collections::BTreeMap;

use jiff_sqlx::ToSqlx as _;
use postgres::{DbError, TenantId, Tx};
use uuid::Uuid;

use super::row::money;
use crate::domain::{ReceiptId, Refund, RefundId};

/// Stores a refund of a locked receipt.
///
/// # Errors
/// [`DbError`] of the statement.
pub async fn insert_in_tx(
    tx: &mut Tx,
    tenant: TenantId,
    receipt_id: ReceiptId,
    refund: &Refund,
) -> Result<(), DbError> {
    sqlx::query!(
        "INSERT INTO refund (tenant_id, refund_id, receipt_id, currency_code, amount, note,
                             refund_date, created_time)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
        tenant.uuid(),
        refund.refund_id.0,
        receipt_id.0,
        refund.amount.currency().code(),
        refund.amount.amount(),
        refund.note,
        refund.refund_date.to_sqlx() as _,
        refund.created_time.to_sqlx() as _,
    )
    .execute(&mut **tx)
    .await?;
    Ok(())
}

/// The refunds of receipts, oldest first.
///
/// # Errors
/// [`DbError`] of the statement.
pub(super) async fn of_receipts_in_tx(
    tx: &mut Tx,
    tenant: TenantId,
    receipt_ids: &[Uuid],
) -> Result<BTreeMap<ReceiptId, Vec<Refund>>, DbError> {
    let mut refunds: BTreeMap<ReceiptId, Vec<Refund>> = BTreeMap::new();
    if receipt_ids.is_empty() {
        return Ok(refunds);
    }
    let rows = sqlx::query!(
        "SELECT receipt_id, refund_id, currency_code, amount, note, refund_date, created_time
           FROM refund WHERE tenant_id = $1 AND receipt_id = ANY ($2)
          ORDER BY created_time, refund_id",
        tenant.uuid(),
        receipt_ids,
    )
    .fetch_all(&mut **tx)
    .await?;
    for row in rows {
        let of_receipt = refunds.entry(ReceiptId(row.receipt_id)).or_default();
        of_receipt.push(Refund {
            refund_id: RefundId(row.refund_id),
            amount: money(row.amount, &row.currency_code)?,
            note: row.note,
            refund_date: row.refund_date.to_jiff(),
            created_time: row.created_time.to_jiff(),
        });
    }
    Ok(refunds)
}
