//! RejectPlacement: a person says no, before or after approval.

use std::sync::Arc;

use contracts::agency::{RejectPlacementRequest, RejectPlacementResponse};
use postgres::idempotency::{self, Begun};
use postgres::{audit, retried};
use prost::Message as _;
use runtime::{Answer, Call, Refusal};
use serde_json::json;

use super::locked::{cause, lock_in_tx};
use crate::app::App;
use crate::rpc::wire::placement::with_note;
use crate::rpc::{error, shown};

/// 1. Parse; 2. take the request id, or answer as the first time; 3. lock, compare the etag, reject;
///    4. store with event, timer, audit entry and answer.
pub async fn handle(
    app: Arc<App>,
    call: Call,
    request: RejectPlacementRequest,
) -> Result<Answer<RejectPlacementResponse>, Refusal> {
    let now = app.clock.now();
    let tenant = call.tenant();
    let (placement_id, note) = with_note(&request.placement_id, &request.note)?;
    let key = call.key(&request)?;
    retried(|| async {
        let mut tx = app.db.begin(&call).await?;
        let first = match idempotency::begin_in_tx(&mut tx, &key).await? {
            Begun::Replay(stored) => return Ok(Answer::replayed(stored)),
            Begun::First(first) => first,
        };
        let mut locked = lock_in_tx(&mut tx, tenant, placement_id, &request.etag).await?;
        let rejected = locked.placement.reject(note.clone(), call.actor(), now);
        let told = rejected.map_err(|no| error::placement::refused(&locked.placement, &no))?;
        let scheduled = locked
            .save_in_tx(&mut tx, tenant, cause(&call, now), &[told])
            .await?;
        let facts = json!({ "state": "REJECTED" });
        let entry = call.audit(format!("placement/{placement_id}"), facts, now);
        audit::record_in_tx(&mut tx, &entry).await?;
        let answer = RejectPlacementResponse {
            placement: shown::placement_in_tx(&mut tx, tenant, &locked.placement).await?,
        };
        first.finish_in_tx(&mut tx, &answer.encode_to_vec()).await?;
        tx.commit().await?;
        app.wakeups.announce(scheduled);
        Ok(Answer::new(answer))
    })
    .await
}
