//! GetApplication: one application with the decision behind it.

use contracts::invoicing::{GetApplicationRequest, GetApplicationResponse};
use runtime::{Call, Refusal};

use crate::app::App;
use crate::domain::ApplicationId;
use crate::rpc::error;
use crate::rpc::wire::application::application_to_wire;
use crate::rpc::wire::field;
use crate::store;

/// One read transaction.
pub async fn handle(
    app: &App,
    call: Call,
    request: GetApplicationRequest,
) -> Result<GetApplicationResponse, Refusal> {
    let application_id = field::only_id("application_id", &request.application_id)?;
    let application_id = ApplicationId(application_id);
    let mut tx = app.db.begin_read(&call).await?;
    let found = store::application::find_in_tx(&mut tx, call.tenant(), application_id).await?;
    tx.commit().await?;
    let application = found.ok_or_else(|| error::application_not_found(application_id))?;
    Ok(GetApplicationResponse {
        application: Some(application_to_wire(&application)),
    })
}
