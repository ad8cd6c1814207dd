//! ListProposalRuns: newest first.

use contracts::agency::{ListProposalRunsRequest, ListProposalRunsResponse};
use jiff::Timestamp;
use postgres::pages::Listing;
use runtime::{Call, Refusal};
use uuid::Uuid;

use crate::app::App;
use crate::rpc::wire::proposal_run::run_to_wire;
use crate::store;

/// One page in one read transaction.
pub async fn handle(
    app: &App,
    call: Call,
    request: ListProposalRunsRequest,
) -> Result<ListProposalRunsResponse, Refusal> {
    let (tenant, previews) = (call.tenant(), request.validate_only);
    let narrows = format!("{previews:?}");
    let listing = Listing::new(tenant, call.method().path, narrows.as_bytes());
    let page = listing.page::<(Timestamp, Uuid)>(request.page_size, &request.page_token)?;
    let mut tx = app.db.begin_read(&call).await?;
    let (after, limit) = (page.after(), page.fetch_limit());
    let rows = store::proposal_run::list_in_tx(&mut tx, tenant, previews, after, limit).await?;
    tx.commit().await?;
    let (shown, next_page_token) =
        page.cut(rows, |run| (run.created_time, run.proposal_run_id.uuid()));
    Ok(ListProposalRunsResponse {
        proposal_runs: shown.iter().map(run_to_wire).collect(),
        next_page_token,
    })
}
