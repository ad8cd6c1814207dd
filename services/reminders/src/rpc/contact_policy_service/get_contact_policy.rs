//! GetContactPolicy.

use contracts::reminders::{GetContactPolicyRequest, GetContactPolicyResponse};
use runtime::{Call, Refusal};

use crate::app::App;
use crate::domain::id::ContactPolicyId;
use crate::rpc::error;
use crate::rpc::wire::contact_policy::policy_to_wire;
use crate::rpc::wire::field;
use crate::store;

/// One read transaction.
pub async fn handle(
    app: &App,
    call: Call,
    request: GetContactPolicyRequest,
) -> Result<GetContactPolicyResponse, Refusal> {
    let id = &request.contact_policy_id;
    let id = field::only_id("contact_policy_id", id, ContactPolicyId::new)?;
    let mut tx = app.db.begin_read(&call).await?;
    let found = store::contact_policy::find_in_tx(&mut tx, call.tenant(), id).await?;
    tx.commit().await?;
    let policy = found.ok_or_else(|| error::contact_policy::not_found(id))?;
    Ok(GetContactPolicyResponse {
        contact_policy: Some(policy_to_wire(&policy)),
    })
}
