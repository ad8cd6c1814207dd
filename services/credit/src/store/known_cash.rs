//! What the feeds tell of a customer's money: what came in, what of it was applied to invoices, what
//! they have in credit. Who writes here holds the customer's exposure.

use money::{Currency, Money};
use postgres::{DbError, TenantId, Tx};
use uuid::Uuid;

use super::row;
use crate::domain::CustomerId;

/// What of a receipt is still with us, as payments told it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct KnownReceipt {
    /// The receipt.
    pub receipt_id: Uuid,
    /// Whose money it is; `None` while nobody knows.
    pub customer_id: Option<CustomerId>,
    /// What came in less what was refunded or returned.
    pub kept_amount: Money,
    /// Rises with every change.
    pub version: i64,
}

/// Who a receipt was known to be of, to lock their exposure too.
///
/// # Errors
/// [`DbError`] of the statement.
pub async fn owner_in_tx(
    tx: &mut Tx,
    tenant: TenantId,
    receipt_id: Uuid,
) -> Result<Option<CustomerId>, DbError> {
    let owner = sqlx::query_scalar!(
        "SELECT customer_id FROM known_receipt WHERE tenant_id = $1 AND receipt_id = $2",
        tenant.uuid(),
        receipt_id,
    )
    .fetch_optional(&mut **tx)
    .await?;
    Ok(owner.flatten().map(CustomerId))
}

/// Keeps what was told and moves the money in the positions, unless something newer is known;
/// `false`: it is.
///
/// # Errors
/// [`DbError`] of the statements.
pub async fn keep_receipt_in_tx(
    tx: &mut Tx,
    tenant: TenantId,
    known: &KnownReceipt,
) -> Result<bool, DbError> {
    let before = sqlx::query!(
        "SELECT customer_id, kept_amount, currency, version FROM known_receipt
          WHERE tenant_id = $1 AND receipt_id = $2 FOR UPDATE",
        tenant.uuid(),
        known.receipt_id,
    )
    .fetch_optional(&mut **tx)
    .await?;
    if before
        .as_ref()
        .is_some_and(|before| before.version >= known.version)
    {
        return Ok(false);
    }
    if let Some(before) = before
        && let Some(customer_id) = before.customer_id
    {
        let amount = row::money(before.kept_amount, &before.currency)?;
        receive_in_tx(tx, tenant, CustomerId(customer_id), amount.negated()).await?;
    }
    if let Some(customer_id) = known.customer_id {
        receive_in_tx(tx, tenant, customer_id, known.kept_amount).await?;
    }
    sqlx::query!(
        "INSERT INTO known_receipt
                (tenant_id, receipt_id, customer_id, currency, kept_amount, version)
         VALUES ($1, $2, $3, $4, $5, $6)
         ON CONFLICT (tenant_id, receipt_id) DO UPDATE
            SET customer_id = excluded.customer_id, kept_amount = excluded.kept_amount,
                version = excluded.version",
        tenant.uuid(),
        known.receipt_id,
        known.customer_id.map(|customer_id| customer_id.0),
        known.kept_amount.currency().code(),
        known.kept_amount.amount(),
        known.version,
    )
    .execute(&mut **tx)
    .await?;
    Ok(true)
}

async fn receive_in_tx(
    tx: &mut Tx,
    tenant: TenantId,
    customer_id: CustomerId,
    amount: Money,
) -> Result<(), DbError> {
    sqlx::query!(
        "INSERT INTO currency_position AS own (tenant_id, customer_id, currency, received_amount)
         VALUES ($1, $2, $3, $4)
         ON CONFLICT (tenant_id, customer_id, currency) DO UPDATE
            SET received_amount = own.received_amount + excluded.received_amount",
        tenant.uuid(),
        customer_id.0,
        amount.currency().code(),
        amount.amount(),
    )
    .execute(&mut **tx)
    .await?;
    raise_in_tx(tx, tenant, customer_id).await
}

/// Adds to what of a customer's money was applied to invoices; negative: it was taken back.
///
/// # Errors
/// [`DbError`] of the statement.
pub async fn apply_in_tx(
    tx: &mut Tx,
    tenant: TenantId,
    customer_id: CustomerId,
    amount: Money,
) -> Result<(), DbError> {
    sqlx::query!(
        "INSERT INTO currency_position AS own (tenant_id, customer_id, currency, applied_amount)
         VALUES ($1, $2, $3, $4)
         ON CONFLICT (tenant_id, customer_id, currency) DO UPDATE
            SET applied_amount = own.applied_amount + excluded.applied_amount",
        tenant.uuid(),
        customer_id.0,
        amount.currency().code(),
        amount.amount(),
    )
    .execute(&mut **tx)
    .await?;
    raise_in_tx(tx, tenant, customer_id).await
}

/// Keeps what a customer has in credit in a currency, unless something newer is known.
///
/// # Errors
/// [`DbError`] of the statement.
pub async fn keep_credit_in_tx(
    tx: &mut Tx,
    tenant: TenantId,
    customer_id: CustomerId,
    open_amount: Money,
    version: i64,
) -> Result<(), DbError> {
    let currency: Currency = open_amount.currency();
    sqlx::query!(
        "INSERT INTO currency_position AS own
                (tenant_id, customer_id, currency, customer_credit_amount, customer_credit_version)
         VALUES ($1, $2, $3, $4, $5)
         ON CONFLICT (tenant_id, customer_id, currency) DO UPDATE
            SET customer_credit_amount = excluded.customer_credit_amount,
                customer_credit_version = excluded.customer_credit_version
          WHERE own.customer_credit_version < excluded.customer_credit_version",
        tenant.uuid(),
        customer_id.0,
        currency.code(),
        open_amount.amount(),
        version,
    )
    .execute(&mut **tx)
    .await?;
    raise_in_tx(tx, tenant, customer_id).await
}

/// Positions changed: an order that was decided on before must look again.
async fn raise_in_tx(
    tx: &mut Tx,
    tenant: TenantId,
    customer_id: CustomerId,
) -> Result<(), DbError> {
    sqlx::query!(
        "UPDATE exposure SET version = version + 1 WHERE tenant_id = $1 AND customer_id = $2",
        tenant.uuid(),
        customer_id.0,
    )
    .execute(&mut **tx)
    .await?;
    Ok(())
}
