//! ReleaseHold: an agency gives debts back, or never got them (P19).

use std::collections::BTreeSet;
use std::sync::Arc;

use contracts::reminders::{ReleaseHoldRequest, ReleaseHoldResponse};
use postgres::idempotency::{self, Begun};
use postgres::{Tx, audit, retried};
use prost::Message as _;
use runtime::{Answer, Call, Refusal, Violations};
use serde_json::json;
use uuid::Uuid;

use crate::app::App;
use crate::domain::hold::{Ended, Hold, HoldReason};
use crate::domain::id::{HoldId, InvoiceId, PlacementId};
use crate::domain::placement_hold::ReleaseHold;
use crate::rpc::error;
use crate::rpc::wire::field;
use crate::rpc::wire::hold::{hold_to_wire, reason_from_wire};
use crate::store;
use crate::store::case_file::CaseFile;

/// What is asked for.
struct Asked {
    placement_id: PlacementId,
    invoice_ids: BTreeSet<InvoiceId>,
    successor: Option<HoldReason>,
    note: String,
}

/// 1. Parse; 2. take the request id, or answer as the first time; 3. under the lock of the case, give
///    the invoices back and raise the epoch, with the successor in the same transaction; 4. plan the
///    case anew.
pub async fn handle(
    app: Arc<App>,
    call: Call,
    request: ReleaseHoldRequest,
) -> Result<Answer<ReleaseHoldResponse>, Refusal> {
    let asked = parsed(&request)?;
    let key = call.key(&request)?;
    let (tenant, now) = (call.tenant(), app.clock.now());
    let done = retried(|| async {
        let mut tx = app.db.begin(&call).await?;
        let begun = match idempotency::begin_in_tx(&mut tx, &key).await? {
            Begun::Replay(stored) => return Ok((Answer::replayed(stored), None)),
            Begun::First(begun) => begun,
        };
        let held = hold_in_tx(&mut tx, &call, asked.placement_id).await?;
        let file = CaseFile::lock_in_tx(&mut tx, tenant, held.case_id, now).await?;
        let not_found = || error::placement_hold::not_found(asked.placement_id);
        let mut file = file.ok_or_else(not_found)?;
        // Read again: under the lock nobody changes it.
        let held = hold_in_tx(&mut tx, &call, asked.placement_id).await?;
        let original = store::hold::original_invoices_in_tx(&mut tx, tenant, held.hold_id).await?;
        let ended = Ended {
            time: now,
            by: call.caller().to_owned(),
            note: asked.note.clone(),
        };
        let release = ReleaseHold {
            invoice_ids: asked.invoice_ids.clone(),
            successor: asked
                .successor
                .map(|reason| (HoldId::new(Uuid::now_v7()), reason)),
            ended,
        };
        let released = file
            .release_placement_in_tx(&mut tx, held, release, &original)
            .await?;
        let (hold, successor) = released.map_err(error::placement_hold::refused)?;
        let answer = ReleaseHoldResponse {
            hold: Some(hold_to_wire(&hold)),
            successor_hold: successor.as_ref().map(hold_to_wire),
            case_epoch: file.case.epoch,
        };
        let facts = json!({ "placement_id": asked.placement_id, "hold_id": hold.hold_id });
        let entry = call.audit(format!("case/{}", file.case.case_id), facts, now);
        audit::record_in_tx(&mut tx, &entry).await?;
        let scheduled = file.save_in_tx(&mut tx, call.traceparent()).await?;
        begun.finish_in_tx(&mut tx, &answer.encode_to_vec()).await?;
        tx.commit().await?;
        Ok::<_, Refusal>((Answer::new(answer), scheduled))
    })
    .await;
    let (answer, scheduled) = done?;
    app.wakeups.announce(scheduled);
    Ok(answer)
}

async fn hold_in_tx(tx: &mut Tx, call: &Call, placement_id: PlacementId) -> Result<Hold, Refusal> {
    let (tenant, subject) = (call.tenant(), placement_id.uuid());
    let found = store::hold::of_subject_in_tx(tx, tenant, HoldReason::Placement, subject).await?;
    let held = found.into_iter().next();
    held.ok_or_else(|| error::placement_hold::not_found(placement_id))
}

fn parsed(request: &ReleaseHoldRequest) -> Result<Asked, Refusal> {
    let mut violations = Violations::new();
    let noted = &mut violations;
    let placement = &request.placement_id;
    let placement_id = field::id(noted, "placement_id", placement, PlacementId::new);
    let named = &request.invoice_ids;
    let invoice_ids = field::ids(noted, "invoice_ids", named, InvoiceId::new);
    let set = request.successor_reason.is_some();
    let stated = reason_from_wire(request.successor_reason());
    let successor = field::filter_stated(noted, "successor_reason", set, stated);
    let note = field::note(noted, "note", &request.note, 2000);
    let (placement_id, invoice_ids, note) =
        violations.complete((placement_id, invoice_ids, note))?;
    Ok(Asked {
        placement_id,
        invoice_ids,
        successor,
        note,
    })
}
