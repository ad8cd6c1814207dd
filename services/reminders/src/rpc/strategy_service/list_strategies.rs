//! ListStrategies: by code.

use contracts::reminders::{ListStrategiesRequest, ListStrategiesResponse};
use postgres::pages::Listing;
use runtime::{Call, Refusal};

use crate::app::App;
use crate::rpc::wire::strategy::strategy_to_wire;
use crate::store;

/// One page in one read transaction.
pub async fn handle(
    app: &App,
    call: Call,
    request: ListStrategiesRequest,
) -> Result<ListStrategiesResponse, Refusal> {
    let listing = Listing::new(call.tenant(), call.method().path, b"");
    let page = listing.page::<String>(request.page_size, &request.page_token)?;
    let mut tx = app.db.begin_read(&call).await?;
    let (after, limit) = (page.after(), page.fetch_limit());
    let rows = store::strategy::list_in_tx(&mut tx, call.tenant(), after, limit).await?;
    tx.commit().await?;
    let (shown, next_page_token) = page.cut(rows, |strategy| strategy.strategy_code.to_string());
    Ok(ListStrategiesResponse {
        strategies: shown.iter().map(strategy_to_wire).collect(),
        next_page_token,
    })
}
