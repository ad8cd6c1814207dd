//! GetPlacementPolicy: the policy and the version in force.

use contracts::agency::{GetPlacementPolicyRequest, GetPlacementPolicyResponse};
use runtime::{Call, Refusal};

use crate::app::App;
use crate::rpc::wire::placement_policy::{policy_to_wire, version_to_wire};
use crate::store;

/// One read transaction. Before the first version there is a policy without any.
pub async fn handle(
    app: &App,
    call: Call,
    _request: GetPlacementPolicyRequest,
) -> Result<GetPlacementPolicyResponse, Refusal> {
    let tenant = call.tenant();
    let mut tx = app.db.begin_read(&call).await?;
    let policy = store::placement_policy::find_in_tx(&mut tx, tenant).await?;
    let active = store::placement_policy::active_version_in_tx(&mut tx, tenant).await?;
    tx.commit().await?;
    Ok(GetPlacementPolicyResponse {
        placement_policy: Some(policy_to_wire(&policy)),
        active_version: active.as_ref().map(version_to_wire),
    })
}
