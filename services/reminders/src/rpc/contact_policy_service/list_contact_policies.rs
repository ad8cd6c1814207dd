//! ListContactPolicies: by country, then kind, then day, newest first.

use contracts::reminders::{ListContactPoliciesRequest, ListContactPoliciesResponse};
use postgres::pages::Listing;
use prost::Message as _;
use runtime::{Call, Refusal, Violations};

use crate::app::App;
use crate::rpc::wire::contact_policy::policy_to_wire;
use crate::rpc::wire::debtor::kind_from_wire;
use crate::rpc::wire::field;
use crate::store;
use crate::store::contact_policy::{Filter, Place};

/// One page in one read transaction.
pub async fn handle(
    app: &App,
    call: Call,
    request: ListContactPoliciesRequest,
) -> Result<ListContactPoliciesResponse, Refusal> {
    let filter = filter_from_wire(&request)?;
    let tenant = call.tenant();
    let narrows = ListContactPoliciesRequest {
        page_size: 0,
        page_token: String::new(),
        ..request.clone()
    };
    let listing = Listing::new(tenant, call.method().path, &narrows.encode_to_vec());
    let page = listing.page::<Place>(request.page_size, &request.page_token)?;
    let mut tx = app.db.begin_read(&call).await?;
    let (after, limit) = (page.after(), page.fetch_limit());
    let rows = store::contact_policy::list_in_tx(&mut tx, tenant, &filter, after, limit).await?;
    tx.commit().await?;
    let (shown, next_page_token) = page.cut(rows, Place::of);
    Ok(ListContactPoliciesResponse {
        contact_policies: shown.iter().map(policy_to_wire).collect(),
        next_page_token,
    })
}

fn filter_from_wire(request: &ListContactPoliciesRequest) -> Result<Filter, Refusal> {
    let mut violations = Violations::new();
    let country_code = request
        .country_code
        .as_deref()
        .and_then(|code| field::typed(&mut violations, "country_code", code, field::country));
    let kind = kind_from_wire(request.debtor_kind());
    let set = request.debtor_kind.is_some();
    let debtor_kind = field::filter_stated(&mut violations, "debtor_kind", set, kind);
    let day = request.in_force_date.as_ref();
    let in_force_date = field::optional_date(&mut violations, "in_force_date", day);
    violations.finish()?;
    Ok(Filter {
        country_code,
        debtor_kind,
        in_force_date: in_force_date.flatten(),
    })
}
