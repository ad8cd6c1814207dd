//! GetDunningRun: state, progress, counts and sums.

use contracts::reminders::{GetDunningRunRequest, GetDunningRunResponse};
use runtime::{Call, Refusal};

use crate::app::App;
use crate::domain::id::DunningRunId;
use crate::rpc::error;
use crate::rpc::wire::dunning_run::run_to_wire;
use crate::rpc::wire::field;
use crate::store::dunning_run;
use crate::store::dunning_run::item;

/// One read transaction.
pub async fn handle(
    app: &App,
    call: Call,
    request: GetDunningRunRequest,
) -> Result<GetDunningRunResponse, Refusal> {
    let run_id = field::only_id("dunning_run_id", &request.dunning_run_id, DunningRunId::new)?;
    let mut tx = app.db.begin_read(&call).await?;
    let found = dunning_run::find_in_tx(&mut tx, call.tenant(), run_id).await?;
    let run = found.ok_or_else(|| error::dunning_run::not_found(run_id))?;
    let summary = item::summary_in_tx(&mut tx, call.tenant(), run_id).await?;
    tx.commit().await?;
    Ok(GetDunningRunResponse {
        dunning_run: Some(run_to_wire(&run, &summary)),
    })
}
