//! ReleaseManualHold: what a person may place, a person may release.

use std::sync::Arc;

use contracts::reminders::{ReleaseManualHoldRequest, ReleaseManualHoldResponse};
use postgres::idempotency::{self, Begun};
use postgres::{audit, retried};
use prost::Message as _;
use runtime::{Answer, Call, Refusal, Violations};
use serde_json::json;

use crate::app::App;
use crate::domain::hold::Ended;
use crate::domain::id::HoldId;
use crate::rpc::error;
use crate::rpc::wire::field;
use crate::rpc::wire::hold::hold_to_wire;
use crate::store;
use crate::store::case_file::CaseFile;

/// 1. Parse; 2. take the request id, or answer as the first time; 3. find the hold's case and lock it;
///    4. read the hold again under the lock, compare the etag, release; 5. look at the case again.
pub async fn handle(
    app: Arc<App>,
    call: Call,
    request: ReleaseManualHoldRequest,
) -> Result<Answer<ReleaseManualHoldResponse>, Refusal> {
    let (hold_id, note) = parsed(&request)?;
    let key = call.key(&request)?;
    let (tenant, now) = (call.tenant(), app.clock.now());
    let done = retried(|| async {
        let mut tx = app.db.begin(&call).await?;
        let begun = match idempotency::begin_in_tx(&mut tx, &key).await? {
            Begun::Replay(stored) => return Ok((Answer::replayed(stored), None)),
            Begun::First(begun) => begun,
        };
        let missing = || error::hold::not_found(hold_id);
        let hold = store::hold::find_in_tx(&mut tx, tenant, hold_id).await?;
        let case_id = hold.ok_or_else(missing)?.case_id;
        let file = CaseFile::lock_in_tx(&mut tx, tenant, case_id, now).await?;
        let mut file = file.ok_or_else(missing)?;
        let hold = store::hold::find_in_tx(&mut tx, tenant, hold_id).await?;
        let mut hold = hold.ok_or_else(missing)?;
        error::check_etag(&request.etag, hold.revision)?;
        let ended = Ended {
            time: now,
            by: call.actor().to_owned(),
            note: note.clone(),
        };
        let released = hold.release_by_person(&file.case, ended);
        let event = released.map_err(error::hold::refused)?;
        let answer = ReleaseManualHoldResponse {
            hold: Some(hold_to_wire(&hold)),
        };
        file.change_hold_in_tx(&mut tx, hold, event).await?;
        let facts = json!({ "hold_id": hold_id, "released": true });
        let entry = call.audit(format!("case/{case_id}"), facts, now);
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

fn parsed(request: &ReleaseManualHoldRequest) -> Result<(HoldId, String), Refusal> {
    let mut violations = Violations::new();
    let id = field::id(&mut violations, "hold_id", &request.hold_id, HoldId::new);
    let note = field::required_note(&mut violations, "note", &request.note, 2000);
    violations.complete((id, note))
}
