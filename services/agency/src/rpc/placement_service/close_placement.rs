//! ClosePlacement: ends a placement with a code, as the agency reports it.

use std::sync::Arc;

use contracts::agency::{ClosePlacementRequest, ClosePlacementResponse};
use postgres::idempotency::{self, Begun};
use postgres::{audit, retried};
use prost::Message as _;
use runtime::{Answer, Call, Refusal};
use serde_json::json;

use super::locked::{cause, lock_in_tx};
use crate::app::App;
use crate::domain::placement::CloseCode;
use crate::rpc::wire::placement::with_code;
use crate::rpc::{error, shown};

/// 1. Parse; 2. take the request id, or answer as the first time; 3. lock, compare the etag, close;
///    4. store with event, timer, audit entry and answer.
pub async fn handle(
    app: Arc<App>,
    call: Call,
    request: ClosePlacementRequest,
) -> Result<Answer<ClosePlacementResponse>, Refusal> {
    let now = app.clock.now();
    let tenant = call.tenant();
    let (placement_id, code, note) = with_code::<CloseCode>(
        &request.placement_id,
        ("close_code", request.close_code),
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
        let closed = locked.placement.close(code, note.clone(), now);
        closed.map_err(|no| error::placement::refused(&locked.placement, &no))?;
        let scheduled = locked
            .save_in_tx(&mut tx, tenant, cause(&call, now), &[])
            .await?;
        let facts = json!({ "close_code": code.name() });
        let entry = call.audit(format!("placement/{placement_id}"), facts, now);
        audit::record_in_tx(&mut tx, &entry).await?;
        let answer = ClosePlacementResponse {
            placement: shown::placement_in_tx(&mut tx, tenant, &locked.placement).await?,
        };
        first.finish_in_tx(&mut tx, &answer.encode_to_vec()).await?;
        tx.commit().await?;
        app.wakeups.announce(scheduled);
        Ok(Answer::new(answer))
    })
    .await
}
