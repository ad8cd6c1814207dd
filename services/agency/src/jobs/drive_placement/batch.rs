//! What a settled placement means to the batch that took it: it is counted, and after the last one
//! the file is due.

use calendar::Timestamp;
use postgres::Tx;
use timers::Scheduled;

use super::{DriveError, Driving};
use crate::domain::placement::{Placement, PlacementState};
use crate::domain::placement_batch::{BatchError, PlacementBatchState, Settled};
use crate::jobs::place_batch;
use crate::store;

/// Counts a placement that has just become ACTIVE or WITHDRAWN. Locks the batch after the placement,
/// as everybody does. Answers what is to be announced after the commit.
pub(super) async fn settled_in_tx(
    of: &Driving<'_>,
    tx: &mut Tx,
    placement: &Placement,
    at: Timestamp,
) -> Result<Option<Scheduled>, DriveError> {
    let Some(id) = placement.placement_batch_id else {
        return Ok(None);
    };
    let settled = match placement.state {
        PlacementState::Active => Settled::Active {
            invoice_count: placement.invoice_count,
            placed: placement.amounts.placed(),
        },
        PlacementState::Withdrawn => Settled::Withdrawn,
        // The end of one that the agency had is no news to its batch.
        _ => return Ok(None),
    };
    let batch = store::placement_batch::lock_in_tx(tx, of.tenant, id).await?;
    let mut batch = batch.ok_or(DriveError::Missing("the batch of the placement"))?;
    match batch.settle(settled) {
        Ok(()) => {}
        Err(BatchError::Money(error)) => return Err(DriveError::Placement(error.into())),
        Err(_) => {
            return Err(DriveError::Missing(
                "a place for the placement in its batch",
            ));
        }
    }
    store::placement_batch::update_in_tx(tx, of.tenant, &batch).await?;
    if batch.pending_count() > 0 || batch.state != PlacementBatchState::Placing {
        return Ok(None);
    }
    let (kind, subject) = (place_batch::KIND, id.uuid());
    Ok(Some(
        timers::schedule_in_tx(tx, of.tenant, kind, subject, at).await?,
    ))
}
