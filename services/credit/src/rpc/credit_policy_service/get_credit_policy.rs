//! GetCreditPolicy: one version, or the one in force today.

use contracts::credit::{GetCreditPolicyRequest, GetCreditPolicyResponse};
use runtime::{Call, Refusal, Violations};

use crate::app::App;
use crate::domain::PolicyCode;
use crate::domain::granted_terms::in_force_on;
use crate::rpc::error;
use crate::rpc::wire::credit_policy::policy_to_wire;
use crate::rpc::wire::field;
use crate::store;

/// One read transaction. A tenant without profile has no day and no policy.
pub async fn handle(
    app: &App,
    call: Call,
    request: GetCreditPolicyRequest,
) -> Result<GetCreditPolicyResponse, Refusal> {
    let mut violations = Violations::new();
    let code = &request.policy_code;
    let code = field::typed(&mut violations, "policy_code", code, PolicyCode::try_new);
    let (code,) = violations.complete((code,))?;
    let tenant = call.tenant();
    let mut tx = app.db.begin_read(&call).await?;
    let profile = store::tenant_profile::find_in_tx(&mut tx, tenant).await?;
    let versions = store::credit_policy::versions_in_tx(&mut tx, tenant, &code).await?;
    tx.commit().await?;
    let found = match request.version {
        Some(version) => versions.iter().find(|policy| policy.version == version),
        None => profile.and_then(|profile| in_force_on(&versions, profile.day_of(app.clock.now()))),
    };
    let policy = found.ok_or_else(|| error::policy_not_found(&code))?;
    Ok(GetCreditPolicyResponse {
        credit_policy: Some(policy_to_wire(policy)),
    })
}
