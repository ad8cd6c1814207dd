//! ListStrategyVersions: newest first.

use contracts::reminders::{ListStrategyVersionsRequest, ListStrategyVersionsResponse};
use postgres::pages::Listing;
use runtime::{Call, Refusal};

use crate::app::App;
use crate::domain::id::StrategyId;
use crate::rpc::error;
use crate::rpc::wire::field;
use crate::rpc::wire::strategy::version_to_wire;
use crate::store;
use crate::store::strategy::Key;

/// One page in one read transaction.
pub async fn handle(
    app: &App,
    call: Call,
    request: ListStrategyVersionsRequest,
) -> Result<ListStrategyVersionsResponse, Refusal> {
    let id = field::only_id("strategy_id", &request.strategy_id, StrategyId::new)?;
    let tenant = call.tenant();
    let listing = Listing::new(tenant, call.method().path, id.uuid().as_bytes());
    let page = listing.page::<i32>(request.page_size, &request.page_token)?;
    let mut tx = app.db.begin_read(&call).await?;
    let strategy = store::strategy::find_in_tx(&mut tx, tenant, &Key::Id(id)).await?;
    strategy.ok_or_else(|| error::strategy::not_found(id))?;
    let (below, limit) = (page.after(), page.fetch_limit());
    let rows = store::strategy_version::list_in_tx(&mut tx, tenant, id, below, limit).await?;
    tx.commit().await?;
    let (shown, next_page_token) = page.cut(rows, |version| version.version);
    Ok(ListStrategyVersionsResponse {
        strategy_versions: shown.iter().map(version_to_wire).collect(),
        next_page_token,
    })
}
