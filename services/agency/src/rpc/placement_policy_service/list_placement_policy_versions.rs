//! ListPlacementPolicyVersions: the newest first.

use contracts::agency::{ListPlacementPolicyVersionsRequest, ListPlacementPolicyVersionsResponse};
use postgres::pages::Listing;
use runtime::{Call, Refusal};

use crate::app::App;
use crate::rpc::wire::placement_policy::version_to_wire;
use crate::store;

/// One page in one read transaction.
pub async fn handle(
    app: &App,
    call: Call,
    request: ListPlacementPolicyVersionsRequest,
) -> Result<ListPlacementPolicyVersionsResponse, Refusal> {
    let tenant = call.tenant();
    let listing = Listing::new(tenant, call.method().path, b"");
    let page = listing.page::<i32>(request.page_size, &request.page_token)?;
    let (before, limit) = (page.after().copied(), page.fetch_limit());
    let mut tx = app.db.begin_read(&call).await?;
    let rows = store::placement_policy::list_versions_in_tx(&mut tx, tenant, before, limit).await?;
    tx.commit().await?;
    let (shown, next_page_token) = page.cut(rows, |version| version.version);
    Ok(ListPlacementPolicyVersionsResponse {
        placement_policy_versions: shown.iter().map(version_to_wire).collect(),
        next_page_token,
    })
}
