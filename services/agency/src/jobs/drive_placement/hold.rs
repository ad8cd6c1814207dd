//! Asking reminders for the hold, on the way out and, while its answer is unknown, once more on the
//! way back.

use postgres::retried;
use runtime::fault;

use super::{DriveError, Driving};
use crate::clients::Held;
use crate::domain::identity::InvoiceId;
use crate::domain::placement::{Placement, PlacementError};
use crate::jobs::locked::{Cause, LockedPlacement};

/// Asks, and books the answer unless the placement has ended meanwhile.
pub(super) async fn ask(
    of: &Driving<'_>,
    placement: &Placement,
    invoice_ids: &[InvoiceId],
) -> Result<(), DriveError> {
    let errand = of.errand.clone();
    let held = of
        .app
        .clients
        .place_hold(errand, placement, invoice_ids)
        .await?;
    fault::point("agency.place.hold_answered");
    let scheduled = retried(|| async {
        let at = of.app.clock.now();
        let mut tx = of.app.db.begin(of.tenant).await?;
        let locked = LockedPlacement::lock_in_tx(&mut tx, of.tenant, of.placement_id).await?;
        let Some(mut locked) = locked else {
            return Ok(None);
        };
        let booked = match &held {
            Held::Placed {
                case_id,
                quiet_time,
            } => locked.placement.hold_placed(*case_id, *quiet_time),
            Held::Refused(reason) => locked.placement.hold_refused(reason, at),
        };
        match booked {
            Ok(()) => {}
            // Somebody else has brought it further.
            Err(PlacementError::NotPendingHold(_)) => return Ok(None),
            Err(error) => return Err(DriveError::from(error)),
        }
        let cause = Cause {
            at,
            traceparent: "",
        };
        let scheduled = locked.save_in_tx(&mut tx, of.tenant, cause, &[]).await?;
        tx.commit().await?;
        fault::point("agency.place.hold_booked");
        Ok(scheduled)
    })
    .await?;
    of.app.wakeups.announce(scheduled);
    Ok(())
}
