//! The projection of tenants.

use postgres::{DbError, TenantId, Tx};

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
