//! ListRemittances: newest first.

use contracts::agency::{ListRemittancesRequest, ListRemittancesResponse};
use jiff::Timestamp;
use postgres::pages::Listing;
use runtime::{Call, Refusal, Violations};
use uuid::Uuid;

use crate::app::App;
use crate::domain::identity::AgencyId;
use crate::rpc::wire::remittance::remittance_to_wire;
use crate::rpc::wire::{field, mirror};
use crate::store;
use crate::store::remittance::Filter;

/// One page in one read transaction.
pub async fn handle(
    app: &App,
    call: Call,
    request: ListRemittancesRequest,
) -> Result<ListRemittancesResponse, Refusal> {
    let mut violations = Violations::new();
    let agency_id = request.agency_id.as_deref();
    let agency_id = field::optional_id(&mut violations, "agency_id", agency_id);
    let states = mirror::each(&mut violations, "states", &request.states);
    let from = request.remittance_from_date.as_ref();
    let from = field::optional_date(&mut violations, "remittance_from_date", from);
    let to = request.remittance_to_date.as_ref();
    let to = field::optional_date(&mut violations, "remittance_to_date", to);
    let (agency_id, states, from_date, to_date) =
        violations.complete((agency_id, states, from, to))?;
    let filter = Filter {
        agency_id: agency_id.map(AgencyId::new),
        states,
        from_date,
        to_date,
    };
    let (tenant, narrows) = (call.tenant(), format!("{filter:?}"));
    let listing = Listing::new(tenant, call.method().path, narrows.as_bytes());
    let page = listing.page::<(Timestamp, Uuid)>(request.page_size, &request.page_token)?;
    let mut tx = app.db.begin_read(&call).await?;
    let (after, limit) = (page.after(), page.fetch_limit());
    let rows = store::remittance::list_in_tx(&mut tx, tenant, &filter, after, limit).await?;
    tx.commit().await?;
    let (shown, next_page_token) =
        page.cut(rows, |one| (one.imported_time, one.remittance_id.uuid()));
    Ok(ListRemittancesResponse {
        remittances: shown.iter().map(remittance_to_wire).collect(),
        next_page_token,
    })
}
