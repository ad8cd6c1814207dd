//! ListCustomerCredits: oldest first.

use contracts::invoicing::{ListCustomerCreditsRequest, ListCustomerCreditsResponse};
use jiff::Timestamp;
use postgres::pages::Listing;
use prost::Message as _;
use runtime::{Call, Refusal};
use uuid::Uuid;

use crate::app::App;
use crate::rpc::wire::customer_credit::{credit_filter_from_wire, credit_to_wire};
use crate::store;

/// One page in one read transaction.
pub async fn handle(
    app: &App,
    call: Call,
    request: ListCustomerCreditsRequest,
) -> Result<ListCustomerCreditsResponse, Refusal> {
    let filter = credit_filter_from_wire(&request)?;
    let narrows = ListCustomerCreditsRequest {
        page_size: 0,
        page_token: String::new(),
        ..request.clone()
    };
    let tenant = call.tenant();
    let listing = Listing::new(tenant, call.method().path, &narrows.encode_to_vec());
    let page = listing.page::<(Timestamp, Uuid)>(request.page_size, &request.page_token)?;
    let mut tx = app.db.begin_read(&call).await?;
    let (after, limit) = (page.after(), page.fetch_limit());
    let rows = store::customer_credit::list_in_tx(&mut tx, tenant, &filter, after, limit).await?;
    tx.commit().await?;
    let (shown, next_page_token) =
        page.cut(rows, |one| (one.create_time, one.customer_credit_id.0));
    Ok(ListCustomerCreditsResponse {
        customer_credits: shown.iter().map(credit_to_wire).collect(),
        next_page_token,
    })
}
