//! ListConsents: latest first, those that count unless the others are asked for too.

use contracts::reminders::{ListConsentsRequest, ListConsentsResponse};
use postgres::pages::Listing;
use prost::Message as _;
use runtime::{Call, Refusal, Violations};

use crate::app::App;
use crate::domain::id::CustomerId;
use crate::rpc::wire::consent::{consent_to_wire, state_from_wire};
use crate::rpc::wire::debtor::channel_from_wire;
use crate::rpc::wire::field;
use crate::store;
use crate::store::consent::{Filter, Place};

/// One page in one read transaction.
pub async fn handle(
    app: &App,
    call: Call,
    request: ListConsentsRequest,
) -> Result<ListConsentsResponse, Refusal> {
    let filter = filter_from_wire(&request)?;
    let tenant = call.tenant();
    let narrows = ListConsentsRequest {
        page_size: 0,
        page_token: String::new(),
        ..request.clone()
    };
    let listing = Listing::new(tenant, call.method().path, &narrows.encode_to_vec());
    let page = listing.page::<Place>(request.page_size, &request.page_token)?;
    let mut tx = app.db.begin_read(&call).await?;
    let (after, limit) = (page.after(), page.fetch_limit());
    let rows = store::consent::list_in_tx(&mut tx, tenant, &filter, after, limit).await?;
    tx.commit().await?;
    let (shown, next_page_token) = page.cut(rows, |(consent, _)| {
        (consent.effective_time, consent.consent_id.uuid())
    });
    let consents = shown
        .iter()
        .map(|(consent, in_force)| consent_to_wire(consent, *in_force));
    Ok(ListConsentsResponse {
        consents: consents.collect(),
        next_page_token,
    })
}

fn filter_from_wire(request: &ListConsentsRequest) -> Result<Filter, Refusal> {
    let mut violations = Violations::new();
    let customer = request.customer_id.as_deref();
    let customer_id = field::filter_id(&mut violations, "customer_id", customer, CustomerId::new);
    let (set, stated) = (
        request.channel.is_some(),
        channel_from_wire(request.channel()),
    );
    let channel = field::filter_stated(&mut violations, "channel", set, stated);
    let (set, stated) = (request.state.is_some(), state_from_wire(request.state()));
    let state = field::filter_stated(&mut violations, "state", set, stated);
    violations.finish()?;
    Ok(Filter {
        customer_id,
        channel,
        state,
        include_overtaken: request.include_overtaken,
    })
}
