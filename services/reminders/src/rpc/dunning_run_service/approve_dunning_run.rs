//! ApproveDunningRun: a preview is carried out, every case judged afresh.

use std::sync::Arc;

use contracts::reminders::{ApproveDunningRunRequest, ApproveDunningRunResponse};
use postgres::idempotency::{self, Begun};
use postgres::{audit, retried};
use prost::Message as _;
use runtime::{Answer, Call, Refusal, Violations};
use serde_json::json;

use super::today_in_tx;
use crate::app::App;
use crate::domain::dunning_run::DunningRunSummary;
use crate::domain::id::DunningRunId;
use crate::jobs::dunning;
use crate::rpc::error;
use crate::rpc::wire::dunning_run::run_to_wire;
use crate::rpc::wire::field;
use crate::store::dunning_run;
use crate::store::dunning_run::item;

/// 1. Parse; 2. take the request id, or answer as the first time; 3. lock the run, approve it, take the
///    items of the preview away; 4. its timer judges the cases after the answer.
pub async fn handle(
    app: Arc<App>,
    call: Call,
    request: ApproveDunningRunRequest,
) -> Result<Answer<ApproveDunningRunResponse>, Refusal> {
    let run_id = parsed(&request)?;
    let key = call.key(&request)?;
    let (tenant, now) = (call.tenant(), app.clock.now());
    let done = retried(|| async {
        let mut tx = app.db.begin(&call).await?;
        let begun = match idempotency::begin_in_tx(&mut tx, &key).await? {
            Begun::Replay(stored) => return Ok((Answer::replayed(stored), None)),
            Begun::First(begun) => begun,
        };
        let found = dunning_run::lock_in_tx(&mut tx, tenant, run_id).await?;
        let (mut run, _) = found.ok_or_else(|| error::dunning_run::not_found(run_id))?;
        error::check_etag(&request.etag, run.revision)?;
        let today = today_in_tx(&mut tx, tenant, now).await?;
        let count = dunning_run::count_cases_in_tx(&mut tx, tenant, &run.filter).await?;
        run.approve(count, call.actor(), (today, now))
            .map_err(error::dunning_run::refused)?;
        dunning_run::update_in_tx(&mut tx, tenant, &run).await?;
        item::delete_all_in_tx(&mut tx, tenant, run_id).await?;
        let timer =
            timers::schedule_in_tx(&mut tx, tenant, dunning::KIND, run_id.uuid(), now).await?;
        let answer = ApproveDunningRunResponse {
            dunning_run: Some(run_to_wire(&run, &DunningRunSummary::default())),
        };
        let entry = call.audit(format!("dunning_run/{run_id}"), json!({}), now);
        audit::record_in_tx(&mut tx, &entry).await?;
        begun.finish_in_tx(&mut tx, &answer.encode_to_vec()).await?;
        tx.commit().await?;
        Ok::<_, Refusal>((Answer::new(answer), Some(timer)))
    })
    .await;
    let (answer, timer) = done?;
    app.wakeups.announce(timer);
    Ok(answer)
}

fn parsed(request: &ApproveDunningRunRequest) -> Result<DunningRunId, Refusal> {
    let mut violations = Violations::new();
    let run = &request.dunning_run_id;
    let run_id = field::id(&mut violations, "dunning_run_id", run, DunningRunId::new);
    field::required_etag(&mut violations, &request.etag);
    violations.complete((run_id,)).map(|(run_id,)| run_id)
}
