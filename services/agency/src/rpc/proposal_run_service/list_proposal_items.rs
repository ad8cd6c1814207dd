//! ListProposalItems: what each customer came to, by customer, then currency.

use std::collections::BTreeMap;

use contracts::agency::{ListProposalItemsRequest, ListProposalItemsResponse};
use postgres::pages::Listing;
use runtime::{Call, Refusal, Violations};
use uuid::Uuid;

use crate::app::App;
use crate::domain::decision::Decision;
use crate::domain::identity::{AgencyId, DecisionId, ProposalRunId};
use crate::domain::proposal::ProposalOutcome;
use crate::rpc::error;
use crate::rpc::wire::proposal_run::item_to_wire;
use crate::rpc::wire::{field, mirror};
use crate::store;

/// One page in one read transaction; while the run goes on, of those judged so far.
pub async fn handle(
    app: &App,
    call: Call,
    request: ListProposalItemsRequest,
) -> Result<ListProposalItemsResponse, Refusal> {
    let mut violations = Violations::new();
    let run_id = field::id(&mut violations, "proposal_run_id", &request.proposal_run_id);
    let outcome: Option<Option<ProposalOutcome>> =
        mirror::optional(&mut violations, "outcome", request.outcome);
    let agency_id = request.agency_id.as_deref();
    let agency_id = field::optional_id(&mut violations, "agency_id", agency_id);
    let (run_id, outcome, agency_id) = violations.complete((run_id, outcome, agency_id))?;
    let (tenant, run_id) = (call.tenant(), ProposalRunId::new(run_id));
    let narrows = format!("{run_id} {outcome:?} {agency_id:?}");
    let listing = Listing::new(tenant, call.method().path, narrows.as_bytes());
    let page = listing.page::<(Uuid, String)>(request.page_size, &request.page_token)?;
    let mut tx = app.db.begin_read(&call).await?;
    let run = store::proposal_run::find_in_tx(&mut tx, tenant, run_id).await?;
    run.ok_or_else(|| error::proposal_run::not_found(run_id))?;
    let filter = (run_id, outcome, agency_id.map(AgencyId::new));
    let (after, limit) = (page.after(), page.fetch_limit());
    let rows = store::proposal_run::list_items_in_tx(&mut tx, tenant, filter, after, limit).await?;
    let (rows, next_page_token) = page.cut(rows, |item| {
        (item.customer_id.uuid(), item.amount.currency().to_string())
    });
    let ids: Vec<DecisionId> = rows.iter().map(|item| item.decision_id).collect();
    let decisions = store::decision::find_all_in_tx(&mut tx, tenant, &ids).await?;
    tx.commit().await?;
    let by_id = |decision: Decision| (decision.decision_id, decision);
    let decisions: BTreeMap<_, _> = decisions.into_iter().map(by_id).collect();
    Ok(ListProposalItemsResponse {
        items: rows
            .iter()
            .map(|item| item_to_wire(item, &decisions))
            .collect(),
        next_page_token,
    })
}
