//! The projection of what holds debts in reminders.

use postgres::{DbError, TenantId, Tx};
use uuid::Uuid;

use crate::domain::debt::HoldReason;
use crate::domain::identity::{CustomerId, InvoiceId};

/// Stores a hold that is in force; without invoices it bears on the whole case.
///
/// # Errors
/// [`DbError`] of the statements.
pub async fn insert_in_tx(
    tx: &mut Tx,
    tenant: TenantId,
    (hold_id, customer_id): (Uuid, CustomerId),
    reason: HoldReason,
    invoice_ids: &[InvoiceId],
) -> Result<(), DbError> {
    sqlx::query!(
        "INSERT INTO known_hold (tenant_id, hold_id, customer_id, reason, whole_case)
         VALUES ($1, $2, $3, $4, $5) ON CONFLICT DO NOTHING",
        tenant.uuid(),
        hold_id,
        customer_id.uuid(),
        reason.name(),
        invoice_ids.is_empty(),
    )
    .execute(&mut **tx)
    .await?;
    let ids: Vec<Uuid> = invoice_ids.iter().map(|id| id.uuid()).collect();
    sqlx::query!(
        "INSERT INTO known_hold_invoice (tenant_id, hold_id, invoice_id)
         SELECT $1, $2, invoice_id FROM unnest($3::uuid[]) AS held (invoice_id)
         ON CONFLICT DO NOTHING",
        tenant.uuid(),
        hold_id,
        &ids,
    )
    .execute(&mut **tx)
    .await?;
    Ok(())
}

/// Takes invoices from a hold.
///
/// # Errors
/// [`DbError`] of the statement.
pub async fn release_invoices_in_tx(
    tx: &mut Tx,
    tenant: TenantId,
    hold_id: Uuid,
    invoice_ids: &[InvoiceId],
) -> Result<(), DbError> {
    let ids: Vec<Uuid> = invoice_ids.iter().map(|id| id.uuid()).collect();
    sqlx::query!(
        "DELETE FROM known_hold_invoice
          WHERE tenant_id = $1 AND hold_id = $2 AND invoice_id = ANY ($3)",
        tenant.uuid(),
        hold_id,
        &ids,
    )
    .execute(&mut **tx)
    .await?;
    Ok(())
}

/// Forgets a hold that has ended.
///
/// # Errors
/// [`DbError`] of the statement.
pub async fn delete_in_tx(tx: &mut Tx, tenant: TenantId, hold_id: Uuid) -> Result<(), DbError> {
    sqlx::query!(
        "DELETE FROM known_hold WHERE tenant_id = $1 AND hold_id = $2",
        tenant.uuid(),
        hold_id,
    )
    .execute(&mut **tx)
    .await?;
    Ok(())
}
