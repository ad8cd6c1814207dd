//! What customers have in credit, one row a currency: announced with a version of its own.

use money::Currency;
use postgres::{DbError, TenantId, Tx};

use super::row;
use crate::domain::{CustomerCreditBalance, CustomerId};

/// Locks what a customer has in credit in a currency; a row of nothing is made where there is none,
/// so that two first changes wait for each other. The last lock that a transaction takes.
///
/// # Errors
/// [`DbError`] of the statements.
pub async fn lock_in_tx(
    tx: &mut Tx,
    tenant: TenantId,
    customer_id: CustomerId,
    currency: Currency,
) -> Result<CustomerCreditBalance, DbError> {
    sqlx::query!(
        "INSERT INTO customer_credit_balance (tenant_id, customer_id, currency, open_amount, version)
         VALUES ($1, $2, $3, 0, 1) ON CONFLICT DO NOTHING",
        tenant.uuid(),
        customer_id.0,
        currency.code(),
    )
    .execute(&mut **tx)
    .await?;
    let stored = sqlx::query!(
        "SELECT open_amount, version FROM customer_credit_balance
          WHERE tenant_id = $1 AND customer_id = $2 AND currency = $3::text::char(3) FOR UPDATE",
        tenant.uuid(),
        customer_id.0,
        currency.code(),
    )
    .fetch_one(&mut **tx)
    .await?;
    Ok(CustomerCreditBalance {
        customer_id,
        open_amount: row::money(stored.open_amount, currency)?,
        version: stored.version,
    })
}

/// Stores a balance that was locked and moved.
///
/// # Errors
/// [`DbError`] of the statement.
pub async fn save_in_tx(
    tx: &mut Tx,
    tenant: TenantId,
    balance: &CustomerCreditBalance,
) -> Result<(), DbError> {
    sqlx::query!(
        "UPDATE customer_credit_balance SET open_amount = $4, version = $5
          WHERE tenant_id = $1 AND customer_id = $2 AND currency = $3::text::char(3)",
        tenant.uuid(),
        balance.customer_id.0,
        balance.open_amount.currency().code(),
        balance.open_amount.amount(),
        balance.version,
    )
    .execute(&mut **tx)
    .await?;
    Ok(())
}
