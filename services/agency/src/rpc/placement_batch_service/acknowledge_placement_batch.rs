//! AcknowledgePlacementBatch: what the agency says it has, compared with what was handed over (AY-2).

use std::sync::Arc;

use contracts::agency::{AcknowledgePlacementBatchRequest, AcknowledgePlacementBatchResponse};
use events::append_in_tx;
use postgres::idempotency::{self, Begun};
use postgres::{audit, retried};
use prost::Message as _;
use runtime::{Answer, Call, Refusal, Violations};
use serde_json::json;

use crate::app::App;
use crate::domain::identity::PlacementBatchId;
use crate::events::outbound::announce;
use crate::rpc::error;
use crate::rpc::wire::field;
use crate::rpc::wire::placement_batch::{batch_to_wire, tally_from_wire};
use crate::store;

/// 1. Parse; 2. take the request id, or answer as the first time; 3. lock, compare the etag, then count and
///    sums; 4. store with event, audit entry and answer.
pub async fn handle(
    app: Arc<App>,
    call: Call,
    request: AcknowledgePlacementBatchRequest,
) -> Result<Answer<AcknowledgePlacementBatchResponse>, Refusal> {
    let now = app.clock.now();
    let tenant = call.tenant();
    let mut violations = Violations::new();
    let id = field::id(
        &mut violations,
        "placement_batch_id",
        &request.placement_batch_id,
    );
    let said = violations.required("acknowledgement", request.acknowledgement.as_ref());
    let said = said.and_then(|said| {
        violations.within("acknowledgement", |violations| {
            tally_from_wire(violations, said)
        })
    });
    let (id, said) = violations.complete((id, said))?;
    let id = PlacementBatchId::new(id);
    let key = call.key(&request)?;
    retried(|| async {
        let mut tx = app.db.begin(&call).await?;
        let first = match idempotency::begin_in_tx(&mut tx, &key).await? {
            Begun::Replay(stored) => return Ok(Answer::replayed(stored)),
            Begun::First(first) => first,
        };
        let found = store::placement_batch::lock_in_tx(&mut tx, tenant, id).await?;
        let mut batch = found.ok_or_else(|| error::placement_batch::not_found(id))?;
        error::check_etag(&request.etag, &field::etag(batch.version))?;
        let subject = format!("placement_batch/{id}");
        let compared = batch.acknowledge(said.clone(), now);
        let told =
            compared.map_err(|refused| error::placement_batch::refused(&subject, &refused))?;
        store::placement_batch::update_in_tx(&mut tx, tenant, &batch).await?;
        let told = [announce(tenant, now, &told)];
        append_in_tx(&mut tx, tenant, call.traceparent(), &told).await?;
        let entry = call.audit(subject, json!({ "state": batch.state.name() }), now);
        audit::record_in_tx(&mut tx, &entry).await?;
        let answer = AcknowledgePlacementBatchResponse {
            placement_batch: Some(batch_to_wire(&batch)),
        };
        first.finish_in_tx(&mut tx, &answer.encode_to_vec()).await?;
        tx.commit().await?;
        Ok(Answer::new(answer))
    })
    .await
}
