//! The projection of customers.

use std::collections::BTreeSet;

use postgres::{DbError, TenantId, Tx};
use uuid::Uuid;

use super::row;
use crate::domain::batch_file::DebtorContact;
use crate::domain::country::Country;
use crate::domain::debt::DebtorKind;
use crate::domain::identity::CustomerId;

/// What is known of a customer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KnownCustomer {
    /// The customer.
    pub customer_id: CustomerId,
    /// Their identity in the tenant's own system.
    pub external_id: Option<String>,
    /// What the law takes them for.
    pub kind: DebtorKind,
    /// The country whose rules protect them.
    pub country: Country,
    /// The group they are treated in; empty: the one for all others.
    pub segment: String,
    /// Who and where they are. The channels they opted out of are reminders' and not in here.
    pub contact: DebtorContact,
}

struct Row {
    customer_id: Uuid,
    external_id: Option<String>,
    display_name: String,
    kind: String,
    segment: String,
    country_code: String,
    language: String,
    time_zone: String,
    address_lines: Vec<String>,
    postal_code: String,
    city: String,
    region: String,
    contact_name: String,
    contact_email: String,
    contact_phone: String,
}

impl Row {
    fn into_customer(self) -> Result<KnownCustomer, DbError> {
        Ok(KnownCustomer {
            customer_id: CustomerId::new(self.customer_id),
            external_id: self.external_id,
            kind: row::named("debtor kind", DebtorKind::from_name(&self.kind))?,
            country: row::country(&self.country_code)?,
            segment: self.segment,
            contact: DebtorContact {
                name: self.display_name,
                contact_name: self.contact_name,
                address_lines: self.address_lines,
                postal_code: self.postal_code,
                city: self.city,
                region: self.region,
                country_code: self.country_code,
                email: self.contact_email,
                phone: self.contact_phone,
                language: self.language,
                time_zone: self.time_zone,
                opted_out_channels: BTreeSet::new(),
            },
        })
    }
}

/// Stores what was announced of a customer, unless something newer is known (P24).
///
/// # Errors
/// [`DbError`] of the statement.
pub async fn upsert_in_tx(
    tx: &mut Tx,
    tenant: TenantId,
    known: &KnownCustomer,
    version: i64,
) -> Result<(), DbError> {
    let contact = &known.contact;
    sqlx::query!(
        "INSERT INTO known_customer (tenant_id, customer_id, external_id, display_name, kind,
                                     segment, country_code, language, time_zone, address_lines,
                                     postal_code, city, region, contact_name, contact_email,
                                     contact_phone, feed_version)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17)
         ON CONFLICT (tenant_id, customer_id) DO UPDATE
            SET external_id = excluded.external_id, display_name = excluded.display_name,
                kind = excluded.kind, segment = excluded.segment,
                country_code = excluded.country_code, language = excluded.language,
                time_zone = excluded.time_zone, address_lines = excluded.address_lines,
                postal_code = excluded.postal_code, city = excluded.city,
                region = excluded.region, contact_name = excluded.contact_name,
                contact_email = excluded.contact_email, contact_phone = excluded.contact_phone,
                feed_version = excluded.feed_version
          WHERE known_customer.feed_version < excluded.feed_version",
        tenant.uuid(),
        known.customer_id.uuid(),
        known.external_id,
        contact.name,
        known.kind.name(),
        known.segment,
        known.country.code(),
        contact.language,
        contact.time_zone,
        &contact.address_lines,
        contact.postal_code,
        contact.city,
        contact.region,
        contact.contact_name,
        contact.email,
        contact.phone,
        version,
    )
    .execute(&mut **tx)
    .await?;
    Ok(())
}

/// Those customers that credit has announced, by identity.
///
/// # Errors
/// [`DbError`] of the statement.
pub async fn find_all_in_tx(
    tx: &mut Tx,
    tenant: TenantId,
    customer_ids: &[CustomerId],
) -> Result<Vec<KnownCustomer>, DbError> {
    let ids: Vec<Uuid> = customer_ids.iter().map(|id| id.uuid()).collect();
    sqlx::query_as!(
        Row,
        "SELECT customer_id, external_id, display_name, kind, segment, country_code, language,
                time_zone, address_lines, postal_code, city, region, contact_name,
                contact_email, contact_phone
           FROM known_customer WHERE tenant_id = $1 AND customer_id = ANY ($2)
          ORDER BY customer_id",
        tenant.uuid(),
        &ids,
    )
    .fetch_all(&mut **tx)
    .await?
    .into_iter()
    .map(Row::into_customer)
    .collect()
}
