//! CreatePlacementPolicyVersion: writes a draft; the version in force stays.

use std::sync::Arc;

use contracts::agency::{
    CreatePlacementPolicyVersionRequest, CreatePlacementPolicyVersionResponse,
};
use postgres::idempotency::{self, Begun};
use postgres::{audit, retried};
use prost::Message as _;
use runtime::{Answer, Call, Refusal};
use serde_json::json;

use crate::app::App;
use crate::domain::identity::AgencyId;
use crate::rpc::error;
use crate::rpc::wire::field;
use crate::rpc::wire::placement_policy::{new_version, policy_to_wire, version_to_wire};
use crate::store;

/// 1. Parse; 2. take the request id, or answer as the first time; 3. lock the policy, compare the etag,
///    find every agency that is named; 4. store the version with audit entry and answer.
pub async fn handle(
    app: Arc<App>,
    call: Call,
    request: CreatePlacementPolicyVersionRequest,
) -> Result<Answer<CreatePlacementPolicyVersionResponse>, Refusal> {
    let now = app.clock.now();
    let tenant = call.tenant();
    let new = new_version(&request)?;
    let key = call.key(&request)?;
    retried(|| async {
        let mut tx = app.db.begin(&call).await?;
        let first = match idempotency::begin_in_tx(&mut tx, &key).await? {
            Begun::Replay(stored) => return Ok(Answer::replayed(stored)),
            Begun::First(first) => first,
        };
        let mut policy = store::placement_policy::lock_in_tx(&mut tx, tenant).await?;
        error::check_etag(&request.etag, &field::etag(policy.version))?;
        let (definition, note) = (new.definition.clone(), new.change_note.clone());
        let named: Vec<AgencyId> = definition.agencies().into_iter().collect();
        let version = policy
            .write_version(definition, note, call.actor(), now)
            .map_err(|refused| error::placement_policy::refused(&refused))?;
        let found = store::agency::find_all_in_tx(&mut tx, tenant, &named).await?;
        let missing = |id: &&AgencyId| found.iter().all(|agency| agency.agency_id != **id);
        if let Some(agency_id) = named.iter().find(missing) {
            return Err(error::agency::not_found(agency_id));
        }
        if !store::placement_policy::save_in_tx(&mut tx, tenant, &policy).await? {
            return Err(error::stale_etag());
        }
        store::placement_policy::insert_version_in_tx(&mut tx, tenant, &version).await?;
        let subject = format!("placement_policy/{}", version.version);
        let entry = call.audit(subject, json!({}), now);
        audit::record_in_tx(&mut tx, &entry).await?;
        let answer = CreatePlacementPolicyVersionResponse {
            placement_policy: Some(policy_to_wire(&policy)),
            placement_policy_version: Some(version_to_wire(&version)),
        };
        first.finish_in_tx(&mut tx, &answer.encode_to_vec()).await?;
        tx.commit().await?;
        Ok(Answer::new(answer))
    })
    .await
}
