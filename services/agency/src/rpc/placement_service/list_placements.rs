//! ListPlacements: without their invoices, newest first.

use contracts::agency::{ListPlacementsRequest, ListPlacementsResponse};
use jiff::Timestamp;
use postgres::pages::Listing;
use runtime::{Call, Refusal};
use uuid::Uuid;

use crate::app::App;
use crate::rpc::shown;
use crate::rpc::wire::placement::filter_from_wire;
use crate::store;

/// One page in one read transaction.
pub async fn handle(
    app: &App,
    call: Call,
    request: ListPlacementsRequest,
) -> Result<ListPlacementsResponse, Refusal> {
    let filter = filter_from_wire(&request)?;
    let tenant = call.tenant();
    let narrows = serde_json::to_vec(&filter).map_err(Refusal::internal)?;
    let listing = Listing::new(tenant, call.method().path, &narrows);
    let page = listing.page::<(Timestamp, Uuid)>(request.page_size, &request.page_token)?;
    let mut tx = app.db.begin_read(&call).await?;
    let (after, limit) = (page.after(), page.fetch_limit());
    let rows = store::placement::list_in_tx(&mut tx, tenant, &filter, after, limit).await?;
    let (rows, next_page_token) =
        page.cut(rows, |one| (one.proposed_time, one.placement_id.uuid()));
    let placements = shown::placements_in_tx(&mut tx, tenant, &rows).await?;
    tx.commit().await?;
    Ok(ListPlacementsResponse {
        placements,
        next_page_token,
    })
}
