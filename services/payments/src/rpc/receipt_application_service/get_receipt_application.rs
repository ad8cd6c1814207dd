//! GetReceiptApplication.

use contracts::payments::{GetReceiptApplicationRequest, GetReceiptApplicationResponse};
use runtime::{Call, Refusal};

use crate::app::App;
use crate::domain::ApplicationId;
use crate::rpc::error;
use crate::rpc::wire::field;
use crate::rpc::wire::receipt_application::application_to_wire;
use crate::store;

/// One application in one read transaction.
pub async fn handle(
    app: &App,
    call: Call,
    request: GetReceiptApplicationRequest,
) -> Result<GetReceiptApplicationResponse, Refusal> {
    let id = ApplicationId(field::only_id("application_id", &request.application_id)?);
    let mut tx = app.db.begin_read(&call).await?;
    let found = store::receipt_application::find_in_tx(&mut tx, call.tenant(), id).await?;
    tx.commit().await?;
    let application = found.ok_or_else(|| error::application_not_found(id.0))?;
    Ok(GetReceiptApplicationResponse {
        application: Some(application_to_wire(&application)),
    })
}
