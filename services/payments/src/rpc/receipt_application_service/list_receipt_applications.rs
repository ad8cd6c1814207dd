//! ListReceiptApplications: newest first.

use contracts::payments::{ListReceiptApplicationsRequest, ListReceiptApplicationsResponse};
use jiff::Timestamp;
use postgres::pages::Listing;
use prost::Message as _;
use runtime::{Call, Refusal};
use uuid::Uuid;

use crate::app::App;
use crate::rpc::wire::receipt_application::application_to_wire;
use crate::rpc::wire::receipt_order::filter_from_wire;
use crate::store;

/// One page in one read transaction.
pub async fn handle(
    app: &App,
    call: Call,
    request: ListReceiptApplicationsRequest,
) -> Result<ListReceiptApplicationsResponse, Refusal> {
    let filter = filter_from_wire(&request)?;
    let narrows = ListReceiptApplicationsRequest {
        page_size: 0,
        page_token: String::new(),
        ..request.clone()
    };
    let tenant = call.tenant();
    let listing = Listing::new(tenant, call.method().path, &narrows.encode_to_vec());
    let page = listing.page::<(Timestamp, Uuid)>(request.page_size, &request.page_token)?;
    let mut tx = app.db.begin_read(&call).await?;
    let (before, limit) = (page.after(), page.fetch_limit());
    let rows =
        store::receipt_application::list_in_tx(&mut tx, tenant, &filter, before, limit).await?;
    tx.commit().await?;
    let (shown, next_page_token) = page.cut(rows, |one| (one.created_time, one.application_id.0));
    Ok(ListReceiptApplicationsResponse {
        applications: shown.iter().map(application_to_wire).collect(),
        next_page_token,
    })
}
