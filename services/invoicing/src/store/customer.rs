//! The projection of customers and of the terms they are granted.

use jiff_sqlx::ToSqlx as _;
use postgres::{DbError, TenantId, Tx};

use crate::domain::{Customer, CustomerId, Grant};

/// Stores what was announced of a customer, unless something newer is known (P24).
///
/// # Errors
/// [`DbError`] of the statement.
pub async fn upsert_in_tx(
    tx: &mut Tx,
    tenant: TenantId,
    customer_id: CustomerId,
    external_id: Option<&str>,
    version: i64,
) -> Result<(), DbError> {
    sqlx::query!(
        "INSERT INTO customer (tenant_id, customer_id, external_id, version)
         VALUES ($1, $2, $3, $4)
         ON CONFLICT (tenant_id, customer_id) DO UPDATE
            SET external_id = excluded.external_id, version = excluded.version
          WHERE customer.version < excluded.version",
        tenant.uuid(),
        customer_id.0,
        external_id,
        version,
    )
    .execute(&mut **tx)
    .await?;
    Ok(())
}

/// Stores terms granted from a day on; of the same day the one announced later holds.
///
/// # Errors
/// [`DbError`] of the statement.
pub async fn grant_in_tx(
    tx: &mut Tx,
    tenant: TenantId,
    customer_id: CustomerId,
    grant: &Grant,
    position: i64,
) -> Result<(), DbError> {
    let content = serde_json::to_value(grant).map_err(|error| sqlx::Error::Encode(error.into()))?;
    sqlx::query!(
        "INSERT INTO customer_grant (tenant_id, customer_id, valid_from_date, content, position)
         VALUES ($1, $2, $3, $4, $5)
         ON CONFLICT (tenant_id, customer_id, valid_from_date) DO UPDATE
            SET content = excluded.content, position = excluded.position
          WHERE customer_grant.position < excluded.position",
        tenant.uuid(),
        customer_id.0,
        grant.valid_from_date.to_sqlx() as _,
        content,
        position,
    )
    .execute(&mut **tx)
    .await?;
    Ok(())
}

/// A customer with all its grants, if credit has announced it.
///
/// # Errors
/// [`DbError`] of the statements.
pub async fn find_in_tx(
    tx: &mut Tx,
    tenant: TenantId,
    customer_id: CustomerId,
) -> Result<Option<Customer>, DbError> {
    let row = sqlx::query!(
        "SELECT external_id FROM customer WHERE tenant_id = $1 AND customer_id = $2",
        tenant.uuid(),
        customer_id.0,
    )
    .fetch_optional(&mut **tx)
    .await?;
    let Some(row) = row else { return Ok(None) };
    let grants = sqlx::query_scalar!(
        "SELECT content FROM customer_grant WHERE tenant_id = $1 AND customer_id = $2
          ORDER BY valid_from_date",
        tenant.uuid(),
        customer_id.0,
    )
    .fetch_all(&mut **tx)
    .await?;
    let grants = grants
        .into_iter()
        .map(serde_json::from_value)
        .collect::<Result<_, _>>();
    Ok(Some(Customer {
        customer_id,
        external_id: row.external_id,
        grants: grants.map_err(|error| sqlx::Error::Decode(error.into()))?,
    }))
}
