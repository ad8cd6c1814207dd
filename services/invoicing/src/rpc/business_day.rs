//! The tenant's business day: what a change counts from unless its caller says otherwise.

use jiff::Timestamp;
use jiff::civil::Date;
use postgres::{TenantId, Tx};
use runtime::{FieldViolation, Refusal};

use super::error;
use crate::store;

/// The day it is for the tenant.
///
/// # Errors
/// UNAVAILABLE (TENANT_NOT_YET_KNOWN), or the database's.
pub async fn today_in_tx(tx: &mut Tx, tenant: TenantId, now: Timestamp) -> Result<Date, Refusal> {
    let known = store::tenant::find_in_tx(tx, tenant).await?;
    let known = known.ok_or_else(error::tenant_not_yet_known)?;
    Ok(known.day_of(now))
}

/// The day that the `field` of a request names, which is not in the future; today where it names
/// none.
///
/// # Errors
/// INVALID_ARGUMENT, naming the field; otherwise as [`today_in_tx`].
pub async fn named_or_today_in_tx(
    tx: &mut Tx,
    tenant: TenantId,
    now: Timestamp,
    field: &str,
    named: Option<Date>,
) -> Result<Date, Refusal> {
    let today = today_in_tx(tx, tenant, now).await?;
    match named {
        Some(day) if day > today => {
            let violation = FieldViolation::new(field, "is in the future");
            Err(Refusal::invalid("REQUEST_INVALID", vec![violation]))
        }
        named => Ok(named.unwrap_or(today)),
    }
}
