//! GetCase: by its identity or the customer's.

use contracts::reminders::get_case_request::Key;
use contracts::reminders::{GetCaseRequest, GetCaseResponse};
use runtime::{Call, Refusal, Violations};

use crate::app::App;
use crate::domain::id::{CaseId, CustomerId};
use crate::rpc::error;
use crate::rpc::wire::case::case_to_wire;
use crate::rpc::wire::field;
use crate::store;
use crate::store::case_file::CaseFile;

/// One read transaction.
pub async fn handle(
    app: &App,
    call: Call,
    request: GetCaseRequest,
) -> Result<GetCaseResponse, Refusal> {
    let mut violations = Violations::new();
    let key = violations.required("case_id", request.key.as_ref());
    let (key,) = violations.complete((key,))?;
    let (tenant, now) = (call.tenant(), app.clock.now());
    let mut tx = app.db.begin_read(&call).await?;
    let case_id = match key {
        Key::CaseId(id) => field::only_id("case_id", id, CaseId::new)?,
        Key::CustomerId(id) => {
            let customer_id = field::only_id("customer_id", id, CustomerId::new)?;
            let found = store::case::id_of_customer_in_tx(&mut tx, tenant, customer_id).await?;
            found.ok_or_else(|| error::contact::case_of_customer_not_found(customer_id))?
        }
    };
    let found = store::case::find_in_tx(&mut tx, tenant, case_id).await?;
    let (_, next) = found.ok_or_else(|| error::contact::case_not_found(case_id))?;
    let file = CaseFile::read_in_tx(&mut tx, tenant, case_id, now).await?;
    let file = file.ok_or_else(|| error::contact::case_not_found(case_id))?;
    tx.commit().await?;
    let case = case_to_wire(&file, next.as_ref()).map_err(Refusal::internal)?;
    Ok(GetCaseResponse { case: Some(case) })
}
