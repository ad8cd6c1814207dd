//! ListHolds: newest first.

use contracts::reminders::{ListHoldsRequest, ListHoldsResponse};
use postgres::pages::Listing;
use prost::Message as _;
use runtime::{Call, Refusal, Violations};

use crate::app::App;
use crate::domain::id::{CaseId, InvoiceId};
use crate::rpc::wire::field;
use crate::rpc::wire::hold::{hold_to_wire, reason_from_wire, state_from_wire};
use crate::store;
use crate::store::hold::{Filter, Place};

/// One page in one read transaction.
pub async fn handle(
    app: &App,
    call: Call,
    request: ListHoldsRequest,
) -> Result<ListHoldsResponse, Refusal> {
    let filter = filter_from_wire(&request)?;
    let tenant = call.tenant();
    let narrows = ListHoldsRequest {
        page_size: 0,
        page_token: String::new(),
        ..request.clone()
    };
    let listing = Listing::new(tenant, call.method().path, &narrows.encode_to_vec());
    let page = listing.page::<Place>(request.page_size, &request.page_token)?;
    let mut tx = app.db.begin_read(&call).await?;
    let (after, limit) = (page.after(), page.fetch_limit());
    let rows = store::hold::list_in_tx(&mut tx, tenant, &filter, after, limit).await?;
    tx.commit().await?;
    let (shown, next_page_token) = page.cut(rows, |hold| (hold.placed_time, hold.hold_id.uuid()));
    Ok(ListHoldsResponse {
        holds: shown.iter().map(hold_to_wire).collect(),
        next_page_token,
    })
}

fn filter_from_wire(request: &ListHoldsRequest) -> Result<Filter, Refusal> {
    let mut violations = Violations::new();
    let case_id = request.case_id.as_deref();
    let case_id = field::filter_id(&mut violations, "case_id", case_id, CaseId::new);
    let invoice_id = request.invoice_id.as_deref();
    let invoice_id = field::filter_id(&mut violations, "invoice_id", invoice_id, InvoiceId::new);
    let (set, stated) = (request.reason.is_some(), reason_from_wire(request.reason()));
    let reason = field::filter_stated(&mut violations, "reason", set, stated);
    let (set, stated) = (request.state.is_some(), state_from_wire(request.state()));
    let state = field::filter_stated(&mut violations, "state", set, stated);
    violations.finish()?;
    Ok(Filter {
        case_id,
        invoice_id,
        reason,
        state,
    })
}
