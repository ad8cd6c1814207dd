//! ListCommunications: latest first.

use contracts::reminders::{ListCommunicationsRequest, ListCommunicationsResponse};
use postgres::pages::Listing;
use prost::Message as _;
use runtime::{Call, Refusal, Violations};

use crate::app::App;
use crate::domain::id::{CaseId, InvoiceId};
use crate::rpc::wire::communication::{communication_to_wire, direction_from_wire};
use crate::rpc::wire::debtor::channel_from_wire;
use crate::rpc::wire::field;
use crate::store;
use crate::store::communication::{Filter, Place};

/// One page in one read transaction.
pub async fn handle(
    app: &App,
    call: Call,
    request: ListCommunicationsRequest,
) -> Result<ListCommunicationsResponse, Refusal> {
    let filter = filter_from_wire(&request)?;
    let tenant = call.tenant();
    let narrows = ListCommunicationsRequest {
        page_size: 0,
        page_token: String::new(),
        ..request.clone()
    };
    let listing = Listing::new(tenant, call.method().path, &narrows.encode_to_vec());
    let page = listing.page::<Place>(request.page_size, &request.page_token)?;
    let mut tx = app.db.begin_read(&call).await?;
    let (after, limit) = (page.after(), page.fetch_limit());
    let rows = store::communication::list_in_tx(&mut tx, tenant, &filter, after, limit).await?;
    tx.commit().await?;
    let (shown, next_page_token) = page.cut(rows, |entry| {
        (entry.occurred_time, entry.communication_id.uuid())
    });
    Ok(ListCommunicationsResponse {
        communications: shown.iter().map(communication_to_wire).collect(),
        next_page_token,
    })
}

fn filter_from_wire(request: &ListCommunicationsRequest) -> Result<Filter, Refusal> {
    let mut violations = Violations::new();
    let case_id = request.case_id.as_deref();
    let case_id = field::filter_id(&mut violations, "case_id", case_id, CaseId::new);
    let invoice_id = request.invoice_id.as_deref();
    let invoice_id = field::filter_id(&mut violations, "invoice_id", invoice_id, InvoiceId::new);
    let (set, stated) = (
        request.channel.is_some(),
        channel_from_wire(request.channel()),
    );
    let channel = field::filter_stated(&mut violations, "channel", set, stated);
    let set = request.direction.is_some();
    let stated = direction_from_wire(request.direction());
    let direction = field::filter_stated(&mut violations, "direction", set, stated);
    let from = request.occurred_from_time.as_ref();
    let from = field::optional_instant(&mut violations, "occurred_from_time", from);
    let before = request.occurred_before_time.as_ref();
    let before = field::optional_instant(&mut violations, "occurred_before_time", before);
    violations.finish()?;
    Ok(Filter {
        case_id,
        invoice_id,
        channel,
        direction,
        from: from.flatten(),
        before: before.flatten(),
    })
}
