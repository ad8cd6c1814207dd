//! Write-offs as documents. Those of which something stands are loaded and stored with their
//! receivable as well, see [`super::receivable`]: who writes one holds the lock of its invoice.

use jiff::Timestamp;
use jiff_sqlx::ToSqlx as _;
use postgres::{DbError, TenantId, Tx, column};
use uuid::Uuid;

use super::receivable::{WriteOffRow, with_items_in_tx};
use crate::domain::{Coded as _, CustomerId, InvoiceId, WriteOff, WriteOffId, WriteOffState};

/// Stores a new write-off with its parts.
///
/// # Errors
/// [`DbError`] of the statements.
pub async fn insert_in_tx(
    tx: &mut Tx,
    tenant: TenantId,
    write_off: &WriteOff,
) -> Result<(), DbError> {
    sqlx::query!(
        "INSERT INTO write_off (tenant_id, write_off_id, invoice_id, invoice_number, customer_id,
                                state, reason, note, currency, amount, write_off_date,
                                created_time, version)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)",
        tenant.uuid(),
        write_off.write_off_id.0,
        write_off.invoice_id.0,
        write_off.invoice_number,
        write_off.customer_id.0,
        write_off.state.code(),
        write_off.reason.code(),
        write_off.note,
        write_off.amount.currency().code(),
        write_off.amount.amount(),
        write_off.write_off_date.to_sqlx() as _,
        write_off.create_time.to_sqlx() as _,
        write_off.version,
    )
    .execute(&mut **tx)
    .await?;
    let items = &write_off.items;
    sqlx::query!(
        "INSERT INTO write_off_item (tenant_id, write_off_id, open_item_id, entry_id, amount,
                                     reinstated_amount)
         SELECT $1, $2, * FROM unnest($3::uuid[], $4::uuid[], $5::numeric[], $6::numeric[])",
        tenant.uuid(),
        write_off.write_off_id.0,
        &column(items, |item| item.open_item_id.0),
        &column(items, |item| item.entry_id.0),
        &column(items, |item| item.amount.amount()),
        &column(items, |item| item.reinstated_amount.amount()),
    )
    .execute(&mut **tx)
    .await?;
    Ok(())
}

/// A write-off as it is now. To change it, its invoice must be locked by an earlier statement: which
/// one that is never changes.
///
/// # Errors
/// [`DbError`] of the statements.
pub async fn find_in_tx(
    tx: &mut Tx,
    tenant: TenantId,
    write_off_id: WriteOffId,
) -> Result<Option<WriteOff>, DbError> {
    let rows = sqlx::query_as!(
        WriteOffRow,
        "SELECT write_off_id, invoice_id, invoice_number, customer_id, state, reason, note,
                currency, amount, write_off_date, reversal_date, reversal_note, created_time,
                version
           FROM write_off WHERE tenant_id = $1 AND write_off_id = $2",
        tenant.uuid(),
        write_off_id.0,
    )
    .fetch_all(&mut **tx)
    .await?;
    Ok(with_items_in_tx(tx, tenant, rows).await?.pop())
}

/// What narrows a listing; all that is set must hold.
#[derive(Debug, Clone, Default)]
pub struct Filter {
    /// Only of this customer.
    pub customer_id: Option<CustomerId>,
    /// Only of this invoice.
    pub invoice_id: Option<InvoiceId>,
    /// Only in this state.
    pub state: Option<WriteOffState>,
}

/// Write-offs behind an instant and identity, newest first.
///
/// # Errors
/// [`DbError`] of the statements.
pub async fn list_in_tx(
    tx: &mut Tx,
    tenant: TenantId,
    filter: &Filter,
    after: Option<&(Timestamp, Uuid)>,
    limit: i64,
) -> Result<Vec<WriteOff>, DbError> {
    let rows = sqlx::query_as!(
        WriteOffRow,
        "SELECT write_off_id, invoice_id, invoice_number, customer_id, state, reason, note,
                currency, amount, write_off_date, reversal_date, reversal_note, created_time,
                version
           FROM write_off
          WHERE tenant_id = $1
            AND ($2::uuid IS NULL OR customer_id = $2)
            AND ($3::uuid IS NULL OR invoice_id = $3)
            AND ($4::text IS NULL OR state = $4)
            AND ($5::timestamptz IS NULL OR (created_time, write_off_id) < ($5, $6::uuid))
          ORDER BY created_time DESC, write_off_id DESC LIMIT $7",
        tenant.uuid(),
        filter.customer_id.map(|id| id.0),
        filter.invoice_id.map(|id| id.0),
        filter.state.map(|state| state.code()),
        after.map(|(created, _)| created.to_sqlx()) as _,
        after.map(|(_, write_off_id)| *write_off_id),
        limit,
    )
    .fetch_all(&mut **tx)
    .await?;
    with_items_in_tx(tx, tenant, rows).await
}
