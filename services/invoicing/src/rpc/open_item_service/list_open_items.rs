//! ListOpenItems: the earliest due first.

use contracts::convert::{date_to_wire, money_to_wire};
use contracts::invoicing::{ListOpenItemsRequest, ListOpenItemsResponse, ListedOpenItem};
use jiff::civil::Date;
use postgres::pages::Listing;
use prost::Message as _;
use runtime::{Call, Refusal, Violations};
use uuid::Uuid;

use crate::app::App;
use crate::domain::CustomerId;
use crate::rpc::wire::balance::item_kind_from_wire;
use crate::rpc::wire::field;
use crate::rpc::wire::open_item::open_item_to_wire;
use crate::store;
use crate::store::open_item::{Filter, ListedItem};

/// One page in one read transaction.
pub async fn handle(
    app: &App,
    call: Call,
    request: ListOpenItemsRequest,
) -> Result<ListOpenItemsResponse, Refusal> {
    let filter = filter_from_wire(&request)?;
    let narrows = ListOpenItemsRequest {
        page_size: 0,
        page_token: String::new(),
        ..request.clone()
    };
    let tenant = call.tenant();
    let listing = Listing::new(tenant, call.method().path, &narrows.encode_to_vec());
    let page = listing.page::<(Date, Uuid)>(request.page_size, &request.page_token)?;
    let mut tx = app.db.begin_read(&call).await?;
    let (after, limit) = (page.after(), page.fetch_limit());
    let rows = store::open_item::list_in_tx(&mut tx, tenant, &filter, after, limit).await?;
    tx.commit().await?;
    let (shown, next_page_token) = page.cut(rows, |listed| {
        (listed.item.due_date, listed.item.open_item_id.0)
    });
    Ok(ListOpenItemsResponse {
        open_items: shown.iter().map(listed_to_wire).collect(),
        next_page_token,
    })
}

fn filter_from_wire(request: &ListOpenItemsRequest) -> Result<Filter, Refusal> {
    let mut violations = Violations::new();
    let customer = request.customer_id.as_deref();
    let customer_id = field::filter_id(&mut violations, "customer_id", customer);
    let code = request.currency_code.as_deref();
    let currency = field::filter_currency(&mut violations, "currency_code", code);
    let due_before = request.due_before_date.as_ref();
    let due_before_date = field::optional_date(&mut violations, "due_before_date", due_before);
    let kind = match request.kind {
        Some(_) => violations.required("kind", item_kind_from_wire(request.kind())),
        None => None,
    };
    violations.finish()?;
    Ok(Filter {
        customer_id: customer_id.map(CustomerId),
        currency,
        due_before_date: due_before_date.flatten(),
        kind,
    })
}

fn listed_to_wire(listed: &ListedItem) -> ListedOpenItem {
    ListedOpenItem {
        open_item: Some(open_item_to_wire(listed.invoice_id, &listed.item)),
        invoice_number: listed.invoice_number.clone(),
        customer_id: listed.customer_id.0.to_string(),
        invoice_date: Some(date_to_wire(listed.invoice_date)),
        invoice_disputed_amount: Some(money_to_wire(listed.invoice_disputed_amount)),
    }
}
