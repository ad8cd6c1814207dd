//! ListDisputes: newest first.

use contracts::invoicing::{ListDisputesRequest, ListDisputesResponse};
use jiff::Timestamp;
use postgres::pages::Listing;
use prost::Message as _;
use runtime::{Call, Refusal, Violations};
use uuid::Uuid;

use crate::app::App;
use crate::domain::{CustomerId, InvoiceId};
use crate::rpc::wire::dispute::{dispute_to_wire, reason_from_wire, state_from_wire};
use crate::rpc::wire::field;
use crate::store;
use crate::store::dispute::Filter;

/// One page in one read transaction.
pub async fn handle(
    app: &App,
    call: Call,
    request: ListDisputesRequest,
) -> Result<ListDisputesResponse, Refusal> {
    let filter = filter_from_wire(&request)?;
    let narrowed = ListDisputesRequest {
        page_size: 0,
        page_token: String::new(),
        ..request.clone()
    };
    let narrowed = narrowed.encode_to_vec();
    let listing = Listing::new(call.tenant(), call.method().path, &narrowed);
    let page = listing.page::<(Timestamp, Uuid)>(request.page_size, &request.page_token)?;
    let mut tx = app.db.begin_read(&call).await?;
    let (after, limit) = (page.after(), page.fetch_limit());
    let found = store::dispute::list_in_tx(&mut tx, call.tenant(), &filter, after, limit).await?;
    tx.commit().await?;
    let (shown, next_page_token) =
        page.cut(found, |dispute| (dispute.opened_time, dispute.dispute_id.0));
    Ok(ListDisputesResponse {
        disputes: shown.iter().map(dispute_to_wire).collect(),
        next_page_token,
    })
}

fn filter_from_wire(request: &ListDisputesRequest) -> Result<Filter, Refusal> {
    let mut violations = Violations::new();
    let customer = request.customer_id.as_deref();
    let customer_id = field::filter_id(&mut violations, "customer_id", customer);
    let invoice = request.invoice_id.as_deref();
    let invoice_id = field::filter_id(&mut violations, "invoice_id", invoice);
    let state = match request.state {
        Some(_) => violations.required("state", state_from_wire(request.state())),
        None => None,
    };
    let reason = match request.reason {
        Some(_) => violations.required("reason", reason_from_wire(request.reason())),
        None => None,
    };
    violations.finish()?;
    Ok(Filter {
        customer_id: customer_id.map(CustomerId),
        invoice_id: invoice_id.map(InvoiceId),
        state,
        reason,
    })
}
