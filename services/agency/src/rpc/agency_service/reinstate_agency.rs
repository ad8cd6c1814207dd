//! ReinstateAgency: a suspended agency gets placements again.

use std::sync::Arc;

use contracts::agency::{ReinstateAgencyRequest, ReinstateAgencyResponse};
use events::append_in_tx;
use postgres::idempotency::{self, Begun};
use postgres::{audit, retried};
use prost::Message as _;
use runtime::{Answer, Call, Refusal};
use serde_json::json;

use crate::app::App;
use crate::domain::identity::AgencyId;
use crate::events::outbound::announce;
use crate::rpc::error;
use crate::rpc::wire::agency::agency_to_wire;
use crate::rpc::wire::field;
use crate::store;

/// 1. Parse; 2. take the request id, or answer as the first time; 3. lock, compare the etag, reinstate;
///    4. store with event, audit entry and answer.
pub async fn handle(
    app: Arc<App>,
    call: Call,
    request: ReinstateAgencyRequest,
) -> Result<Answer<ReinstateAgencyResponse>, Refusal> {
    let now = app.clock.now();
    let tenant = call.tenant();
    let agency_id = AgencyId::new(field::only_id("agency_id", &request.agency_id)?);
    let key = call.key(&request)?;
    retried(|| async {
        let mut tx = app.db.begin(&call).await?;
        let first = match idempotency::begin_in_tx(&mut tx, &key).await? {
            Begun::Replay(stored) => return Ok(Answer::replayed(stored)),
            Begun::First(first) => first,
        };
        let found = store::agency::lock_in_tx(&mut tx, tenant, agency_id).await?;
        let mut agency = found.ok_or_else(|| error::agency::not_found(agency_id))?;
        error::check_etag(&request.etag, &field::etag(agency.version))?;
        let reinstated = agency.reinstate(call.actor());
        let told = reinstated.map_err(|refused| error::agency::refused(agency_id, refused))?;
        store::agency::update_in_tx(&mut tx, tenant, &agency).await?;
        let told = [announce(tenant, now, &told)];
        append_in_tx(&mut tx, tenant, call.traceparent(), &told).await?;
        let entry = call.audit(
            format!("agency/{agency_id}"),
            json!({ "state": "ACTIVE" }),
            now,
        );
        audit::record_in_tx(&mut tx, &entry).await?;
        let answer = ReinstateAgencyResponse {
            agency: Some(agency_to_wire(&agency)),
        };
        first.finish_in_tx(&mut tx, &answer.encode_to_vec()).await?;
        tx.commit().await?;
        Ok(Answer::new(answer))
    })
    .await
}
