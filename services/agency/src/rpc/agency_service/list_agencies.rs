//! ListAgencies: by display name, then by identity.

use contracts::agency::{ListAgenciesRequest, ListAgenciesResponse};
use postgres::pages::Listing;
use runtime::{Call, Refusal, Violations};
use uuid::Uuid;

use crate::app::App;
use crate::domain::agency::AgencyState;
use crate::rpc::wire::agency::agency_to_wire;
use crate::rpc::wire::mirror;
use crate::store;

/// One page in one read transaction.
pub async fn handle(
    app: &App,
    call: Call,
    request: ListAgenciesRequest,
) -> Result<ListAgenciesResponse, Refusal> {
    let mut violations = Violations::new();
    let state: Option<Option<AgencyState>> =
        mirror::optional(&mut violations, "state", request.state);
    let (state,) = violations.complete((state,))?;
    let narrows = state.map(AgencyState::name).unwrap_or_default();
    let listing = Listing::new(call.tenant(), call.method().path, narrows.as_bytes());
    let page = listing.page::<(String, Uuid)>(request.page_size, &request.page_token)?;
    let mut tx = app.db.begin_read(&call).await?;
    let (after, limit) = (page.after(), page.fetch_limit());
    let rows = store::agency::list_in_tx(&mut tx, call.tenant(), state, after, limit).await?;
    tx.commit().await?;
    let (shown, next_page_token) = page.cut(rows, |agency| {
        (agency.profile.display_name.clone(), agency.agency_id.uuid())
    });
    Ok(ListAgenciesResponse {
        agencies: shown.iter().map(agency_to_wire).collect(),
        next_page_token,
    })
}
