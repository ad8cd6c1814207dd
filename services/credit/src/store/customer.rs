//! Customers.

mod list;

use calendar::Zone;
use jiff_sqlx::ToSqlx as _;
use postgres::{DbError, TenantId, Tx};
use serde_json::Value;
use uuid::Uuid;

use super::row;
use crate::domain::{
    Coded as _, CountryCode, Customer, CustomerDetails, CustomerId, CustomerKind, Language,
    MOST_ANCESTORS, PolicyCode, Segment,
};

pub use list::{Filter, list_in_tx};

struct Row {
    customer_id: Uuid,
    external_id: Option<String>,
    display_name: String,
    kind: String,
    segment: Option<String>,
    country_code: String,
    language: String,
    time_zone: Option<String>,
    address: Option<Value>,
    tax_number: String,
    parent_customer_id: Option<Uuid>,
    contacts: Value,
    credit_policy_code: Option<String>,
    customer_since_date: Option<jiff_sqlx::Date>,
    created_time: jiff_sqlx::Timestamp,
    version: i64,
    details_version: i64,
}

impl Row {
    fn into_customer(self) -> Result<Customer, DbError> {
        let zone = self.time_zone.as_deref().map(Zone::parse).transpose();
        let segment = self.segment.as_deref().map(Segment::try_new).transpose();
        let policy = self.credit_policy_code.as_deref();
        let policy = policy.map(PolicyCode::try_new).transpose();
        let address = self.address.map(|stored| row::from_json("address", stored));
        let details = CustomerDetails {
            display_name: self.display_name,
            kind: row::coded::<CustomerKind>("kind", &self.kind)?,
            segment: row::read("segment", segment)?,
            country_code: row::read("country", CountryCode::try_new(&self.country_code))?,
            language: row::read("language", Language::try_new(&self.language))?,
            zone: row::read("zone", zone)?,
            address: address.transpose()?,
            tax_number: self.tax_number,
            parent: self.parent_customer_id.map(CustomerId),
            contacts: row::from_json("contacts", self.contacts)?,
            credit_policy_code: row::read("policy code", policy)?,
            customer_since_date: row::date(self.customer_since_date),
        };
        Ok(Customer {
            customer_id: CustomerId(self.customer_id),
            external_id: self.external_id,
            details,
            created_time: self.created_time.to_jiff(),
            version: self.version,
            details_version: self.details_version,
        })
    }
}

/// Stores a new customer with the row that its exposure is locked by; `false`: its identity or
/// external identity is taken, and nothing is written.
///
/// # Errors
/// [`DbError`] of the statements.
pub async fn insert_in_tx(
    tx: &mut Tx,
    tenant: TenantId,
    customer: &Customer,
) -> Result<bool, DbError> {
    let details = &customer.details;
    let address = details.address.as_ref().map(row::to_json).transpose()?;
    let inserted = sqlx::query!(
        "INSERT INTO customer (tenant_id, customer_id, external_id, display_name, kind, segment,
                               country_code, language, time_zone, address, tax_number,
                               parent_customer_id, contacts, credit_policy_code,
                               customer_since_date, created_time, version, details_version)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18)
         ON CONFLICT DO NOTHING",
        tenant.uuid(),
        customer.customer_id.0,
        customer.external_id,
        details.display_name,
        details.kind.code(),
        details.segment.as_ref().map(Segment::as_str),
        details.country_code.as_str(),
        details.language.as_str(),
        details.zone.as_ref().map(Zone::name),
        address,
        details.tax_number,
        details.parent.map(|parent| parent.0),
        row::to_json(&details.contacts)?,
        details.credit_policy_code.as_ref().map(PolicyCode::as_str),
        details.customer_since_date.map(|day| day.to_sqlx()) as _,
        customer.created_time.to_sqlx() as _,
        customer.version,
        customer.details_version,
    )
    .execute(&mut **tx)
    .await?;
    if inserted.rows_affected() == 0 {
        return Ok(false);
    }
    sqlx::query!(
        "INSERT INTO exposure (tenant_id, customer_id, version) VALUES ($1, $2, 1)",
        tenant.uuid(),
        customer.customer_id.0,
    )
    .execute(&mut **tx)
    .await?;
    Ok(true)
}

