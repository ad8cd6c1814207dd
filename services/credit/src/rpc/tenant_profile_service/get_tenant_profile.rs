//! GetTenantProfile: who the caller's tenant is.

use contracts::credit::{GetTenantProfileRequest, GetTenantProfileResponse};
use runtime::{Call, Refusal};

use crate::app::App;
use crate::rpc::error;
use crate::rpc::wire::tenant_profile::profile_to_wire;
use crate::store;

/// One read transaction.
pub async fn handle(
    app: &App,
    call: Call,
    _request: GetTenantProfileRequest,
) -> Result<GetTenantProfileResponse, Refusal> {
    let tenant = call.tenant();
    let mut tx = app.db.begin_read(&call).await?;
    let profile = store::tenant_profile::find_in_tx(&mut tx, tenant).await?;
    tx.commit().await?;
    let profile = profile.ok_or_else(|| error::profile_not_found(tenant))?;
    Ok(GetTenantProfileResponse {
        tenant_profile: Some(profile_to_wire(&profile)),
    })
}
