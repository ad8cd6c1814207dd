//! A placement, locked for a change that a caller asks for.

use jiff::Timestamp;
use postgres::{TenantId, Tx};
use runtime::{Call, Refusal};

use crate::domain::identity::PlacementId;
use crate::jobs::locked::{Cause, LockedPlacement};
use crate::rpc::error;
use crate::rpc::wire::field;

/// Locks the placement and compares the etag; an empty one is not compared.
///
/// # Errors
/// NOT_FOUND (PLACEMENT_NOT_FOUND), ABORTED (STALE_ETAG), or the database's.
pub(super) async fn lock_in_tx(
    tx: &mut Tx,
    tenant: TenantId,
    placement_id: PlacementId,
    etag: &str,
) -> Result<LockedPlacement, Refusal> {
    let locked = LockedPlacement::lock_in_tx(tx, tenant, placement_id).await?;
    let locked = locked.ok_or_else(|| error::placement::not_found(placement_id))?;
    error::check_etag(etag, &field::etag(locked.placement.version))?;
    Ok(locked)
}

/// The call as the cause of a change.
pub(super) fn cause(call: &Call, at: Timestamp) -> Cause<'_> {
    Cause {
        at,
        traceparent: call.traceparent(),
    }
}
