//! ListWriteOffs: newest first.

use contracts::invoicing::{ListWriteOffsRequest, ListWriteOffsResponse};
use jiff::Timestamp;
use postgres::pages::Listing;
use prost::Message as _;
use runtime::{Call, Refusal, Violations};
use uuid::Uuid;

use crate::app::App;
use crate::domain::{CustomerId, InvoiceId};
use crate::rpc::wire::field;
use crate::rpc::wire::write_off::{state_from_wire, write_off_to_wire};
use crate::store;
use crate::store::write_off::Filter;

/// One page in one read transaction.
pub async fn handle(
    app: &App,
    call: Call,
    request: ListWriteOffsRequest,
) -> Result<ListWriteOffsResponse, Refusal> {
    let filter = filter_from_wire(&request)?;
    let narrowed = ListWriteOffsRequest {
        page_size: 0,
        page_token: String::new(),
        ..request.clone()
    };
    let narrowed = narrowed.encode_to_vec();
    let listing = Listing::new(call.tenant(), call.method().path, &narrowed);
    let page = listing.page::<(Timestamp, Uuid)>(request.page_size, &request.page_token)?;
    let mut tx = app.db.begin_read(&call).await?;
    let (after, limit) = (page.after(), page.fetch_limit());
    let found = store::write_off::list_in_tx(&mut tx, call.tenant(), &filter, after, limit).await?;
    tx.commit().await?;
    let (shown, next_page_token) = page.cut(found, |write_off| {
        (write_off.create_time, write_off.write_off_id.0)
    });
    let write_offs = shown
        .iter()
        .map(write_off_to_wire)
        .collect::<Result<_, _>>();
    Ok(ListWriteOffsResponse {
        write_offs: write_offs.map_err(Refusal::internal)?,
        next_page_token,
    })
}

fn filter_from_wire(request: &ListWriteOffsRequest) -> Result<Filter, Refusal> {
    let mut violations = Violations::new();
    let customer = request.customer_id.as_deref();
    let customer_id = field::filter_id(&mut violations, "customer_id", customer);
    let invoice = request.invoice_id.as_deref();
    let invoice_id = field::filter_id(&mut violations, "invoice_id", invoice);
    let state = match request.state {
        Some(_) => violations.required("state", state_from_wire(request.state())),
        None => None,
    };
    violations.finish()?;
    Ok(Filter {
        customer_id: customer_id.map(CustomerId),
        invoice_id: invoice_id.map(InvoiceId),
        state,
    })
}
