//! CreateTenantProfile: the first thing that is created.

use std::sync::Arc;

use contracts::credit::{CreateTenantProfileRequest, CreateTenantProfileResponse};
use events::append_in_tx;
use postgres::idempotency::{self, Begun};
use postgres::{audit, retried};
use prost::Message as _;
use runtime::{Answer, Call, Refusal};
use serde_json::json;

use crate::app::App;
use crate::domain::{CreditEvent, TenantProfile};
use crate::events::outbound::announce;
use crate::rpc::error;
use crate::rpc::wire::tenant_profile::{new_profile, profile_to_wire};
use crate::store;

/// 1. Parse; 2. take the request id, or answer as the first time; 3. store the profile unless there
///    is one, tell it, and store audit entry and answer with it.
pub async fn handle(
    app: Arc<App>,
    call: Call,
    request: CreateTenantProfileRequest,
) -> Result<Answer<CreateTenantProfileResponse>, Refusal> {
    let now = app.clock.now();
    let tenant = call.tenant();
    let (zone, home, details) = new_profile(request.tenant_profile.as_ref())?;
    let profile = TenantProfile::try_new(zone, home, details, now)
        .map_err(|refused| error::profile_refused(&refused))?;
    let key = call.key(&request)?;
    retried(|| async {
        let mut tx = app.db.begin(&call).await?;
        let first = match idempotency::begin_in_tx(&mut tx, &key).await? {
            Begun::Replay(stored) => return Ok(Answer::replayed(stored)),
            Begun::First(first) => first,
        };
        if !store::tenant_profile::insert_in_tx(&mut tx, tenant, &profile).await? {
            return Err(error::profile_exists(tenant));
        }
        let told = CreditEvent::TenantProfileChanged(Box::new(profile.clone()));
        let told = [announce(tenant, now, &told)];
        append_in_tx(&mut tx, tenant, call.traceparent(), &told).await?;
        let facts = json!({ "version": profile.version });
        let entry = call.audit("tenant_profile", facts, now);
        audit::record_in_tx(&mut tx, &entry).await?;
        let answer = CreateTenantProfileResponse {
            tenant_profile: Some(profile_to_wire(&profile)),
        };
        first.finish_in_tx(&mut tx, &answer.encode_to_vec()).await?;
        tx.commit().await?;
        Ok(Answer::new(answer))
    })
    .await
}
