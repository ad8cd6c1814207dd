//! StartProposalRun: a pass of the policy over customers with overdue debts. It goes on after the answer.

use std::sync::Arc;

use calendar::Date;
use contracts::agency::{StartProposalRunRequest, StartProposalRunResponse};
use postgres::idempotency::{self, Begun};
use postgres::{audit, retried};
use prost::Message as _;
use runtime::{Answer, Call, Refusal, Violations};
use serde_json::json;
use uuid::Uuid;

use crate::app::App;
use crate::domain::identity::{CustomerId, ProposalRunId};
use crate::domain::proposal_run::{NewProposalRun, ProposalRun};
use crate::jobs::judge_customers;
use crate::rpc::wire::field;
use crate::rpc::wire::proposal_run::run_to_wire;
use crate::rpc::{error, known};
use crate::store;
use crate::store::proposal_run::StoredRun;

/// Customers that a request may name.
const MOST_CUSTOMERS: usize = 500;

/// 1. Parse; 2. take the request id, or answer as the first time; 3. choose the version and count the
///    customers; 4. store the run with its timer, audit entry and answer.
pub async fn handle(
    app: Arc<App>,
    call: Call,
    request: StartProposalRunRequest,
) -> Result<Answer<StartProposalRunResponse>, Refusal> {
    let now = app.clock.now();
    let tenant = call.tenant();
    let (run_date, only) = parse(&request)?;
    let named = request.policy_version;
    let run_id = ProposalRunId::new(Uuid::now_v7());
    let key = call.key(&request)?;
    retried(|| async {
        let mut tx = app.db.begin(&call).await?;
        let first = match idempotency::begin_in_tx(&mut tx, &key).await? {
            Begun::Replay(stored) => return Ok(Answer::replayed(stored)),
            Begun::First(first) => first,
        };
        let policy = store::placement_policy::find_in_tx(&mut tx, tenant).await?;
        let version = policy.version_for_run(named, request.validate_only);
        let policy_version =
            version.map_err(|refused| error::placement_policy::refused(&refused))?;
        let today = known::tenant_in_tx(&mut tx, tenant)
            .await?
            .zone
            .local_date(now);
        let on = run_date.unwrap_or(today);
        let count =
            store::proposal_run::count_customers_in_tx(&mut tx, tenant, only.as_deref(), on);
        let new = NewProposalRun {
            proposal_run_id: run_id,
            run_date,
            policy_version,
            validate_only: request.validate_only,
            customer_count: count.await?,
            created_by: call.actor().to_owned(),
        };
        let run = ProposalRun::start(new, today, now);
        let stored = StoredRun {
            run: run.map_err(|_| error::date_in_the_future("run_date"))?,
            only: only.clone(),
            last_customer_id: None,
        };
        store::proposal_run::insert_in_tx(&mut tx, tenant, &stored).await?;
        let (kind, subject) = (judge_customers::KIND, run_id.uuid());
        let scheduled = timers::schedule_in_tx(&mut tx, tenant, kind, subject, now).await?;
        let facts = json!({ "policy_version": policy_version });
        let entry = call.audit(format!("proposal_run/{run_id}"), facts, now);
        audit::record_in_tx(&mut tx, &entry).await?;
        let answer = StartProposalRunResponse {
            proposal_run: Some(run_to_wire(&stored.run)),
        };
        first.finish_in_tx(&mut tx, &answer.encode_to_vec()).await?;
        tx.commit().await?;
        app.wakeups.announce([scheduled]);
        Ok(Answer::new(answer))
    })
    .await
}

/// The day of the run, and the only customers it is for; none: all.
fn parse(
    request: &StartProposalRunRequest,
) -> Result<(Option<Date>, Option<Vec<CustomerId>>), Refusal> {
    let mut violations = Violations::new();
    let run_date = request.run_date.as_ref();
    let run_date = field::optional_date(&mut violations, "run_date", run_date);
    let ids = &request.customer_ids;
    let ids = field::ids(&mut violations, "customer_ids", ids, MOST_CUSTOMERS);
    let named = request.policy_version;
    violations.check(
        named.is_none_or(|one| one > 0),
        "policy_version",
        "must be 1 or more",
    );
    let (run_date, ids) = violations.complete((run_date, ids))?;
    let only: Vec<CustomerId> = ids.into_iter().map(CustomerId::new).collect();
    Ok((run_date, Some(only).filter(|ids| !ids.is_empty())))
}
