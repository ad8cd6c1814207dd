//! The answer to the request that placed a debt by itself: stored in the transaction in which the
//! placement becomes ACTIVE or WITHDRAWN, so that every repeat gets the same, whenever it comes.

use calendar::Timestamp;
use contracts::agency::ActivatePlacementResponse;
use postgres::{DbError, TenantId, Tx, operations};
use prost::Message as _;

use crate::jobs::locked::LockedPlacement;
use crate::rpc::shown;
use crate::rpc::wire::placement::invoices_to_wire;
use crate::store;

/// Stores the answer, where a request waits for one.
///
/// # Errors
/// [`DbError`] of the statements.
pub(super) async fn finish_in_tx(
    tx: &mut Tx,
    tenant: TenantId,
    locked: &LockedPlacement,
    at: Timestamp,
) -> Result<(), DbError> {
    let placement_id = locked.placement.placement_id;
    let asked = store::placement_operation::find_in_tx(tx, tenant, placement_id).await?;
    let Some(operation_id) = asked else {
        return Ok(());
    };
    let Some(operation) = operations::lock_in_tx(tx, tenant, operation_id).await? else {
        return Ok(());
    };
    let answer = ActivatePlacementResponse {
        placement: shown::placement_in_tx(tx, tenant, &locked.placement).await?,
        invoices: invoices_to_wire(&locked.invoices),
    };
    operations::finish_in_tx(tx, &operation, &answer.encode_to_vec(), at).await
}
