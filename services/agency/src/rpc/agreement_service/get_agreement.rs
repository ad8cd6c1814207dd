//! GetAgreement: one agreement.

use contracts::agency::{GetAgreementRequest, GetAgreementResponse};
use runtime::{Call, Refusal};

use crate::app::App;
use crate::domain::identity::AgreementId;
use crate::rpc::error;
use crate::rpc::wire::agreement::agreement_to_wire;
use crate::rpc::wire::field;
use crate::store;

/// One read transaction.
pub async fn handle(
    app: &App,
    call: Call,
    request: GetAgreementRequest,
) -> Result<GetAgreementResponse, Refusal> {
    let id = AgreementId::new(field::only_id("agreement_id", &request.agreement_id)?);
    let mut tx = app.db.begin_read(&call).await?;
    let found = store::agreement::find_in_tx(&mut tx, call.tenant(), id).await?;
    tx.commit().await?;
    let agreement = found.ok_or_else(|| error::agreement::not_found(id))?;
    Ok(GetAgreementResponse {
        agreement: Some(agreement_to_wire(&agreement)),
    })
}
