//! RecallPlacement: takes a debt back. Answers once that is recorded; the rest goes on by itself.

use std::sync::Arc;

use contracts::agency::{RecallPlacementRequest, RecallPlacementResponse};
use postgres::idempotency::{self, Begun};
use postgres::{audit, retried};
use prost::Message as _;
use runtime::{Answer, Call, Refusal};
use serde_json::json;

use super::locked::{cause, lock_in_tx};
use crate::app::App;
use crate::domain::placement::RecallReason;
use crate::rpc::wire::placement::with_code;
use crate::rpc::{error, known, shown};
use crate::store;

/// 1. Parse; 2. take the request id, or answer as the first time; 3. lock, compare the etag, recall
///    with the notice of its agreement;
///    4. store with event, timer, audit entry and answer.
pub async fn handle(
    app: Arc<App>,
    call: Call,
    request: RecallPlacementRequest,
) -> Result<Answer<RecallPlacementResponse>, Refusal> {
    let now = app.clock.now();
    let tenant = call.tenant();
    let (placement_id, reason, note) = with_code::<RecallReason>(
        &request.placement_id,
        ("reason", request.reason),
        &request.note,
    )?;
    let key = call.key(&request)?;
    retried(|| async {
        let mut tx = app.db.begin(&call).await?;
        let first = match idempotency::begin_in_tx(&mut tx, &key).await? {
            Begun::Replay(stored) => return Ok(Answer::replayed(stored)),
            Begun::First(first) => first,
        };
        let mut locked = lock_in_tx(&mut tx, tenant, placement_id, &request.etag).await?;
        let notice_days = match locked.placement.agreement_id {
            Some(id) => store::agreement::find_in_tx(&mut tx, tenant, id).await?,
            None => None,
        };
        let notice_days = notice_days.map_or(0, |agreement| agreement.terms.recall_notice_days);
        let zone = known::tenant_in_tx(&mut tx, tenant).await?.zone;
        let (note, by) = (note.clone(), call.actor());
        let recalled = locked
            .placement
            .recall(reason, note, notice_days, by, &zone, now);
        let told = recalled.map_err(|no| error::placement::refused(&locked.placement, &no))?;
        let told: Vec<_> = told.into_iter().collect();
        let scheduled = locked
            .save_in_tx(&mut tx, tenant, cause(&call, now), &told)
            .await?;
        let facts = json!({ "reason": reason.name() });
        let entry = call.audit(format!("placement/{placement_id}"), facts, now);
        audit::record_in_tx(&mut tx, &entry).await?;
        let answer = RecallPlacementResponse {
            placement: shown::placement_in_tx(&mut tx, tenant, &locked.placement).await?,
        };
        first.finish_in_tx(&mut tx, &answer.encode_to_vec()).await?;
        tx.commit().await?;
        app.wakeups.announce(scheduled);
        Ok(Answer::new(answer))
    })
    .await
}
