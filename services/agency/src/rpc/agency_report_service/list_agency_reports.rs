//! ListAgencyReports: newest first; those not remitted yet are what is still to come.

use contracts::agency::{ListAgencyReportsRequest, ListAgencyReportsResponse};
use jiff::Timestamp;
use postgres::pages::Listing;
use runtime::{Call, Refusal, Violations};
use uuid::Uuid;

use crate::app::App;
use crate::domain::agency_report::AgencyReportState;
use crate::domain::identity::{AgencyId, PlacementId};
use crate::rpc::wire::agency_report::report_to_wire;
use crate::rpc::wire::{field, mirror};
use crate::store;

/// One page in one read transaction.
pub async fn handle(
    app: &App,
    call: Call,
    request: ListAgencyReportsRequest,
) -> Result<ListAgencyReportsResponse, Refusal> {
    let mut violations = Violations::new();
    let agency_id = request.agency_id.as_deref();
    let agency_id = field::optional_id(&mut violations, "agency_id", agency_id);
    let placement_id = request.placement_id.as_deref();
    let placement_id = field::optional_id(&mut violations, "placement_id", placement_id);
    let state: Option<Option<AgencyReportState>> =
        mirror::optional(&mut violations, "state", request.state);
    let (agency_id, placement_id, state) = violations.complete((agency_id, placement_id, state))?;
    let tenant = call.tenant();
    let narrows = format!("{agency_id:?} {placement_id:?} {state:?}");
    let listing = Listing::new(tenant, call.method().path, narrows.as_bytes());
    let page = listing.page::<(Timestamp, Uuid)>(request.page_size, &request.page_token)?;
    let filter = (
        agency_id.map(AgencyId::new),
        placement_id.map(PlacementId::new),
        state,
    );
    let mut tx = app.db.begin_read(&call).await?;
    let (after, limit) = (page.after(), page.fetch_limit());
    let rows = store::agency_report::list_in_tx(&mut tx, tenant, filter, after, limit).await?;
    tx.commit().await?;
    let (shown, next_page_token) = page.cut(rows, |report| {
        (report.reported_time, report.agency_report_id.uuid())
    });
    Ok(ListAgencyReportsResponse {
        agency_reports: shown.iter().map(report_to_wire).collect(),
        next_page_token,
    })
}
