//! UpdateTenantProfile: changes what of a tenant may change.

use std::sync::Arc;

use contracts::credit::{UpdateTenantProfileRequest, UpdateTenantProfileResponse};
use events::append_in_tx;
use postgres::idempotency::{self, Begun};
use postgres::{audit, retried};
use prost::Message as _;
use runtime::{Answer, Call, Refusal};
use serde_json::json;

use crate::app::App;
use crate::domain::CreditEvent;
use crate::events::outbound::announce;
use crate::rpc::error;
use crate::rpc::wire::field;
use crate::rpc::wire::tenant_profile::{CHANGEABLE, profile_to_wire, updated_details};
use crate::store;

/// 1. Check mask and etag; 2. take the request id, or answer as the first time; 3. lock the profile,
///    compare the etag, put the masked fields in; 4. tell it if anything changed.
pub async fn handle(
    app: Arc<App>,
    call: Call,
    request: UpdateTenantProfileRequest,
) -> Result<Answer<UpdateTenantProfileResponse>, Refusal> {
    let now = app.clock.now();
    let tenant = call.tenant();
    let paths = field::mask(request.update_mask.as_ref(), CHANGEABLE)?;
    field::required_etag(&request.etag)?;
    let key = call.key(&request)?;
    retried(|| async {
        let mut tx = app.db.begin(&call).await?;
        let first = match idempotency::begin_in_tx(&mut tx, &key).await? {
            Begun::Replay(stored) => return Ok(Answer::replayed(stored)),
            Begun::First(first) => first,
        };
        let profile = store::tenant_profile::lock_in_tx(&mut tx, tenant).await?;
        let mut profile = profile.ok_or_else(|| error::profile_not_found(tenant))?;
        error::check_etag(&request.etag, &field::etag(profile.version))?;
        let details = updated_details(&profile, request.tenant_profile.as_ref(), &paths)?;
        let changed = profile
            .change(details)
            .map_err(|refused| error::profile_refused(&refused))?;
        if changed {
            store::tenant_profile::update_in_tx(&mut tx, tenant, &profile).await?;
            let told = CreditEvent::TenantProfileChanged(Box::new(profile.clone()));
            let told = [announce(tenant, now, &told)];
            append_in_tx(&mut tx, tenant, call.traceparent(), &told).await?;
        }
        let facts = json!({ "version": profile.version, "fields": &paths });
        let entry = call.audit("tenant_profile", facts, now);
        audit::record_in_tx(&mut tx, &entry).await?;
        let answer = UpdateTenantProfileResponse {
            tenant_profile: Some(profile_to_wire(&profile)),
        };
        first.finish_in_tx(&mut tx, &answer.encode_to_vec()).await?;
        tx.commit().await?;
        Ok(Answer::new(answer))
    })
    .await
}
