//! ListPromises: by promised date, then by identity.

use contracts::reminders::{ListPromisesRequest, ListPromisesResponse};
use postgres::pages::Listing;
use prost::Message as _;
use runtime::{Call, Refusal, Violations};

use crate::app::App;
use crate::domain::id::{CaseId, InvoiceId};
use crate::domain::promise::Promise;
use crate::rpc::wire::field;
use crate::rpc::wire::promise::{promise_to_wire, state_from_wire};
use crate::store;
use crate::store::promise::{Filter, Place};

/// One page in one read transaction.
pub async fn handle(
    app: &App,
    call: Call,
    request: ListPromisesRequest,
) -> Result<ListPromisesResponse, Refusal> {
    let filter = filter_from_wire(&request)?;
    let tenant = call.tenant();
    let narrows = ListPromisesRequest {
        page_size: 0,
        page_token: String::new(),
        ..request.clone()
    };
    let listing = Listing::new(tenant, call.method().path, &narrows.encode_to_vec());
    let page = listing.page::<Place>(request.page_size, &request.page_token)?;
    let mut tx = app.db.begin_read(&call).await?;
    let (after, limit) = (page.after(), page.fetch_limit());
    let rows = store::promise::list_in_tx(&mut tx, tenant, &filter, after, limit).await?;
    let (shown, next_page_token) = page.cut(rows, |promise| {
        (promise.promised_date, promise.promise_id.uuid())
    });
    let decisions = store::promise::decision_ids_in_tx(&mut tx, tenant, &shown).await?;
    tx.commit().await?;
    let told = |promise: &Promise| {
        let decisions = decisions.get(&promise.promise_id);
        promise_to_wire(promise, decisions.map(Vec::as_slice).unwrap_or_default())
    };
    let promises: Result<_, _> = shown.iter().map(told).collect();
    Ok(ListPromisesResponse {
        promises: promises.map_err(Refusal::internal)?,
        next_page_token,
    })
}

fn filter_from_wire(request: &ListPromisesRequest) -> Result<Filter, Refusal> {
    let mut violations = Violations::new();
    let case_id = request.case_id.as_deref();
    let case_id = field::filter_id(&mut violations, "case_id", case_id, CaseId::new);
    let invoice_id = request.invoice_id.as_deref();
    let invoice_id = field::filter_id(&mut violations, "invoice_id", invoice_id, InvoiceId::new);
    let states = field::stated_set(&mut violations, "states", &request.states, state_from_wire);
    let from = request.promised_from_date.as_ref();
    let from = field::optional_date(&mut violations, "promised_from_date", from);
    let to = request.promised_to_date.as_ref();
    let to = field::optional_date(&mut violations, "promised_to_date", to);
    violations.finish()?;
    Ok(Filter {
        case_id,
        invoice_id,
        states: states.into_iter().flatten().collect(),
        from: from.flatten(),
        to: to.flatten(),
    })
}
