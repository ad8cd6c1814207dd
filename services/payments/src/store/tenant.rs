//! The projection of tenants.

use calendar::Zone;
use money::Currency;
use postgres::{DbError, TenantId, Tx};

use super::row::{currency, read};

/// What payments knows of a tenant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KnownTenant {
    /// The zone that says which day it is.
    pub zone: Zone,
    /// The currency it keeps its books in.
    pub home_currency: Currency,
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
        "INSERT INTO tenant (tenant_id, time_zone, home_currency_code, version)
         VALUES ($1, $2, $3, $4)
         ON CONFLICT (tenant_id) DO UPDATE
            SET time_zone = excluded.time_zone, version = excluded.version,
                home_currency_code = excluded.home_currency_code
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
pub async fn find_in_tx(tx: &mut Tx, tenant: TenantId) -> Result<Option<KnownTenant>, DbError> {
    let row = sqlx::query!(
        "SELECT time_zone, home_currency_code FROM tenant WHERE tenant_id = $1",
        tenant.uuid(),
    )
    .fetch_optional(&mut **tx)
    .await?;
    let known = |time_zone: &str, code: &str| {
        Ok(KnownTenant {
            zone: read("time_zone", Zone::parse(time_zone))?,
            home_currency: currency(code)?,
        })
    };
    row.map(|row| known(&row.time_zone, &row.home_currency_code))
        .transpose()
}