/// Stores the details and versions of a customer.
///
/// # Errors
/// [`DbError`] of the statement.
pub async fn update_in_tx(
    tx: &mut Tx,
    tenant: TenantId,
    customer: &Customer,
) -> Result<(), DbError> {
    let details = &customer.details;
    let address = details.address.as_ref().map(row::to_json).transpose()?;
    sqlx::query!(
        "UPDATE customer
            SET display_name = $3, kind = $4, segment = $5, country_code = $6, language = $7,
                time_zone = $8, address = $9, tax_number = $10, parent_customer_id = $11,
                contacts = $12, credit_policy_code = $13, customer_since_date = $14,
                version = $15, details_version = $16
          WHERE tenant_id = $1 AND customer_id = $2",
        tenant.uuid(),
        customer.customer_id.0,
        details.display_name,
        details.kind.code(),
        details.segment.as_ref().map(Segment::as_str),
        details.country_code.as_str(),
        details.language.as_str(),
        details.zone.as_ref().map(Zone::name),
        address,
        details.tax_number,
        details.parent.map(|parent| parent.0),
        row::to_json(&details.contacts)?,
        details.credit_policy_code.as_ref().map(PolicyCode::as_str),
        details.customer_since_date.map(|day| day.to_sqlx()) as _,
        customer.version,
        customer.details_version,
    )
    .execute(&mut **tx)
    .await?;
    Ok(())
}

/// A customer by identity.
///
/// # Errors
/// [`DbError`] of the statement.
pub async fn find_in_tx(
    tx: &mut Tx,
    tenant: TenantId,
    customer_id: CustomerId,
) -> Result<Option<Customer>, DbError> {
    Ok(find_all_in_tx(tx, tenant, [customer_id]).await?.pop())
}

/// Customers by identity, those there are.
///
/// # Errors
/// [`DbError`] of the statement.
pub async fn find_all_in_tx(
    tx: &mut Tx,
    tenant: TenantId,
    customers: impl IntoIterator<Item = CustomerId>,
) -> Result<Vec<Customer>, DbError> {
    sqlx::query_as!(
        Row,
        "SELECT customer_id, external_id, display_name, kind, segment, country_code, language,
                time_zone, address, tax_number, parent_customer_id, contacts, credit_policy_code,
                customer_since_date, created_time, version, details_version
           FROM customer WHERE tenant_id = $1 AND customer_id = ANY ($2) ORDER BY customer_id",
        tenant.uuid(),
        &row::ids(customers),
    )
    .fetch_all(&mut **tx)
    .await?
    .into_iter()
    .map(Row::into_customer)
    .collect()
}

/// A customer by the foreign system's own identity.
///
/// # Errors
/// [`DbError`] of the statement.
pub async fn find_external_in_tx(
    tx: &mut Tx,
    tenant: TenantId,
    external_id: &str,
) -> Result<Option<Customer>, DbError> {
    sqlx::query_as!(
        Row,
        "SELECT customer_id, external_id, display_name, kind, segment, country_code, language,
                time_zone, address, tax_number, parent_customer_id, contacts, credit_policy_code,
                customer_since_date, created_time, version, details_version
           FROM customer WHERE tenant_id = $1 AND external_id = $2",
        tenant.uuid(),
        external_id,
    )
    .fetch_optional(&mut **tx)
    .await?
    .map(Row::into_customer)
    .transpose()
}

/// A customer, for who changes it.
///
/// # Errors
/// [`DbError`] of the statement.
pub async fn lock_in_tx(
    tx: &mut Tx,
    tenant: TenantId,
    customer_id: CustomerId,
) -> Result<Option<Customer>, DbError> {
    sqlx::query_as!(
        Row,
        "SELECT customer_id, external_id, display_name, kind, segment, country_code, language,
                time_zone, address, tax_number, parent_customer_id, contacts, credit_policy_code,
                customer_since_date, created_time, version, details_version
           FROM customer WHERE tenant_id = $1 AND customer_id = $2 FOR UPDATE",
        tenant.uuid(),
        customer_id.0,
    )
    .fetch_optional(&mut **tx)
    .await?
    .map(Row::into_customer)
    .transpose()
}

