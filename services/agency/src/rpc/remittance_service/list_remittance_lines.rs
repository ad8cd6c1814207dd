//! ListRemittanceLines: in the order in which they were imported.

use contracts::agency::{ListRemittanceLinesRequest, ListRemittanceLinesResponse};
use jiff::Timestamp;
use postgres::pages::Listing;
use runtime::{Call, Refusal, Violations};
use uuid::Uuid;

use crate::app::App;
use crate::domain::identity::{PlacementId, RemittanceId};
use crate::rpc::wire::remittance::line_to_wire;
use crate::rpc::wire::{field, mirror};
use crate::store;
use crate::store::remittance_line::Filter;

/// One page in one read transaction.
pub async fn handle(
    app: &App,
    call: Call,
    request: ListRemittanceLinesRequest,
) -> Result<ListRemittanceLinesResponse, Refusal> {
    let mut violations = Violations::new();
    let remittance_id = request.remittance_id.as_deref();
    let remittance_id = field::optional_id(&mut violations, "remittance_id", remittance_id);
    let placement_id = request.placement_id.as_deref();
    let placement_id = field::optional_id(&mut violations, "placement_id", placement_id);
    let states = mirror::each(&mut violations, "states", &request.states);
    let (remittance_id, placement_id, states) =
        violations.complete((remittance_id, placement_id, states))?;
    let filter = Filter {
        remittance_id: remittance_id.map(RemittanceId::new),
        placement_id: placement_id.map(PlacementId::new),
        states,
        commission_differs: request.commission_differs,
        ..Filter::default()
    };
    let (tenant, narrows) = (call.tenant(), format!("{filter:?}"));
    let listing = Listing::new(tenant, call.method().path, narrows.as_bytes());
    let page = listing.page::<(Timestamp, Uuid, i32)>(request.page_size, &request.page_token)?;
    let mut tx = app.db.begin_read(&call).await?;
    let (after, limit) = (page.after(), page.fetch_limit());
    let rows =
        store::remittance_line::list_in_tx(&mut tx, tenant, &filter, after, Some(limit)).await?;
    tx.commit().await?;
    let (shown, next_page_token) = page.cut(rows, |line| {
        (
            line.imported_time,
            line.line.remittance_id.uuid(),
            line.line.line_number,
        )
    });
    Ok(ListRemittanceLinesResponse {
        remittance_lines: shown.iter().map(|one| line_to_wire(&one.line)).collect(),
        next_page_token,
    })
}
