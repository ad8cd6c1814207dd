//! The projection of customers and of the terms they are granted.

use std::collections::BTreeMap;

use jiff_sqlx::ToSqlx as _;
use postgres::{DbError, TenantId, Tx, column};

use super::row;
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

/// The grants of these customers, by customer, each one's by the day from which they hold. Who was
/// granted nothing, or is not known, is left out.
///
/// # Errors
/// [`DbError`] of the statement.
pub async fn grants_in_tx(
    tx: &mut Tx,
    tenant: TenantId,
    customers: &[CustomerId],
) -> Result<BTreeMap<CustomerId, Vec<Grant>>, DbError> {
    let rows = sqlx::query!(
        "SELECT customer_id, content FROM customer_grant
          WHERE tenant_id = $1 AND customer_id = ANY ($2)
          ORDER BY customer_id, valid_from_date",
        tenant.uuid(),
        &column(customers, |id| id.0),
    )
    .fetch_all(&mut **tx)
    .await?;
    let mut grants: BTreeMap<CustomerId, Vec<Grant>> = BTreeMap::new();
    for row in rows {
        let of_customer = grants.entry(CustomerId(row.customer_id)).or_default();
        of_customer.push(row::from_json("grant", row.content)?);
    }
    Ok(grants)
}

/// A customer by the foreign system's own identity, if credit has announced it.
///
/// # Errors
/// [`DbError`] of the statements.
pub async fn find_external_in_tx(
    tx: &mut Tx,
    tenant: TenantId,
    external_id: &str,
) -> Result<Option<Customer>, DbError> {
    let found = find_all_in_tx(tx, tenant, &[], &[external_id.to_owned()]).await?;
    Ok(found.into_iter().next())
}

/// The customers that have one of these identities or external identities.
///
/// # Errors
/// [`DbError`] of the statements.
pub async fn find_all_in_tx(
    tx: &mut Tx,
    tenant: TenantId,
    ids: &[CustomerId],
    external_ids: &[String],
) -> Result<Vec<Customer>, DbError> {
    let named = names_in_tx(tx, tenant, ids, external_ids).await?;
    let found = column(&named, |(customer_id, _)| *customer_id);
    let mut grants = grants_in_tx(tx, tenant, &found).await?;
    let customer = |(customer_id, external_id)| Customer {
        customer_id,
        external_id,
        grants: grants.remove(&customer_id).unwrap_or_default(),
    };
    Ok(named.into_iter().map(customer).collect())
}

/// Which of these identities and external identities are known: of each customer both.
///
/// # Errors
/// [`DbError`] of the statement.
pub async fn names_in_tx(
    tx: &mut Tx,
    tenant: TenantId,
    ids: &[CustomerId],
    external_ids: &[String],
) -> Result<Vec<(CustomerId, Option<String>)>, DbError> {
    let rows = sqlx::query!(
        "SELECT customer_id, external_id FROM customer
          WHERE tenant_id = $1 AND (customer_id = ANY ($2) OR external_id = ANY ($3))",
        tenant.uuid(),
        &column(ids, |id| id.0),
        external_ids,
    )
    .fetch_all(&mut **tx)
    .await?;
    let named = rows.into_iter();
    Ok(named
        .map(|row| (CustomerId(row.customer_id), row.external_id))
        .collect())
}
