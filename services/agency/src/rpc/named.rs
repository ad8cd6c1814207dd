//! Placements as agencies name them.

use postgres::{DbError, TenantId, Tx};

use crate::domain::identity::{AgencyId, PlacementId};
use crate::rpc::wire::agency_report::PlacementKey;
use crate::store;

/// The identity of the placement that an agency names; that it is there, and with this agency, is
/// still to be seen.
///
/// # Errors
/// [`DbError`] of the statement.
pub async fn placement_in_tx(
    tx: &mut Tx,
    tenant: TenantId,
    agency_id: AgencyId,
    key: &PlacementKey,
) -> Result<Option<PlacementId>, DbError> {
    match key {
        PlacementKey::Id(id) => Ok(Some(*id)),
        PlacementKey::External(external_id) => {
            store::placement::id_of_external_in_tx(tx, tenant, external_id).await
        }
        PlacementKey::Reference(reference) => {
            store::placement::id_of_reference_in_tx(tx, tenant, agency_id, reference).await
        }
    }
}
