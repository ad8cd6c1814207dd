//! The projection of tenants.

use calendar::Zone;
use postgres::{DbError, TenantId, Tx};

use super::row;

/// What is known of a tenant.
#[derive(Debug, Clone, PartialEq)]
pub struct KnownTenant {
    /// The legal entity that debts are owed to.
    pub legal_name: String,
    /// The zone in which its days begin.
    pub zone: Zone,
}

/// Stores what was announced of a tenant, unless something newer is known (P24).
///
/// # Errors
/// [`DbError`] of the statement.
pub async fn upsert_in_tx(
    tx: &mut Tx,
    tenant: TenantId,
    known: &KnownTenant,
    version: i64,
) -> Result<(), DbError> {
    sqlx::query!(
        "INSERT INTO known_tenant (tenant_id, legal_name, time_zone, feed_version)
         VALUES ($1, $2, $3, $4)
         ON CONFLICT (tenant_id) DO UPDATE
            SET legal_name = excluded.legal_name, time_zone = excluded.time_zone,
                feed_version = excluded.feed_version
          WHERE known_tenant.feed_version < excluded.feed_version",
        tenant.uuid(),
        known.legal_name,
        known.zone.name(),
        version,
    )
    .execute(&mut **tx)
    .await?;
    Ok(())
}

/// The tenant, if credit has announced it.
///
/// # Errors
/// [`DbError`] of the statement.
pub async fn find_in_tx(tx: &mut Tx, tenant: TenantId) -> Result<Option<KnownTenant>, DbError> {
    let row = sqlx::query!(
        "SELECT legal_name, time_zone FROM known_tenant WHERE tenant_id = $1",
        tenant.uuid(),
    )
    .fetch_optional(&mut **tx)
    .await?;
    let known = row.map(|row| {
        Ok(KnownTenant {
            legal_name: row.legal_name,
            zone: row::read("time zone", Zone::parse(&row.time_zone))?,
        })
    });
    known.transpose()
}
