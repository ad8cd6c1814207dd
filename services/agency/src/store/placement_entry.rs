//! What happened to placed debts. Append-only.

use jiff_sqlx::ToSqlx as _;
use postgres::{DbError, TenantId, Tx};

use super::row;
use crate::domain::identity::{ApplicationId, PlacementId};
use crate::domain::placement::{EntryKind, PlacementEntry};

/// Stores entries, in their order.
///
/// # Errors
/// [`DbError`] of the statements.
pub async fn insert_all_in_tx(
    tx: &mut Tx,
    tenant: TenantId,
    entries: &[PlacementEntry],
) -> Result<(), DbError> {
    for entry in entries {
        sqlx::query!(
            "INSERT INTO placement_entry (tenant_id, placement_id, entry_number, kind,
                                          invoice_id, currency_code, amount, application_id,
                                          entry_date, booked_time)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)",
            tenant.uuid(),
            entry.placement_id.uuid(),
            entry.entry_number,
            entry.kind.name(),
            entry.invoice_id.uuid(),
            entry.amount.currency().code(),
            entry.amount.amount(),
            entry.application_id.map(ApplicationId::uuid),
            entry.entry_date.to_sqlx() as _,
            entry.booked_time.to_sqlx() as _,
        )
        .execute(&mut **tx)
        .await?;
    }
    Ok(())
}

/// As what a placement counted the money of an application; none: it did not.
///
/// # Errors
/// [`DbError`] of the statement.
pub async fn counted_as_in_tx(
    tx: &mut Tx,
    tenant: TenantId,
    placement_id: PlacementId,
    application_id: ApplicationId,
) -> Result<Option<EntryKind>, DbError> {
    let kind = sqlx::query_scalar!(
        "SELECT kind FROM placement_entry
          WHERE tenant_id = $1 AND placement_id = $2 AND application_id = $3
            AND kind IN ('RECOVERED', 'DIRECT') AND amount > 0
          LIMIT 1",
        tenant.uuid(),
        placement_id.uuid(),
        application_id.uuid(),
    )
    .fetch_optional(&mut **tx)
    .await?;
    row::named_if("entry kind", kind.as_deref(), EntryKind::from_name)
}
