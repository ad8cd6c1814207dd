//! ListReceipts: newest first.

use contracts::payments::{ListReceiptsRequest, ListReceiptsResponse};
use jiff::Timestamp;
use postgres::pages::Listing;
use prost::Message as _;
use runtime::{Call, Refusal};
use uuid::Uuid;

use crate::app::App;
use crate::rpc::wire::receipt::receipt_to_wire;
use crate::rpc::wire::receipt_request::filter_from_wire;
use crate::store;

/// One page in one read transaction.
pub async fn handle(
    app: &App,
    call: Call,
    request: ListReceiptsRequest,
) -> Result<ListReceiptsResponse, Refusal> {
    let filter = filter_from_wire(&request)?;
    let narrows = ListReceiptsRequest {
        page_size: 0,
        page_token: String::new(),
        ..request.clone()
    };
    let tenant = call.tenant();
    let listing = Listing::new(tenant, call.method().path, &narrows.encode_to_vec());
    let page = listing.page::<(Timestamp, Uuid)>(request.page_size, &request.page_token)?;
    let mut tx = app.db.begin_read(&call).await?;
    let (before, limit) = (page.after(), page.fetch_limit());
    let rows = store::receipt::list_in_tx(&mut tx, tenant, &filter, before, limit).await?;
    tx.commit().await?;
    let (shown, next_page_token) = page.cut(rows, |one| (one.created_time, one.receipt_id.0));
    Ok(ListReceiptsResponse {
        receipts: shown.iter().map(receipt_to_wire).collect(),
        next_page_token,
    })
}
