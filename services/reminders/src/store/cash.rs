//! The customers' cash that lowers no invoice yet, as payments' feed tells of it.

use money::Money;
use postgres::{DbError, TenantId, Tx};
use uuid::Uuid;

use super::row;
use crate::domain::cash::UnappliedCash;
use crate::domain::id::CustomerId;

/// Takes over what the feed tells, unless it is older than what is known (P24); tells whether it was
/// newer.
///
/// # Errors
/// [`DbError`] of the statement.
pub async fn upsert_in_tx(
    tx: &mut Tx,
    tenant: TenantId,
    cash: &UnappliedCash,
) -> Result<bool, DbError> {
    let written = sqlx::query!(
        "INSERT INTO unapplied_cash (tenant_id, customer_id, currency, unapplied_amount,
                                     reserved_amount, version)
         VALUES ($1, $2, $3, $4, $5, $6)
         ON CONFLICT (tenant_id, customer_id, currency) DO UPDATE
            SET unapplied_amount = EXCLUDED.unapplied_amount,
                reserved_amount = EXCLUDED.reserved_amount, version = EXCLUDED.version
          WHERE unapplied_cash.version < EXCLUDED.version",
        tenant.uuid(),
        cash.customer_id.uuid(),
        cash.unapplied_amount.currency().code(),
        cash.unapplied_amount.amount(),
        cash.reserved_amount.amount(),
        cash.version,
    )
    .execute(&mut **tx)
    .await?;
    Ok(written.rows_affected() == 1)
}

/// The entries of some customers.
///
/// # Errors
/// [`DbError`] of the statement.
pub async fn of_customers_in_tx(
    tx: &mut Tx,
    tenant: TenantId,
    customer_ids: &[CustomerId],
) -> Result<Vec<UnappliedCash>, DbError> {
    let ids: Vec<Uuid> = customer_ids.iter().map(|id| id.uuid()).collect();
    let rows = sqlx::query!(
        "SELECT customer_id, currency, unapplied_amount, reserved_amount, version
           FROM unapplied_cash WHERE tenant_id = $1 AND customer_id = ANY ($2)",
        tenant.uuid(),
        &ids,
    )
    .fetch_all(&mut **tx)
    .await?;
    rows.into_iter()
        .map(|found| {
            let money = |amount| -> Result<Money, DbError> { row::money(amount, &found.currency) };
            Ok(UnappliedCash {
                customer_id: CustomerId::new(found.customer_id),
                unapplied_amount: money(found.unapplied_amount)?,
                reserved_amount: money(found.reserved_amount)?,
                version: found.version,
            })
        })
        .collect()
}
