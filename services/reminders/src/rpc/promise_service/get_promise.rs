//! GetPromise: with every judgement.

use contracts::reminders::{GetPromiseRequest, GetPromiseResponse};
use runtime::{Call, Refusal};

use crate::app::App;
use crate::domain::id::PromiseId;
use crate::rpc::error;
use crate::rpc::wire::field;
use crate::rpc::wire::promise::promise_to_wire;
use crate::store;

/// One read transaction.
pub async fn handle(
    app: &App,
    call: Call,
    request: GetPromiseRequest,
) -> Result<GetPromiseResponse, Refusal> {
    let id = field::only_id("promise_id", &request.promise_id, PromiseId::new)?;
    let tenant = call.tenant();
    let mut tx = app.db.begin_read(&call).await?;
    let found = store::promise::find_in_tx(&mut tx, tenant, id).await?;
    let promise = found.ok_or_else(|| error::promise::not_found(id))?;
    let shown = std::slice::from_ref(&promise);
    let mut decisions = store::promise::decision_ids_in_tx(&mut tx, tenant, shown).await?;
    tx.commit().await?;
    let decisions = decisions.remove(&id).unwrap_or_default();
    let promise = promise_to_wire(&promise, &decisions).map_err(Refusal::internal)?;
    Ok(GetPromiseResponse {
        promise: Some(promise),
    })
}
