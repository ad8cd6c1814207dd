//! ListCreditPolicies: by code, the latest version first.

use contracts::credit::{ListCreditPoliciesRequest, ListCreditPoliciesResponse};
use postgres::pages::Listing;
use runtime::{Call, Refusal, Violations};

use crate::app::App;
use crate::domain::PolicyCode;
use crate::rpc::wire::credit_policy::policy_to_wire;
use crate::rpc::wire::field;
use crate::store;

/// One page in one read transaction.
pub async fn handle(
    app: &App,
    call: Call,
    request: ListCreditPoliciesRequest,
) -> Result<ListCreditPoliciesResponse, Refusal> {
    let mut violations = Violations::new();
    let code = request.policy_code.as_deref();
    let code = code
        .and_then(|code| field::typed(&mut violations, "policy_code", code, PolicyCode::try_new));
    violations.finish()?;
    let narrows = code.as_ref().map(PolicyCode::as_str).unwrap_or_default();
    let listing = Listing::new(call.tenant(), call.method().path, narrows.as_bytes());
    let page = listing.page::<(String, i32)>(request.page_size, &request.page_token)?;
    let mut tx = app.db.begin_read(&call).await?;
    let (code, after, limit) = (code.as_ref(), page.after(), page.fetch_limit());
    let rows = store::credit_policy::list_in_tx(&mut tx, call.tenant(), code, after, limit).await?;
    tx.commit().await?;
    let (shown, next_page_token) = page.cut(rows, |policy| {
        (policy.policy_code.to_string(), policy.version)
    });
    Ok(ListCreditPoliciesResponse {
        credit_policies: shown.iter().map(policy_to_wire).collect(),
        next_page_token,
    })
}
