//! Which request places a debt by itself, so that whoever drives it to its outcome can answer it.

use postgres::{DbError, TenantId, Tx};
use uuid::Uuid;

use crate::domain::identity::PlacementId;

/// Notes the operation of the request.
///
/// # Errors
/// [`DbError`] of the statement.
pub async fn insert_in_tx(
    tx: &mut Tx,
    tenant: TenantId,
    placement_id: PlacementId,
    operation_id: Uuid,
) -> Result<(), DbError> {
    sqlx::query!(
        "INSERT INTO placement_operation (tenant_id, placement_id, operation_id)
         VALUES ($1, $2, $3)",
        tenant.uuid(),
        placement_id.uuid(),
        operation_id,
    )
    .execute(&mut **tx)
    .await?;
    Ok(())
}

/// The operation of the request; none: a batch places it.
///
/// # Errors
/// [`DbError`] of the statement.
pub async fn find_in_tx(
    tx: &mut Tx,
    tenant: TenantId,
    placement_id: PlacementId,
) -> Result<Option<Uuid>, DbError> {
    Ok(sqlx::query_scalar!(
        "SELECT operation_id FROM placement_operation
          WHERE tenant_id = $1 AND placement_id = $2",
        tenant.uuid(),
        placement_id.uuid(),
    )
    .fetch_optional(&mut **tx)
    .await?)
}
