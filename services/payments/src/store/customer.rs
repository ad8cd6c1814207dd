//! The projection of customers: the names by which payers are found, and the tolerances granted.

use std::collections::{BTreeMap, BTreeSet};

use postgres::{DbError, TenantId, Tx};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::row::{from_json, to_json};
use crate::domain::{CustomerId, KnownCustomer, ToleranceGrant, name_keys};

/// What credit announced of a customer.
#[derive(Debug, Clone)]
pub struct AnnouncedCustomer {
    /// Identity.
    pub customer_id: CustomerId,
    /// The foreign system's own identity, where it has one.
    pub external_id: Option<String>,
    /// Name. Personal data.
    pub display_name: String,
    /// The customer they belong to.
    pub parent_customer_id: Option<CustomerId>,
    /// Of the customer, as announced.
    pub version: i64,
}

/// A tolerance as it is kept: of two announced for the same day the later one holds.
#[derive(Debug, Serialize, Deserialize)]
struct StoredGrant {
    #[serde(flatten)]
    grant: ToleranceGrant,
    /// Position of the announcement.
    position: i64,
}

/// Stores what was announced of a customer, unless something newer is known (P24).
///
/// # Errors
/// [`DbError`] of the statements.
pub async fn upsert_in_tx(
    tx: &mut Tx,
    tenant: TenantId,
    announced: &AnnouncedCustomer,
) -> Result<(), DbError> {
    let changed = sqlx::query!(
        "INSERT INTO customer (tenant_id, customer_id, external_id, display_name,
                               parent_customer_id, version)
         VALUES ($1, $2, $3, $4, $5, $6)
         ON CONFLICT (tenant_id, customer_id) DO UPDATE
            SET external_id = excluded.external_id, display_name = excluded.display_name,
                parent_customer_id = excluded.parent_customer_id, version = excluded.version
          WHERE customer.version < excluded.version",
        tenant.uuid(),
        announced.customer_id.0,
        announced.external_id,
        announced.display_name,
        announced.parent_customer_id.map(|parent| parent.0),
        announced.version,
    )
    .execute(&mut **tx)
    .await?
    .rows_affected();
    if changed == 0 {
        return Ok(());
    }
    let keys = name_keys(&announced.display_name);
    sqlx::query!(
        "DELETE FROM customer_name_key
          WHERE tenant_id = $1 AND customer_id = $2 AND NOT name_key = ANY ($3)",
        tenant.uuid(),
        announced.customer_id.0,
        &keys,
    )
    .execute(&mut **tx)
    .await?;
    sqlx::query!(
        "INSERT INTO customer_name_key (tenant_id, name_key, customer_id)
         SELECT $1, name_key, $2 FROM unnest($3::text[]) AS name_key
         ON CONFLICT DO NOTHING",
        tenant.uuid(),
        announced.customer_id.0,
        &keys,
    )
    .execute(&mut **tx)
    .await?;
    Ok(())
}

/// Stores a tolerance granted from a day on, unless a later announcement of that day is known.
/// Tells whether the customer is known.
///
/// # Errors
/// [`DbError`] of the statements.
pub async fn grant_in_tx(
    tx: &mut Tx,
    tenant: TenantId,
    customer_id: CustomerId,
    grant: ToleranceGrant,
    position: i64,
) -> Result<bool, DbError> {
    let stored = sqlx::query_scalar!(
        "SELECT tolerances FROM customer WHERE tenant_id = $1 AND customer_id = $2 FOR UPDATE",
        tenant.uuid(),
        customer_id.0,
    )
    .fetch_optional(&mut **tx)
    .await?;
    let Some(stored) = stored else {
        return Ok(false);
    };
    let mut grants: Vec<StoredGrant> = from_json("tolerances", stored)?;
    let day = grant.valid_from_date;
    let is_later = |one: &StoredGrant| one.grant.valid_from_date == day && one.position > position;
    if grants.iter().any(is_later) {
        return Ok(true);
    }
    grants.retain(|one| one.grant.valid_from_date != day);
    grants.push(StoredGrant { grant, position });
    grants.sort_by_key(|one| one.grant.valid_from_date);
    sqlx::query!(
        "UPDATE customer SET tolerances = $3 WHERE tenant_id = $1 AND customer_id = $2",
        tenant.uuid(),
        customer_id.0,
        to_json(&grants)?,
    )
    .execute(&mut **tx)
    .await?;
    Ok(true)
}

/// A customer, if credit has announced it.
///
/// # Errors
/// [`DbError`] of the statement.
pub async fn find_in_tx(
    tx: &mut Tx,
    tenant: TenantId,
    customer_id: CustomerId,
) -> Result<Option<KnownCustomer>, DbError> {
    let row = sqlx::query!(
        "SELECT external_id, display_name, parent_customer_id, tolerances
           FROM customer WHERE tenant_id = $1 AND customer_id = $2",
        tenant.uuid(),
        customer_id.0,
    )
    .fetch_optional(&mut **tx)
    .await?;
    let Some(row) = row else { return Ok(None) };
    let grants: Vec<StoredGrant> = from_json("tolerances", row.tolerances)?;
    Ok(Some(KnownCustomer {
        customer_id,
        external_id: row.external_id,
        display_name: row.display_name,
        parent_customer_id: row.parent_customer_id.map(CustomerId),
        tolerances: grants.into_iter().map(|stored| stored.grant).collect(),
    }))
}

/// Customers by identity.
///
/// # Errors
/// [`DbError`] of the statement.
pub async fn find_all_in_tx(
    tx: &mut Tx,
    tenant: TenantId,
    ids: &BTreeSet<CustomerId>,
) -> Result<Vec<KnownCustomer>, DbError> {
    let ids: Vec<Uuid> = ids.iter().map(|id| id.0).collect();
    let rows = sqlx::query!(
        "SELECT customer_id, external_id, display_name, parent_customer_id, tolerances
           FROM customer WHERE tenant_id = $1 AND customer_id = ANY ($2)",
        tenant.uuid(),
        &ids,
    )
    .fetch_all(&mut **tx)
    .await?;
    rows.into_iter()
        .map(|row| {
            let grants: Vec<StoredGrant> = from_json("tolerances", row.tolerances)?;
            Ok(KnownCustomer {
                customer_id: CustomerId(row.customer_id),
                external_id: row.external_id,
                display_name: row.display_name,
                parent_customer_id: row.parent_customer_id.map(CustomerId),
                tolerances: grants.into_iter().map(|stored| stored.grant).collect(),
            })
        })
        .collect()
}

/// The identities of customers by what a foreign system calls them.
///
/// # Errors
/// [`DbError`] of the statement.
pub async fn by_external_ids_in_tx(
    tx: &mut Tx,
    tenant: TenantId,
    external_ids: &[String],
) -> Result<BTreeMap<String, CustomerId>, DbError> {
    let rows = sqlx::query!(
        r#"SELECT external_id AS "external_id!", customer_id FROM customer
            WHERE tenant_id = $1 AND external_id = ANY ($2)"#,
        tenant.uuid(),
        external_ids,
    )
    .fetch_all(&mut **tx)
    .await?;
    let named = rows.into_iter();
    Ok(named
        .map(|row| (row.external_id, CustomerId(row.customer_id)))
        .collect())
}
