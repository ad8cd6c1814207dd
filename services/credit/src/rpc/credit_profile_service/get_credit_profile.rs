//! GetCreditProfile: where a customer stands.

use contracts::credit::get_credit_profile_request::Key;
use contracts::credit::{GetCreditProfileRequest, GetCreditProfileResponse};
use runtime::{Call, Refusal, Violations};

use super::profile;
use crate::app::App;
use crate::domain::CustomerId;
use crate::rpc::error;
use crate::rpc::wire::field;
use crate::store;

/// One read transaction, the same queries whoever asks (P28).
pub async fn handle(
    app: &App,
    call: Call,
    request: GetCreditProfileRequest,
) -> Result<GetCreditProfileResponse, Refusal> {
    let mut violations = Violations::new();
    let (by_id, named) = match &request.key {
        Some(Key::CustomerId(id)) => {
            let read = field::id(&mut violations, "customer_id", id);
            (read.map(CustomerId), id.as_str())
        }
        Some(Key::ExternalId(id)) => {
            field::text(&mut violations, "external_id", id, 128);
            (None, id.as_str())
        }
        None => {
            violations.add("customer_id", "is required, or external_id");
            (None, "")
        }
    };
    violations.finish()?;
    let tenant = call.tenant();
    let mut tx = app.db.begin_read(&call).await?;
    let found = match by_id {
        Some(customer_id) => store::customer::find_in_tx(&mut tx, tenant, customer_id).await?,
        None => store::customer::find_external_in_tx(&mut tx, tenant, named).await?,
    };
    let customer = found.ok_or_else(|| error::customer_not_found(named))?;
    let credit_profile = profile::read_in_tx(&mut tx, tenant, &customer, app.clock.now()).await?;
    tx.commit().await?;
    Ok(GetCreditProfileResponse {
        credit_profile: Some(credit_profile),
    })
}
