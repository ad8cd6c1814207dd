//! CreateAgency: a company that collects; it gets placements once it has an agreement.

use std::sync::Arc;

use contracts::agency::{CreateAgencyRequest, CreateAgencyResponse};
use events::append_in_tx;
use postgres::idempotency::{self, Begun};
use postgres::{audit, retried};
use prost::Message as _;
use runtime::{Answer, Call, Refusal};
use serde_json::json;
use uuid::Uuid;

use crate::app::App;
use crate::domain::agency::Agency;
use crate::domain::identity::AgencyId;
use crate::events::outbound::announce;
use crate::rpc::error;
use crate::rpc::wire::agency::{agency_to_wire, new_agency};
use crate::store;

/// 1. Parse; 2. take the request id, or answer as the first time; 3. store the agency unless its
///    external identity is taken, with event, audit entry and answer.
pub async fn handle(
    app: Arc<App>,
    call: Call,
    request: CreateAgencyRequest,
) -> Result<Answer<CreateAgencyResponse>, Refusal> {
    let now = app.clock.now();
    let tenant = call.tenant();
    let new = new_agency(&request)?;
    let agency_id = AgencyId::new(Uuid::now_v7());
    let key = call.key(&request)?;
    retried(|| async {
        let mut tx = app.db.begin(&call).await?;
        let first = match idempotency::begin_in_tx(&mut tx, &key).await? {
            Begun::Replay(stored) => return Ok(Answer::replayed(stored)),
            Begun::First(first) => first,
        };
        let (external_id, profile) = (new.external_id.clone(), new.profile.clone());
        let (agency, created) = Agency::create(agency_id, external_id, new.country, profile, now);
        if !store::agency::insert_in_tx(&mut tx, tenant, &agency).await? {
            let external_id = agency.external_id.unwrap_or_default();
            return Err(error::agency::exists(&external_id));
        }
        let told = [announce(tenant, now, &created)];
        append_in_tx(&mut tx, tenant, call.traceparent(), &told).await?;
        let entry = call.audit(format!("agency/{agency_id}"), json!({}), now);
        audit::record_in_tx(&mut tx, &entry).await?;
        let answer = CreateAgencyResponse {
            agency: Some(agency_to_wire(&agency)),
        };
        first.finish_in_tx(&mut tx, &answer.encode_to_vec()).await?;
        tx.commit().await?;
        Ok(Answer::new(answer))
    })
    .await
}
