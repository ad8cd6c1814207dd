//! Placements: locks and searches; how one is read, written and listed stands beneath. Their invoices,
//! entries and terms have files of their own.

mod list;
mod load;
mod save;

use std::collections::BTreeSet;

use money::Currency;
use postgres::{DbError, TenantId, Tx};
use uuid::Uuid;

use super::row;
use crate::domain::identity::{AgencyId, CustomerId, PlacementId};
use crate::domain::placement::Placement;

pub use list::{Filter, list_in_tx};
pub use load::{find_all_in_tx, find_in_tx};
pub use save::{insert_in_tx, update_in_tx};

/// Placements, locked in the order of their identities; those that are not there are left out.
///
/// # Errors
/// [`DbError`] of the statements.
pub async fn lock_all_in_tx(
    tx: &mut Tx,
    tenant: TenantId,
    placement_ids: &[PlacementId],
) -> Result<Vec<Placement>, DbError> {
    let ids: Vec<Uuid> = placement_ids.iter().map(|id| id.uuid()).collect();
    let locked = sqlx::query_scalar!(
        "SELECT placement_id FROM placement
          WHERE tenant_id = $1 AND placement_id = ANY ($2) ORDER BY placement_id FOR UPDATE",
        tenant.uuid(),
        &ids,
    )
    .fetch_all(&mut **tx)
    .await?;
    let locked: Vec<PlacementId> = locked.into_iter().map(PlacementId::new).collect();
    find_all_in_tx(tx, tenant, &locked).await
}

/// A placement, locked.
///
/// # Errors
/// [`DbError`] of the statements.
pub async fn lock_in_tx(
    tx: &mut Tx,
    tenant: TenantId,
    placement_id: PlacementId,
) -> Result<Option<Placement>, DbError> {
    let locked = lock_all_in_tx(tx, tenant, &[placement_id]).await?;
    Ok(locked.into_iter().next())
}

/// The identity of the placement with this identity in the tenant's own system.
///
/// # Errors
/// [`DbError`] of the statement.
pub async fn id_of_external_in_tx(
    tx: &mut Tx,
    tenant: TenantId,
    external_id: &str,
) -> Result<Option<PlacementId>, DbError> {
    let found = sqlx::query_scalar!(
        "SELECT placement_id FROM placement WHERE tenant_id = $1 AND external_id = $2",
        tenant.uuid(),
        external_id,
    )
    .fetch_optional(&mut **tx)
    .await?;
    Ok(found.map(PlacementId::new))
}

/// The agency of a customer's placement that runs, the newest first.
///
/// # Errors
/// [`DbError`] of the statement.
pub async fn running_agency_in_tx(
    tx: &mut Tx,
    tenant: TenantId,
    customer_id: CustomerId,
) -> Result<Option<AgencyId>, DbError> {
    let found = sqlx::query_scalar!(
        "SELECT agency_id FROM placement
          WHERE tenant_id = $1 AND customer_id = $2
            AND state IN ('PENDING_HOLD', 'ACTIVE')
          ORDER BY proposed_time DESC, placement_id DESC LIMIT 1",
        tenant.uuid(),
        customer_id.uuid(),
    )
    .fetch_optional(&mut **tx)
    .await?;
    Ok(found.map(AgencyId::new))
}

/// The identity of the placement with this file number of the agency.
///
/// # Errors
/// [`DbError`] of the statement.
pub async fn id_of_reference_in_tx(
    tx: &mut Tx,
    tenant: TenantId,
    agency_id: AgencyId,
    agency_reference: &str,
) -> Result<Option<PlacementId>, DbError> {
    let found = sqlx::query_scalar!(
        "SELECT placement_id FROM placement
          WHERE tenant_id = $1 AND agency_id = $2 AND agency_reference = $3",
        tenant.uuid(),
        agency_id.uuid(),
        agency_reference,
    )
    .fetch_optional(&mut **tx)
    .await?;
    Ok(found.map(PlacementId::new))
}

/// The currencies in which a placement of a customer waits: proposed, or approved and not begun.
///
/// # Errors
/// [`DbError`] of the statement.
pub async fn waiting_currencies_in_tx(
    tx: &mut Tx,
    tenant: TenantId,
    customer_id: CustomerId,
) -> Result<BTreeSet<Currency>, DbError> {
    let found = sqlx::query_scalar!(
        "SELECT DISTINCT currency_code FROM placement
          WHERE tenant_id = $1 AND customer_id = $2 AND state IN ('PROPOSED', 'APPROVED')",
        tenant.uuid(),
        customer_id.uuid(),
    )
    .fetch_all(&mut **tx)
    .await?;
    found.iter().map(|code| row::currency(code)).collect()
}
