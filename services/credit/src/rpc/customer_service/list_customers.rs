//! ListCustomers: oldest first, each with the terms in force today.

use std::collections::{BTreeMap, BTreeSet};

use contracts::credit::{ListCustomersRequest, ListCustomersResponse};
use jiff::Timestamp;
use postgres::pages::Listing;
use prost::Message as _;
use runtime::{Call, Refusal, Violations};
use uuid::Uuid;

use crate::app::App;
use crate::domain::granted_terms::granted_on;
use crate::domain::{CountryCode, CreditPolicy, CustomerId, PolicyCode, Segment};
use crate::rpc::wire::customer::{customer_to_wire, kind_from_wire};
use crate::rpc::wire::field;
use crate::store;
use crate::store::customer::Filter;

/// One page in one read transaction.
pub async fn handle(
    app: &App,
    call: Call,
    request: ListCustomersRequest,
) -> Result<ListCustomersResponse, Refusal> {
    let filter = filter_from_wire(&request)?;
    let narrows = ListCustomersRequest {
        page_size: 0,
        page_token: String::new(),
        ..request.clone()
    };
    let tenant = call.tenant();
    let listing = Listing::new(tenant, call.method().path, &narrows.encode_to_vec());
    let page = listing.page::<(Timestamp, Uuid)>(request.page_size, &request.page_token)?;
    let mut tx = app.db.begin_read(&call).await?;
    let (after, limit) = (page.after(), page.fetch_limit());
    let rows = store::customer::list_in_tx(&mut tx, tenant, &filter, after, limit).await?;
    let (shown, next_page_token) = page.cut(rows, |customer| {
        (customer.created_time, customer.customer_id.0)
    });
    let profile = store::tenant_profile::find_in_tx(&mut tx, tenant).await?;
    let codes: BTreeSet<PolicyCode> = shown
        .iter()
        .map(|customer| customer.details.policy_code())
        .collect();
    let mut policies: BTreeMap<PolicyCode, Vec<CreditPolicy>> = BTreeMap::new();
    for code in codes {
        let versions = store::credit_policy::versions_in_tx(&mut tx, tenant, &code).await?;
        policies.insert(code, versions);
    }
    tx.commit().await?;
    let today = profile.map(|profile| profile.day_of(app.clock.now()));
    let customers = shown.iter().map(|customer| {
        let versions = policies.get(&customer.details.policy_code());
        let granted = today.zip(versions).and_then(|(today, versions)| {
            granted_on(versions, customer.details.segment.as_ref(), today)
        });
        customer_to_wire(customer, granted.as_ref())
    });
    Ok(ListCustomersResponse {
        customers: customers.collect(),
        next_page_token,
    })
}

fn filter_from_wire(request: &ListCustomersRequest) -> Result<Filter, Refusal> {
    let mut violations = Violations::new();
    let segment = request.segment.as_deref().and_then(|segment| {
        field::optional_typed(&mut violations, "segment", segment, Segment::try_new)
    });
    let kind = match request.kind {
        Some(_) => violations.required("kind", kind_from_wire(request.kind())),
        None => None,
    };
    let country_code = request
        .country_code
        .as_deref()
        .and_then(|code| field::typed(&mut violations, "country_code", code, CountryCode::try_new));
    let parent = request.parent_customer_id.as_deref();
    let parent = parent.and_then(|parent| field::id(&mut violations, "parent_customer_id", parent));
    violations.finish()?;
    Ok(Filter {
        segment,
        kind,
        country_code,
        parent: parent.map(CustomerId),
    })
}
