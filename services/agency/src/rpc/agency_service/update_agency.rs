//! UpdateAgency: what describes an agency. Nobody is told: others know it by its identity.

use std::sync::Arc;

use contracts::agency::{UpdateAgencyRequest, UpdateAgencyResponse};
use postgres::idempotency::{self, Begun};
use postgres::{audit, retried};
use prost::Message as _;
use runtime::{Answer, Call, Refusal};
use serde_json::json;

use crate::app::App;
use crate::rpc::error;
use crate::rpc::wire::agency::{agency_to_wire, update};
use crate::rpc::wire::field;
use crate::store;

/// 1. Parse; 2. take the request id, or answer as the first time; 3. lock, compare the etag, describe;
///    4. store with audit entry and answer.
pub async fn handle(
    app: Arc<App>,
    call: Call,
    request: UpdateAgencyRequest,
) -> Result<Answer<UpdateAgencyResponse>, Refusal> {
    let now = app.clock.now();
    let tenant = call.tenant();
    let update = update(&request)?;
    let agency_id = update.agency_id;
    let key = call.key(&request)?;
    retried(|| async {
        let mut tx = app.db.begin(&call).await?;
        let first = match idempotency::begin_in_tx(&mut tx, &key).await? {
            Begun::Replay(stored) => return Ok(Answer::replayed(stored)),
            Begun::First(first) => first,
        };
        let found = store::agency::lock_in_tx(&mut tx, tenant, agency_id).await?;
        let mut agency = found.ok_or_else(|| error::agency::not_found(agency_id))?;
        error::check_etag(&update.etag, &field::etag(agency.version))?;
        agency.describe(update.applied_to(agency.profile.clone()));
        store::agency::update_in_tx(&mut tx, tenant, &agency).await?;
        let entry = call.audit(format!("agency/{agency_id}"), json!({}), now);
        audit::record_in_tx(&mut tx, &entry).await?;
        let answer = UpdateAgencyResponse {
            agency: Some(agency_to_wire(&agency)),
        };
        first.finish_in_tx(&mut tx, &answer.encode_to_vec()).await?;
        tx.commit().await?;
        Ok(Answer::new(answer))
    })
    .await
}
