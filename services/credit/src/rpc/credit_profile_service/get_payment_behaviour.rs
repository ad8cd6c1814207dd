//! GetPaymentBehaviour: how a customer pays, now or at the end of a day (ME-5).

use contracts::credit::{GetPaymentBehaviourRequest, GetPaymentBehaviourResponse};
use runtime::{Call, Refusal, Violations};

use super::profile;
use crate::app::App;
use crate::domain::CustomerId;
use crate::rpc::error;
use crate::rpc::wire::field;
use crate::store;

/// One read transaction.
pub async fn handle(
    app: &App,
    call: Call,
    request: GetPaymentBehaviourRequest,
) -> Result<GetPaymentBehaviourResponse, Refusal> {
    let mut violations = Violations::new();
    let customer_id = field::id(&mut violations, "customer_id", &request.customer_id);
    let as_of = request.as_of_date.as_ref();
    let as_of = field::optional_date(&mut violations, "as_of_date", as_of);
    let (customer_id, as_of) = violations.complete((customer_id, as_of))?;
    let tenant = call.tenant();
    let mut tx = app.db.begin_read(&call).await?;
    let found = store::customer::find_in_tx(&mut tx, tenant, CustomerId(customer_id)).await?;
    let customer = found.ok_or_else(|| error::customer_not_found(customer_id))?;
    let tenant_profile = store::tenant_profile::find_in_tx(&mut tx, tenant).await?;
    let tenant_profile = tenant_profile.ok_or_else(|| error::profile_not_found(tenant))?;
    let to_date = as_of.unwrap_or_else(|| tenant_profile.day_of(app.clock.now()));
    let behaviour = profile::behaviour_in_tx(&mut tx, tenant, &customer, to_date).await?;
    tx.commit().await?;
    Ok(GetPaymentBehaviourResponse {
        payment_behaviour: Some(behaviour),
    })
}
