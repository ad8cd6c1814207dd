//! ListApplications: newest first.

use contracts::invoicing::{ListApplicationsRequest, ListApplicationsResponse};
use jiff::Timestamp;
use postgres::pages::Listing;
use prost::Message as _;
use runtime::{Call, Refusal, Violations};
use uuid::Uuid;

use crate::app::App;
use crate::domain::{CustomerId, InvoiceId, ReceiptId};
use crate::rpc::wire::application::application_to_wire;
use crate::rpc::wire::field;
use crate::store;
use crate::store::application::Filter;

/// One page in one read transaction.
pub async fn handle(
    app: &App,
    call: Call,
    request: ListApplicationsRequest,
) -> Result<ListApplicationsResponse, Refusal> {
    let filter = filter(&request)?;
    let narrows = ListApplicationsRequest {
        page_size: 0,
        page_token: String::new(),
        ..request.clone()
    };
    let tenant = call.tenant();
    let listing = Listing::new(tenant, call.method().path, &narrows.encode_to_vec());
    let page = listing.page::<(Timestamp, Uuid)>(request.page_size, &request.page_token)?;
    let mut tx = app.db.begin_read(&call).await?;
    let (after, limit) = (page.after(), page.fetch_limit());
    let rows = store::application::list_in_tx(&mut tx, tenant, &filter, after, limit).await?;
    tx.commit().await?;
    let (shown, next_page_token) = page.cut(rows, |one| (one.applied_time, one.application_id.0));
    Ok(ListApplicationsResponse {
        applications: shown.iter().map(application_to_wire).collect(),
        next_page_token,
    })
}

fn filter(request: &ListApplicationsRequest) -> Result<Filter, Refusal> {
    let mut violations = Violations::new();
    let mut id =
        |name, text: &Option<String>| field::filter_id(&mut violations, name, text.as_deref());
    let filter = Filter {
        customer_id: id("customer_id", &request.customer_id).map(CustomerId),
        invoice_id: id("invoice_id", &request.invoice_id).map(InvoiceId),
        receipt_id: id("receipt_id", &request.receipt_id).map(ReceiptId),
    };
    violations.finish().map(|()| filter)
}
