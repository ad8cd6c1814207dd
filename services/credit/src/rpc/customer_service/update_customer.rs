//! UpdateCustomer: changes what is known of a customer, and with it perhaps their terms.

use std::sync::Arc;

use contracts::credit::{UpdateCustomerRequest, UpdateCustomerResponse};
use events::append_in_tx;
use postgres::idempotency::{self, Begun};
use postgres::{audit, retried};
use prost::Message as _;
use runtime::{Answer, Call, Refusal};
use serde_json::json;
use timers::schedule_in_tx;

use super::brought::{grants_told, whole_in_tx};
use crate::app::App;
use crate::domain::granted_terms::{granted_on, grants_of_changed};
use crate::domain::{CreditEvent, CustomerId};
use crate::events::outbound::announce_all;
use crate::jobs::review_holds;
use crate::rpc::error;
use crate::rpc::wire::customer::{CHANGEABLE, customer_to_wire, updated_details};
use crate::rpc::wire::field;
use crate::store;

/// 1. Check identity, mask and etag; 2. take the request id, or answer as the first time; 3. lock the
///    customer, compare the etag, put the masked fields in; 4. tell what changed, and other terms if
///    they follow from it.
pub async fn handle(
    app: Arc<App>,
    call: Call,
    request: UpdateCustomerRequest,
) -> Result<Answer<UpdateCustomerResponse>, Refusal> {
    let now = app.clock.now();
    let tenant = call.tenant();
    let customer_id = CustomerId(field::only_id("customer_id", &request.customer_id)?);
    let paths = field::mask(request.update_mask.as_ref(), CHANGEABLE)?;
    field::required_etag(&request.etag)?;
    let key = call.key(&request)?;
    retried(|| async {
        let mut tx = app.db.begin(&call).await?;
        let first = match idempotency::begin_in_tx(&mut tx, &key).await? {
            Begun::Replay(stored) => return Ok(Answer::replayed(stored)),
            Begun::First(first) => first,
        };
        let profile = store::tenant_profile::share_in_tx(&mut tx, tenant).await?;
        let customer = store::customer::lock_in_tx(&mut tx, tenant, customer_id).await?;
        let mut customer = customer.ok_or_else(|| error::customer_not_found(customer_id.0))?;
        let profile = profile.ok_or_else(|| error::profile_not_found(tenant))?;
        let today = profile.day_of(now);
        error::check_etag(&request.etag, &field::etag(customer.details_version))?;
        let brought = updated_details(&customer, request.details.as_ref(), &paths)?;
        let whole = whole_in_tx(&app, &mut tx, tenant, &brought).await?;
        let same_terms = customer.details.same_terms(&whole.details);
        let changed = customer
            .change(whole.details, &whole.ancestors)
            .map_err(|_| error::parent_cycle(customer_id))?;
        let mut reviews = Vec::new();
        let granted = granted_on(&whole.versions, customer.details.segment.as_ref(), today);
        if !changed.is_empty() {
            store::customer::update_in_tx(&mut tx, tenant, &customer).await?;
            let facts = json!({ "fields": &changed });
            let mut told = vec![CreditEvent::CustomerUpdated {
                customer: Box::new(customer.clone()),
                granted_terms: granted.clone().map(Box::new),
                changed_fields: changed,
            }];
            if !same_terms {
                let segment = customer.details.segment.as_ref();
                let grants = grants_of_changed(&whole.versions, segment, today);
                told.extend(grants_told(&customer, grants));
                // Another policy judges the same facts otherwise.
                let id = customer_id.0;
                let review = schedule_in_tx(&mut tx, tenant, review_holds::KIND, id, now).await?;
                reviews.push(review);
            }
            let told = announce_all(tenant, now, &told);
            append_in_tx(&mut tx, tenant, call.traceparent(), &told).await?;
            let entry = call.audit(format!("customer/{}", customer_id.0), facts, now);
            audit::record_in_tx(&mut tx, &entry).await?;
        }
        let answer = UpdateCustomerResponse {
            customer: Some(customer_to_wire(&customer, granted.as_ref())),
        };
        first.finish_in_tx(&mut tx, &answer.encode_to_vec()).await?;
        tx.commit().await?;
        app.wakeups.announce(reviews);
        Ok(Answer::new(answer))
    })
    .await
}