/// Locks a customer and those it belongs to, the customer first, and answers them; empty: there is
/// no such customer. Two that would come to belong to each other meet here: each locks the other.
///
/// # Errors
/// [`DbError`] of the statements.
pub async fn lock_ancestors_in_tx(
    tx: &mut Tx,
    tenant: TenantId,
    customer_id: CustomerId,
) -> Result<Vec<CustomerId>, DbError> {
    let mut ancestors = Vec::new();
    let mut next = Some(customer_id.0);
    while let Some(current) = next {
        // One more than may be: the domain refuses the chain by its length.
        if ancestors.len() > MOST_ANCESTORS {
            break;
        }
        let parent = sqlx::query_scalar!(
            "SELECT parent_customer_id FROM customer
              WHERE tenant_id = $1 AND customer_id = $2 FOR UPDATE",
            tenant.uuid(),
            current,
        )
        .fetch_optional(&mut **tx)
        .await?;
        let Some(parent) = parent else { break };
        ancestors.push(CustomerId(current));
        next = parent;
    }
    Ok(ancestors)
}

/// A customer that comes under a policy, with the version after the announcement that is due.
#[derive(Debug, Clone)]
pub struct UnderPolicy {
    /// The customer.
    pub customer_id: CustomerId,
    /// The segment; `None`: that of all others.
    pub segment: Option<Segment>,
    /// The customer's new version.
    pub version: i64,
}

/// Raises the version of every customer under a policy, because each is about to be told of.
///
/// # Errors
/// [`DbError`] of the statement.
pub async fn raise_under_policy_in_tx(
    tx: &mut Tx,
    tenant: TenantId,
    policy_code: &PolicyCode,
) -> Result<Vec<UnderPolicy>, DbError> {
    let rows = sqlx::query!(
        "UPDATE customer SET version = version + 1
          WHERE tenant_id = $1 AND coalesce(credit_policy_code, 'standard') = $2
         RETURNING customer_id, segment, version",
        tenant.uuid(),
        policy_code.as_str(),
    )
    .fetch_all(&mut **tx)
    .await?;
    rows.into_iter()
        .map(|row| {
            let segment = row.segment.as_deref().map(Segment::try_new).transpose();
            Ok(UnderPolicy {
                customer_id: CustomerId(row.customer_id),
                segment: row::read("segment", segment)?,
                version: row.version,
            })
        })
        .collect()
}

/// Every customer under a policy.
///
/// # Errors
/// [`DbError`] of the statement.
pub async fn under_policy_in_tx(
    tx: &mut Tx,
    tenant: TenantId,
    policy_code: &PolicyCode,
) -> Result<Vec<Customer>, DbError> {
    sqlx::query_as!(
        Row,
        "SELECT customer_id, external_id, display_name, kind, segment, country_code, language,
                time_zone, address, tax_number, parent_customer_id, contacts, credit_policy_code,
                customer_since_date, created_time, version, details_version
           FROM customer
          WHERE tenant_id = $1 AND coalesce(credit_policy_code, 'standard') = $2",
        tenant.uuid(),
        policy_code.as_str(),
    )
    .fetch_all(&mut **tx)
    .await?
    .into_iter()
    .map(Row::into_customer)
    .collect()
}

/// The customers with these external identities.
///
/// # Errors
/// [`DbError`] of the statement.
pub async fn find_all_external_in_tx(
    tx: &mut Tx,
    tenant: TenantId,
    external_ids: &[String],
) -> Result<Vec<Customer>, DbError> {
    sqlx::query_as!(
        Row,
        "SELECT customer_id, external_id, display_name, kind, segment, country_code, language,
                time_zone, address, tax_number, parent_customer_id, contacts, credit_policy_code,
                customer_since_date, created_time, version, details_version
           FROM customer WHERE tenant_id = $1 AND external_id = ANY ($2)",
        tenant.uuid(),
        external_ids,
    )
    .fetch_all(&mut **tx)
    .await?
    .into_iter()
    .map(Row::into_customer)
    .collect()
}
