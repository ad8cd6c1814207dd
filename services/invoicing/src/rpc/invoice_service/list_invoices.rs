//! ListInvoices: newest first.

use contracts::invoicing::{InvoiceState, ListInvoicesRequest, ListInvoicesResponse};
use jiff::Timestamp;
use postgres::pages::Listing;
use prost::Message as _;
use runtime::{Call, Refusal, Violations};
use uuid::Uuid;

use crate::app::App;
use crate::domain::CustomerId;
use crate::rpc::wire::field;
use crate::rpc::wire::invoice::{invoice_to_wire, state_from_wire};
use crate::store;
use crate::store::invoice::Filter;

/// One page in one read transaction.
pub async fn handle(
    app: &App,
    call: Call,
    request: ListInvoicesRequest,
) -> Result<ListInvoicesResponse, Refusal> {
    let filter = filter_from_wire(&request)?;
    let narrowed = ListInvoicesRequest {
        page_size: 0,
        page_token: String::new(),
        ..request.clone()
    };
    let narrowed = narrowed.encode_to_vec();
    let listing = Listing::new(call.tenant(), call.method().path, &narrowed);
    let page = listing.page::<(Timestamp, Uuid)>(request.page_size, &request.page_token)?;
    let mut tx = app.db.begin_read(&call).await?;
    let (after, limit) = (page.after(), page.fetch_limit());
    let found = store::invoice::list_in_tx(&mut tx, call.tenant(), &filter, after, limit).await?;
    tx.commit().await?;
    let key = |invoice: &crate::domain::Invoice| (invoice.create_time, invoice.invoice_id.0);
    let (shown, next_page_token) = page.cut(found, key);
    let invoices = shown.iter().map(invoice_to_wire).collect::<Result<_, _>>();
    Ok(ListInvoicesResponse {
        invoices: invoices.map_err(Refusal::internal)?,
        next_page_token,
    })
}

fn filter_from_wire(request: &ListInvoicesRequest) -> Result<Filter, Refusal> {
    let mut violations = Violations::new();
    let customer = request.customer_id.as_deref();
    let customer_id = field::filter_id(&mut violations, "customer_id", customer);
    let mut states = Vec::new();
    // Not by the accessor, which leaves out what is no state.
    for (index, number) in request.states.iter().enumerate() {
        let state = InvoiceState::try_from(*number).ok();
        let path = format!("states[{index}]");
        states.extend(violations.required(path, state.and_then(state_from_wire)));
    }
    let currency = request.currency_code.as_deref();
    let currency = field::filter_currency(&mut violations, "currency_code", currency);
    let mut day =
        |name, date: &Option<_>| field::optional_date(&mut violations, name, date.as_ref());
    let from = day("from_invoice_date", &request.from_invoice_date);
    let to = day("to_invoice_date", &request.to_invoice_date);
    let due_before = day("due_before_date", &request.due_before_date);
    violations.finish()?;
    Ok(Filter {
        customer_id: customer_id.map(CustomerId),
        states,
        currency,
        from_invoice_date: from.flatten(),
        to_invoice_date: to.flatten(),
        due_before_date: due_before.flatten(),
        disputed: request.disputed,
    })
}
