//! GetCustomer: one customer with the terms in force today.

use contracts::credit::get_customer_request::Key;
use contracts::credit::{GetCustomerRequest, GetCustomerResponse};
use runtime::{Call, Refusal, Violations};

use crate::app::App;
use crate::domain::CustomerId;
use crate::domain::granted_terms::granted_on;
use crate::rpc::error;
use crate::rpc::wire::customer::customer_to_wire;
use crate::rpc::wire::field;
use crate::store;

/// One read transaction, the same queries whoever asks (P28).
pub async fn handle(
    app: &App,
    call: Call,
    request: GetCustomerRequest,
) -> Result<GetCustomerResponse, Refusal> {
    let key = request.key;
    let mut violations = Violations::new();
    let (by_id, named) = match &key {
        Some(Key::CustomerId(id)) => (
            field::id(&mut violations, "customer_id", id).map(CustomerId),
            id,
        ),
        Some(Key::ExternalId(id)) => {
            field::text(&mut violations, "external_id", id, 128);
            (None, id)
        }
        None => {
            violations.add("customer_id", "is required, or external_id");
            (None, &String::new())
        }
    };
    violations.finish()?;
    let tenant = call.tenant();
    let mut tx = app.db.begin_read(&call).await?;
    let profile = store::tenant_profile::find_in_tx(&mut tx, tenant).await?;
    let found = match by_id {
        Some(customer_id) => store::customer::find_in_tx(&mut tx, tenant, customer_id).await?,
        None => store::customer::find_external_in_tx(&mut tx, tenant, named).await?,
    };
    let customer = found.ok_or_else(|| error::customer_not_found(named))?;
    let code = customer.details.policy_code();
    let versions = store::credit_policy::versions_in_tx(&mut tx, tenant, &code).await?;
    tx.commit().await?;
    let today = profile.map(|profile| profile.day_of(app.clock.now()));
    let granted =
        today.and_then(|today| granted_on(&versions, customer.details.segment.as_ref(), today));
    Ok(GetCustomerResponse {
        customer: Some(customer_to_wire(&customer, granted.as_ref())),
    })
}
