//! GetPlacementPolicyVersion: one version, of any state.

use contracts::agency::{GetPlacementPolicyVersionRequest, GetPlacementPolicyVersionResponse};
use runtime::{Call, Refusal, Violations};

use crate::app::App;
use crate::rpc::error;
use crate::rpc::wire::placement_policy::version_to_wire;
use crate::store;

/// One read transaction.
pub async fn handle(
    app: &App,
    call: Call,
    request: GetPlacementPolicyVersionRequest,
) -> Result<GetPlacementPolicyVersionResponse, Refusal> {
    let mut violations = Violations::new();
    violations.check(request.version > 0, "version", "must be 1 or more");
    violations.finish()?;
    let (tenant, wanted) = (call.tenant(), request.version);
    let mut tx = app.db.begin_read(&call).await?;
    let found = store::placement_policy::find_version_in_tx(&mut tx, tenant, wanted).await?;
    tx.commit().await?;
    let version = found.ok_or_else(|| error::placement_policy::version_not_found(wanted))?;
    Ok(GetPlacementPolicyVersionResponse {
        placement_policy_version: Some(version_to_wire(&version)),
    })
}
