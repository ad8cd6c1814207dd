//! Customers, as credit's feed tells of them.

use calendar::Zone;
use postgres::{DbError, TenantId, Tx};
use serde_json::Value;
use uuid::Uuid;

use super::row;
use crate::domain::debtor::Debtor;
use crate::domain::id::CustomerId;

#[derive(sqlx::Decode)]
pub(super) struct Row {
    customer_id: Uuid,
    external_id: Option<String>,
    display_name: String,
    kind: String,
    segment: String,
    country_code: String,
    language: String,
    time_zone: Option<String>,
    postal_lines: Vec<String>,
    contacts: Value,
    version: i64,
}

row::nested!(Row);

impl Row {
    pub(super) fn into_debtor(self) -> Result<Debtor, DbError> {
        let zone = self.time_zone.as_deref().map(Zone::parse).transpose();
        Ok(Debtor {
            customer_id: CustomerId::new(self.customer_id),
            external_id: self.external_id,
            display_name: self.display_name,
            kind: row::named("kind", &self.kind)?,
            segment: self.segment,
            country_code: self.country_code,
            language: self.language,
            zone: row::read("time_zone", zone)?,
            postal_lines: self.postal_lines,
            contacts: row::from_json("contacts", self.contacts)?,
            version: self.version,
        })
    }
}

/// Takes over what the feed tells, unless it is older than what is known (P24); tells whether it was
/// newer.
///
/// # Errors
/// [`DbError`] of the statement.
pub async fn upsert_in_tx(tx: &mut Tx, tenant: TenantId, debtor: &Debtor) -> Result<bool, DbError> {
    let written = sqlx::query!(
        "INSERT INTO customer (tenant_id, customer_id, external_id, display_name, kind, segment,
                               country_code, language, time_zone, postal_lines, contacts, version)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)
         ON CONFLICT (tenant_id, customer_id) DO UPDATE
            SET external_id = EXCLUDED.external_id, display_name = EXCLUDED.display_name,
                kind = EXCLUDED.kind, segment = EXCLUDED.segment,
                country_code = EXCLUDED.country_code, language = EXCLUDED.language,
                time_zone = EXCLUDED.time_zone, postal_lines = EXCLUDED.postal_lines,
                contacts = EXCLUDED.contacts, version = EXCLUDED.version
          WHERE customer.version < EXCLUDED.version",
        tenant.uuid(),
        debtor.customer_id.uuid(),
        debtor.external_id,
        debtor.display_name,
        debtor.kind.name(),
        debtor.segment,
        debtor.country_code,
        debtor.language,
        debtor.zone.as_ref().map(|zone| zone.name().to_owned()),
        &debtor.postal_lines,
        row::to_json(&debtor.contacts)?,
        debtor.version,
    )
    .execute(&mut **tx)
    .await?;
    Ok(written.rows_affected() == 1)
}

/// One customer, if the feed has told of them.
///
/// # Errors
/// [`DbError`] of the statement.
pub async fn find_in_tx(
    tx: &mut Tx,
    tenant: TenantId,
    customer_id: CustomerId,
) -> Result<Option<Debtor>, DbError> {
    sqlx::query_as!(
        Row,
        "SELECT customer_id, external_id, display_name, kind, segment, country_code, language,
                time_zone, postal_lines, contacts, version
           FROM customer WHERE tenant_id = $1 AND customer_id = $2",
        tenant.uuid(),
        customer_id.uuid(),
    )
    .fetch_optional(&mut **tx)
    .await?
    .map(Row::into_debtor)
    .transpose()
}
