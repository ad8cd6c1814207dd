//! ActivatePlacementPolicyVersion: puts a version in force, draft or retired.

use std::sync::Arc;

use contracts::agency::{
    ActivatePlacementPolicyVersionRequest, ActivatePlacementPolicyVersionResponse,
};
use events::append_in_tx;
use postgres::idempotency::{self, Begun};
use postgres::{audit, retried};
use prost::Message as _;
use runtime::{Answer, Call, Refusal, Violations};
use serde_json::json;

use crate::app::App;
use crate::events::outbound::announce;
use crate::rpc::error;
use crate::rpc::wire::field;
use crate::rpc::wire::placement_policy::{policy_to_wire, version_to_wire};
use crate::store;

/// 1. Parse; 2. take the request id, or answer as the first time; 3. lock the policy, compare the etag,
///    retire the version in force, then activate the other; 4. store with event, audit entry and
///    answer.
pub async fn handle(
    app: Arc<App>,
    call: Call,
    request: ActivatePlacementPolicyVersionRequest,
) -> Result<Answer<ActivatePlacementPolicyVersionResponse>, Refusal> {
    let now = app.clock.now();
    let tenant = call.tenant();
    let mut violations = Violations::new();
    violations.check(!request.etag.is_empty(), "etag", "is required");
    violations.check(request.version > 0, "version", "must be 1 or more");
    violations.finish()?;
    let key = call.key(&request)?;
    retried(|| async {
        let mut tx = app.db.begin(&call).await?;
        let first = match idempotency::begin_in_tx(&mut tx, &key).await? {
            Begun::Replay(stored) => return Ok(Answer::replayed(stored)),
            Begun::First(first) => first,
        };
        let mut policy = store::placement_policy::lock_in_tx(&mut tx, tenant).await?;
        error::check_etag(&request.etag, &field::etag(policy.version))?;
        let wanted = request.version;
        let found = store::placement_policy::find_version_in_tx(&mut tx, tenant, wanted).await?;
        let mut version =
            found.ok_or_else(|| error::placement_policy::version_not_found(wanted))?;
        let mut before = store::placement_policy::active_version_in_tx(&mut tx, tenant).await?;
        let activated = policy.activate(&mut version, before.as_mut(), call.actor(), now);
        let told = activated.map_err(|refused| error::placement_policy::refused(&refused))?;
        for changed in before.iter().chain([&version]) {
            store::placement_policy::update_version_in_tx(&mut tx, tenant, changed).await?;
        }
        if !store::placement_policy::save_in_tx(&mut tx, tenant, &policy).await? {
            return Err(error::stale_etag());
        }
        let told = [announce(tenant, now, &told)];
        append_in_tx(&mut tx, tenant, call.traceparent(), &told).await?;
        let entry = call.audit(format!("placement_policy/{wanted}"), json!({}), now);
        audit::record_in_tx(&mut tx, &entry).await?;
        let answer = ActivatePlacementPolicyVersionResponse {
            placement_policy: Some(policy_to_wire(&policy)),
            placement_policy_version: Some(version_to_wire(&version)),
        };
        first.finish_in_tx(&mut tx, &answer.encode_to_vec()).await?;
        tx.commit().await?;
        Ok(Answer::new(answer))
    })
    .await
}
