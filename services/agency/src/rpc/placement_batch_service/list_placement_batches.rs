//! ListPlacementBatches: newest first.

use contracts::agency::{ListPlacementBatchesRequest, ListPlacementBatchesResponse};
use jiff::Timestamp;
use postgres::pages::Listing;
use runtime::{Call, Refusal, Violations};
use uuid::Uuid;

use crate::app::App;
use crate::domain::identity::AgencyId;
use crate::domain::placement_batch::PlacementBatchState;
use crate::rpc::wire::placement_batch::batch_to_wire;
use crate::rpc::wire::{field, mirror};
use crate::store;

/// One page in one read transaction.
pub async fn handle(
    app: &App,
    call: Call,
    request: ListPlacementBatchesRequest,
) -> Result<ListPlacementBatchesResponse, Refusal> {
    let mut violations = Violations::new();
    let agency_id = request.agency_id.as_deref();
    let agency_id = field::optional_id(&mut violations, "agency_id", agency_id);
    let states: Option<Vec<PlacementBatchState>> =
        mirror::each(&mut violations, "states", &request.states);
    let (agency_id, states) = violations.complete((agency_id, states))?;
    let tenant = call.tenant();
    let narrows = format!("{agency_id:?} {states:?}");
    let listing = Listing::new(tenant, call.method().path, narrows.as_bytes());
    let page = listing.page::<(Timestamp, Uuid)>(request.page_size, &request.page_token)?;
    let mut tx = app.db.begin_read(&call).await?;
    let filter = (agency_id.map(AgencyId::new), states.as_slice());
    let (after, limit) = (page.after(), page.fetch_limit());
    let rows = store::placement_batch::list_in_tx(&mut tx, tenant, filter, after, limit).await?;
    tx.commit().await?;
    let (shown, next_page_token) = page.cut(rows, |batch| {
        (batch.created_time, batch.placement_batch_id.uuid())
    });
    Ok(ListPlacementBatchesResponse {
        placement_batches: shown.iter().map(batch_to_wire).collect(),
        next_page_token,
    })
}
