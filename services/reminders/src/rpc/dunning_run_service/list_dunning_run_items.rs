//! ListDunningRunItems: what each case came to, by case.

use std::collections::BTreeMap;

use contracts::reminders::{ListDunningRunItemsRequest, ListDunningRunItemsResponse};
use postgres::pages::Listing;
use prost::Message as _;
use runtime::{Call, Refusal, Violations};
use uuid::Uuid;

use crate::app::App;
use crate::domain::decision::Decision;
use crate::domain::id::DunningRunId;
use crate::rpc::error;
use crate::rpc::wire::dunning_run::{item_to_wire, outcome_from_wire};
use crate::rpc::wire::field;
use crate::store::dunning_run::item;
use crate::store::{decision, dunning_run};

/// One page in one read transaction.
pub async fn handle(
    app: &App,
    call: Call,
    request: ListDunningRunItemsRequest,
) -> Result<ListDunningRunItemsResponse, Refusal> {
    let mut violations = Violations::new();
    let run = &request.dunning_run_id;
    let run_id = field::id(&mut violations, "dunning_run_id", run, DunningRunId::new);
    let (set, stated) = (
        request.outcome.is_some(),
        outcome_from_wire(request.outcome()),
    );
    let outcome = field::filter_stated(&mut violations, "outcome", set, stated);
    let step_code = request.step_code.as_deref();
    field::filter_text(&mut violations, "step_code", step_code, field::CODE_CHARS);
    let (run_id,) = violations.complete((run_id,))?;
    let tenant = call.tenant();
    let narrows = ListDunningRunItemsRequest {
        page_size: 0,
        page_token: String::new(),
        ..request.clone()
    };
    let listing = Listing::new(tenant, call.method().path, &narrows.encode_to_vec());
    let page = listing.page::<Uuid>(request.page_size, &request.page_token)?;
    let mut tx = app.db.begin_read(&call).await?;
    let found = dunning_run::find_in_tx(&mut tx, tenant, run_id).await?;
    found.ok_or_else(|| error::dunning_run::not_found(run_id))?;
    let narrowed = (outcome, step_code);
    let (after, limit) = (page.after(), page.fetch_limit());
    let rows = item::list_in_tx(&mut tx, tenant, run_id, narrowed, after, limit).await?;
    let (shown, next_page_token) = page.cut(rows, |item| item.case_id.uuid());
    let ids: Vec<Uuid> = shown.iter().map(|item| item.decision_id).collect();
    let told = decision::find_all_in_tx(&mut tx, tenant, &ids).await?;
    tx.commit().await?;
    let told: BTreeMap<Uuid, Decision> = told.into_iter().collect();
    let items = shown
        .iter()
        .map(|item| item_to_wire(item, told.get(&item.decision_id)));
    Ok(ListDunningRunItemsResponse {
        items: items.collect(),
        next_page_token,
    })
}
