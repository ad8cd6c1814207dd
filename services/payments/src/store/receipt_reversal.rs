//! Receipts taken back as a whole. Append-only.

use std::collections::BTreeMap;

use jiff_sqlx::ToSqlx as _;
use postgres::{DbError, TenantId, Tx};
use uuid::Uuid;

use super::row::coded;
use crate::domain::{Coded as _, ReceiptId, ReceiptReversal, ReceiptReversalId};

/// Stores that a locked receipt is being taken back, and which operation does it.
///
/// # Errors
/// [`DbError`] of the statement.
pub async fn insert_in_tx(
    tx: &mut Tx,
    tenant: TenantId,
    receipt_id: ReceiptId,
    reversal: &ReceiptReversal,
    operation_id: Uuid,
) -> Result<(), DbError> {
    sqlx::query!(
        "INSERT INTO receipt_reversal (tenant_id, receipt_reversal_id, receipt_id, reason, note,
                                       reversal_date, operation_id, created_time)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
        tenant.uuid(),
        reversal.receipt_reversal_id.0,
        receipt_id.0,
        reversal.reason.code(),
        reversal.note,
        reversal.reversal_date.to_sqlx() as _,
        operation_id,
        reversal.created_time.to_sqlx() as _,
    )
    .execute(&mut **tx)
    .await?;
    Ok(())
}

/// How receipts were taken back, or are being.
///
/// # Errors
/// [`DbError`] of the statement.
pub(super) async fn of_receipts_in_tx(
    tx: &mut Tx,
    tenant: TenantId,
    receipt_ids: &[Uuid],
) -> Result<BTreeMap<ReceiptId, ReceiptReversal>, DbError> {
    let mut reversals = BTreeMap::new();
    if receipt_ids.is_empty() {
        return Ok(reversals);
    }
    let rows = sqlx::query!(
        "SELECT receipt_id, receipt_reversal_id, reason, note, reversal_date, created_time
           FROM receipt_reversal WHERE tenant_id = $1 AND receipt_id = ANY ($2)",
        tenant.uuid(),
        receipt_ids,
    )
    .fetch_all(&mut **tx)
    .await?;
    for row in rows {
        let reversal = ReceiptReversal {
            receipt_reversal_id: ReceiptReversalId(row.receipt_reversal_id),
            reason: coded("reason", &row.reason)?,
            note: row.note,
            reversal_date: row.reversal_date.to_jiff(),
            created_time: row.created_time.to_jiff(),
        };
        reversals.insert(ReceiptId(row.receipt_id), reversal);
    }
    Ok(reversals)
}
