//! StartDunningRun: a run over the cases that match, or a preview of it.

use std::sync::Arc;

use calendar::Date;
use contracts::reminders::{StartDunningRunRequest, StartDunningRunResponse};
use postgres::idempotency::{self, Begun};
use postgres::{audit, retried};
use prost::Message as _;
use runtime::{Answer, Call, Refusal, Violations};
use serde_json::json;
use uuid::Uuid;

use super::today_in_tx;
use crate::app::App;
use crate::domain::dunning_run::{DunningRun, DunningRunFilter, DunningRunSummary};
use crate::domain::id::DunningRunId;
use crate::jobs::dunning;
use crate::rpc::error;
use crate::rpc::wire::dunning_run::{filter_from_wire, run_to_wire};
use crate::rpc::wire::field;
use crate::store::dunning_run;

/// 1. Parse; 2. take the request id, or answer as the first time; 3. store the run, with the timer that
///    judges its cases after the answer.
pub async fn handle(
    app: Arc<App>,
    call: Call,
    request: StartDunningRunRequest,
) -> Result<Answer<StartDunningRunResponse>, Refusal> {
    let (run_date, filter) = parsed(&request)?;
    let key = call.key(&request)?;
    let (tenant, now) = (call.tenant(), app.clock.now());
    let done = retried(|| async {
        let mut tx = app.db.begin(&call).await?;
        let begun = match idempotency::begin_in_tx(&mut tx, &key).await? {
            Begun::Replay(stored) => return Ok((Answer::replayed(stored), None)),
            Begun::First(begun) => begun,
        };
        let today = today_in_tx(&mut tx, tenant, now).await?;
        let count = dunning_run::count_cases_in_tx(&mut tx, tenant, &filter).await?;
        let run_id = DunningRunId::new(Uuid::now_v7());
        let (preview, by) = (request.validate_only, call.actor());
        let started = DunningRun::start(
            run_id,
            run_date,
            filter.clone(),
            preview,
            count,
            by,
            (today, now),
        );
        let run = started.map_err(error::dunning_run::refused)?;
        dunning_run::insert_in_tx(&mut tx, tenant, &run).await?;
        let timer =
            timers::schedule_in_tx(&mut tx, tenant, dunning::KIND, run_id.uuid(), now).await?;
        let answer = StartDunningRunResponse {
            dunning_run: Some(run_to_wire(&run, &DunningRunSummary::default())),
        };
        let facts = json!({ "run_date": run.run_date, "preview": preview });
        let entry = call.audit(format!("dunning_run/{run_id}"), facts, now);
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

fn parsed(request: &StartDunningRunRequest) -> Result<(Date, DunningRunFilter), Refusal> {
    let mut violations = Violations::new();
    let run_date = field::date(&mut violations, "run_date", request.run_date.as_ref());
    let filter = filter_from_wire(&mut violations, request.filter.as_ref());
    violations.complete((run_date, filter))
}
