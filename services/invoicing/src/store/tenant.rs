//! The projection of tenants.

use calendar::Zone;
use postgres::{DbError, TenantId, Tx};

use super::row;
use crate::domain::Tenant;

/// Stores what was announced of a tenant, unless something newer is known (P24).
///
/// # Errors
/// [`DbError`] of the statement.
pub async fn upsert_in_tx(
    tx: &mut Tx,
    tenant: TenantId,
    known: &Tenant,
    version: i64,
) -> Result<(), DbError> {
    sqlx::query!(
        "INSERT INTO tenant (tenant_id, zone, home_currency, version) VALUES ($1, $2, $3, $4)
         ON CONFLICT (tenant_id) DO UPDATE
            SET zone = excluded.zone, home_currency = excluded.home_currency,
                version = excluded.version
          WHERE tenant.version < excluded.version",
        tenant.uuid(),
        known.zone.name(),
        known.home_currency.code(),
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
pub async fn find_in_tx(tx: &mut Tx, tenant: TenantId) -> Result<Option<Tenant>, DbError> {
    let found = sqlx::query!(
        "SELECT zone, home_currency FROM tenant WHERE tenant_id = $1",
        tenant.uuid(),
    )
    .fetch_optional(&mut **tx)
    .await?;
    let known = found.map(|found| {
        Ok(Tenant {
            zone: row::read("zone", Zone::parse(&found.zone))?,
            home_currency: row::currency(&found.home_currency)?,
        })
    });
    known.transpose()
}
