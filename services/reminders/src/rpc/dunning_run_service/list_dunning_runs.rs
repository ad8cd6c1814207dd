//! ListDunningRuns: newest first.

use contracts::reminders::{ListDunningRunsRequest, ListDunningRunsResponse};
use postgres::pages::Listing;
use prost::Message as _;
use runtime::{Call, Refusal, Violations};

use crate::app::App;
use crate::rpc::wire::dunning_run::{run_to_wire, state_from_wire};
use crate::rpc::wire::field;
use crate::store::dunning_run;
use crate::store::dunning_run::{Filter, Place, item};

/// One page in one read transaction.
pub async fn handle(
    app: &App,
    call: Call,
    request: ListDunningRunsRequest,
) -> Result<ListDunningRunsResponse, Refusal> {
    let filter = filter_from_wire(&request)?;
    let tenant = call.tenant();
    let narrows = ListDunningRunsRequest {
        page_size: 0,
        page_token: String::new(),
        ..request.clone()
    };
    let listing = Listing::new(tenant, call.method().path, &narrows.encode_to_vec());
    let page = listing.page::<Place>(request.page_size, &request.page_token)?;
    let mut tx = app.db.begin_read(&call).await?;
    let (after, limit) = (page.after(), page.fetch_limit());
    let rows = dunning_run::list_in_tx(&mut tx, tenant, &filter, after, limit).await?;
    let (shown, next_page_token) =
        page.cut(rows, |run| (run.created_time, run.dunning_run_id.uuid()));
    let mut dunning_runs = Vec::with_capacity(shown.len());
    for run in &shown {
        let summary = item::summary_in_tx(&mut tx, tenant, run.dunning_run_id).await?;
        dunning_runs.push(run_to_wire(run, &summary));
    }
    tx.commit().await?;
    Ok(ListDunningRunsResponse {
        dunning_runs,
        next_page_token,
    })
}

fn filter_from_wire(request: &ListDunningRunsRequest) -> Result<Filter, Refusal> {
    let mut violations = Violations::new();
    let (set, stated) = (request.state.is_some(), state_from_wire(request.state()));
    let state = field::filter_stated(&mut violations, "state", set, stated);
    let from = request.run_from_date.as_ref();
    let from = field::optional_date(&mut violations, "run_from_date", from);
    let to = request.run_to_date.as_ref();
    let to = field::optional_date(&mut violations, "run_to_date", to);
    violations.finish()?;
    Ok(Filter {
        state,
        from: from.flatten(),
        to: to.flatten(),
    })
}
