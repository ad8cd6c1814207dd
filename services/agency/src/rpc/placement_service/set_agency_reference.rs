//! SetAgencyReference: the agency's own file number, by which its remittances may name the placement.

use std::sync::Arc;

use contracts::agency::{SetAgencyReferenceRequest, SetAgencyReferenceResponse};
use postgres::idempotency::{self, Begun};
use postgres::{audit, retried};
use prost::Message as _;
use runtime::{Answer, Call, Refusal, Violations};
use serde_json::json;

use super::locked::{cause, lock_in_tx};
use crate::app::App;
use crate::domain::identity::PlacementId;
use crate::rpc::wire::field;
use crate::rpc::{error, shown};
use crate::store;

/// 1. Parse; 2. take the request id, or answer as the first time; 3. lock, compare the etag, note
///    the number unless another placement with the agency has it;
///    4. store with event, timer, audit entry and answer.
pub async fn handle(
    app: Arc<App>,
    call: Call,
    request: SetAgencyReferenceRequest,
) -> Result<Answer<SetAgencyReferenceResponse>, Refusal> {
    let now = app.clock.now();
    let tenant = call.tenant();
    let mut violations = Violations::new();
    let id = field::id(&mut violations, "placement_id", &request.placement_id);
    let reference = &request.agency_reference;
    let reference = field::text(&mut violations, "agency_reference", reference, 128);
    let (id, reference) = violations.complete((id, reference))?;
    let placement_id = PlacementId::new(id);
    let key = call.key(&request)?;
    retried(|| async {
        let mut tx = app.db.begin(&call).await?;
        let first = match idempotency::begin_in_tx(&mut tx, &key).await? {
            Begun::Replay(stored) => return Ok(Answer::replayed(stored)),
            Begun::First(first) => first,
        };
        let mut locked = lock_in_tx(&mut tx, tenant, placement_id, &request.etag).await?;
        let agency_id = locked.placement.agency_id;
        let taken =
            store::placement::id_of_reference_in_tx(&mut tx, tenant, agency_id, &reference).await?;
        if taken.is_some_and(|other| other != placement_id) {
            return Err(error::placement::agency_reference_taken(&reference));
        }
        locked.placement.set_agency_reference(reference.clone());
        let scheduled = locked
            .save_in_tx(&mut tx, tenant, cause(&call, now), &[])
            .await?;
        let facts = json!({});
        let entry = call.audit(format!("placement/{placement_id}"), facts, now);
        audit::record_in_tx(&mut tx, &entry).await?;
        let answer = SetAgencyReferenceResponse {
            placement: shown::placement_in_tx(&mut tx, tenant, &locked.placement).await?,
        };
        first.finish_in_tx(&mut tx, &answer.encode_to_vec()).await?;
        tx.commit().await?;
        app.wakeups.announce(scheduled);
        Ok(Answer::new(answer))
    })
    .await
}
