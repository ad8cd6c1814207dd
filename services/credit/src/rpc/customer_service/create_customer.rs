//! CreateCustomer: somebody who may owe, with the terms they are granted.

use std::sync::Arc;

use contracts::credit::{CreateCustomerRequest, CreateCustomerResponse};
use events::append_in_tx;
use postgres::idempotency::{self, Begun};
use postgres::{audit, retried};
use prost::Message as _;
use runtime::{Answer, Call, Refusal};
use serde_json::json;

use super::brought::{grants_told, whole_in_tx};
use crate::app::App;
use crate::domain::granted_terms::{granted_on, grants_of_new};
use crate::domain::{CreditEvent, Customer, CustomerId};
use crate::events::outbound::announce_all;
use crate::rpc::error;
use crate::rpc::wire::customer::{customer_to_wire, new_customer};
use crate::store;

/// 1. Parse; 2. take the request id, or answer as the first time; 3. while nobody publishes a
///    policy, find parent and terms; 4. store the customer unless its identity is taken; 5. tell it
///    and the terms it is granted.
pub async fn handle(
    app: Arc<App>,
    call: Call,
    request: CreateCustomerRequest,
) -> Result<Answer<CreateCustomerResponse>, Refusal> {
    let now = app.clock.now();
    let tenant = call.tenant();
    let new = new_customer(&request)?;
    let fresh = || app.stamped(|stamp| CustomerId(stamp.id()));
    let customer_id = new.customer_id.unwrap_or_else(fresh);
    let key = call.key(&request)?;
    retried(|| async {
        let mut tx = app.db.begin(&call).await?;
        let first = match idempotency::begin_in_tx(&mut tx, &key).await? {
            Begun::Replay(stored) => return Ok(Answer::replayed(stored)),
            Begun::First(first) => first,
        };
        let profile = store::tenant_profile::share_in_tx(&mut tx, tenant).await?;
        let profile = profile.ok_or_else(|| error::profile_not_found(tenant))?;
        let today = profile.day_of(now);
        let whole = whole_in_tx(&app, &mut tx, tenant, &new.brought).await?;
        let external_id = new.external_id.clone();
        let customer = Customer::new(customer_id, external_id, whole.details, now);
        // Whose parent has the identity that they are to get is there already.
        let is_own_parent = customer.details.parent == Some(customer_id);
        if is_own_parent || !store::customer::insert_in_tx(&mut tx, tenant, &customer).await? {
            return Err(error::customer_exists(
                customer_id,
                new.external_id.as_deref(),
            ));
        }
        let granted = granted_on(&whole.versions, customer.details.segment.as_ref(), today);
        let grants = grants_of_new(&whole.versions, customer.details.segment.as_ref(), today);
        let mut told = vec![CreditEvent::CustomerCreated {
            customer: Box::new(customer.clone()),
            granted_terms: granted.clone().map(Box::new),
        }];
        told.extend(grants_told(&customer, grants));
        let told = announce_all(tenant, now, &told);
        append_in_tx(&mut tx, tenant, call.traceparent(), &told).await?;
        let subject = format!("customer/{}", customer_id.0);
        let entry = call.audit(subject, json!({}), now);
        audit::record_in_tx(&mut tx, &entry).await?;
        let answer = CreateCustomerResponse {
            customer: Some(customer_to_wire(&customer, granted.as_ref())),
        };
        first.finish_in_tx(&mut tx, &answer.encode_to_vec()).await?;
        tx.commit().await?;
        Ok(Answer::new(answer))
    })
    .await
}
