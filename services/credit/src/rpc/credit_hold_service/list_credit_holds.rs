//! ListCreditHolds: newest first.

use contracts::credit::{ListCreditHoldsRequest, ListCreditHoldsResponse};
use jiff::Timestamp;
use postgres::pages::Listing;
use prost::Message as _;
use runtime::{Call, Refusal};
use uuid::Uuid;

use crate::app::App;
use crate::rpc::wire::credit_hold::{filter_from_wire, hold_to_wire};
use crate::store;

/// One page in one read transaction.
pub async fn handle(
    app: &App,
    call: Call,
    request: ListCreditHoldsRequest,
) -> Result<ListCreditHoldsResponse, Refusal> {
    let filter = filter_from_wire(&request)?;
    let narrows = ListCreditHoldsRequest {
        page_size: 0,
        page_token: String::new(),
        ..request.clone()
    };
    let tenant = call.tenant();
    let listing = Listing::new(tenant, call.method().path, &narrows.encode_to_vec());
    let page = listing.page::<(Timestamp, Uuid)>(request.page_size, &request.page_token)?;
    let mut tx = app.db.begin_read(&call).await?;
    let (after, limit) = (page.after(), page.fetch_limit());
    let rows = store::credit_hold::list_in_tx(&mut tx, tenant, &filter, after, limit).await?;
    tx.commit().await?;
    let (shown, next_page_token) = page.cut(rows, |one| (one.placed_time, one.credit_hold_id.0));
    Ok(ListCreditHoldsResponse {
        credit_holds: shown.iter().map(hold_to_wire).collect(),
        next_page_token,
    })
}
