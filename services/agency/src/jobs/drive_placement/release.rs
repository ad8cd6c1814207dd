//! The way back: the end of a recall's notice, and giving the hold back to reminders, which is the
//! last step of every end.

use postgres::retried;
use serde_json::json;

use super::{DriveError, Driving, answer, batch, count};
use crate::domain::placement::{Placement, PlacementState, ReleaseStep};
use crate::jobs::locked::{Cause, LockedPlacement};
use crate::store;

/// The notice has passed: the recall counts as confirmed.
pub(super) async fn end_notice(of: &Driving<'_>) -> Result<(), DriveError> {
    let scheduled = retried(|| async {
        let at = of.app.clock.now();
        let mut tx = of.app.db.begin(of.tenant).await?;
        let locked = LockedPlacement::lock_in_tx(&mut tx, of.tenant, of.placement_id).await?;
        let Some(mut locked) = locked else {
            return Ok(None);
        };
        if !locked.placement.end_recall_notice(at) {
            return Ok(None);
        }
        let cause = Cause {
            at,
            traceparent: "",
        };
        let scheduled = locked.save_in_tx(&mut tx, of.tenant, cause, &[]).await?;
        of.audit_in_tx(&mut tx, json!({ "state": "PENDING_RELEASE" }), at)
            .await?;
        tx.commit().await?;
        Ok::<_, DriveError>(scheduled)
    })
    .await?;
    of.app.wakeups.announce(scheduled);
    Ok(())
}

/// Gives invoices back, and ends the placement when none is left.
pub(super) async fn give_back(
    of: &Driving<'_>,
    placement: &Placement,
    step: ReleaseStep,
) -> Result<(), DriveError> {
    let ReleaseStep::Release {
        invoice_ids,
        successor,
    } = step
    else {
        return Ok(());
    };
    if !invoice_ids.is_empty() {
        let errand = of.errand.clone();
        let clients = &of.app.clients;
        clients
            .release_hold(errand, placement, &invoice_ids, successor)
            .await?;
    }
    retried(|| async {
        let at = of.app.clock.now();
        let mut tx = of.app.db.begin(of.tenant).await?;
        let locked = LockedPlacement::lock_in_tx(&mut tx, of.tenant, of.placement_id).await?;
        let Some(mut locked) = locked else {
            return Ok(());
        };
        let before = locked.placement.state;
        let look = locked.placement.activation_decision_id;
        let look = store::decision::find_in_tx(&mut tx, of.tenant, look).await?;
        let LockedPlacement {
            placement,
            invoices,
            ..
        } = &mut locked;
        let ended = placement.released(invoices, &invoice_ids, look, at);
        let cause = Cause {
            at,
            traceparent: "",
        };
        let ended: Vec<_> = ended.into_iter().collect();
        let scheduled = locked.save_in_tx(&mut tx, of.tenant, cause, &ended).await?;
        let state = locked.placement.state;
        let mut of_batch = None;
        if state != before {
            of_batch = batch::settled_in_tx(of, &mut tx, &locked.placement, at).await?;
            if state == PlacementState::Withdrawn {
                answer::finish_in_tx(&mut tx, of.tenant, &locked, at).await?;
            }
            of.audit_in_tx(&mut tx, json!({ "state": state.name() }), at)
                .await?;
        }
        tx.commit().await?;
        of.app
            .wakeups
            .announce(scheduled.into_iter().chain(of_batch));
        if state != before {
            count(of.app, &locked.placement);
        }
        Ok::<_, DriveError>(())
    })
    .await
}
