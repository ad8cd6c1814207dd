//! ListAgreements: by agency, the newest first.

use calendar::Date;
use contracts::agency::{ListAgreementsRequest, ListAgreementsResponse};
use postgres::pages::Listing;
use runtime::{Call, Refusal, Violations};
use uuid::Uuid;

use crate::app::App;
use crate::domain::identity::AgencyId;
use crate::rpc::wire::agreement::agreement_to_wire;
use crate::rpc::wire::field;
use crate::store;
use crate::store::agreement::Filter;

/// One page in one read transaction.
pub async fn handle(
    app: &App,
    call: Call,
    request: ListAgreementsRequest,
) -> Result<ListAgreementsResponse, Refusal> {
    let mut violations = Violations::new();
    let agency_id = request.agency_id.as_deref();
    let agency_id = field::optional_id(&mut violations, "agency_id", agency_id);
    let day = request.valid_on_date.as_ref();
    let day = field::optional_date(&mut violations, "valid_on_date", day);
    let (agency_id, valid_on_date) = violations.complete((agency_id, day))?;
    let narrows = format!("{agency_id:?} {valid_on_date:?}");
    let filter = Filter {
        agency_id: agency_id.map(AgencyId::new),
        valid_on_date,
    };
    let listing = Listing::new(call.tenant(), call.method().path, narrows.as_bytes());
    let page = listing.page::<(Uuid, Date, Uuid)>(request.page_size, &request.page_token)?;
    let mut tx = app.db.begin_read(&call).await?;
    let (after, limit) = (page.after(), page.fetch_limit());
    let rows = store::agreement::list_in_tx(&mut tx, call.tenant(), filter, after, limit).await?;
    tx.commit().await?;
    let (shown, next_page_token) = page.cut(rows, |one| {
        (
            one.agency_id.uuid(),
            one.validity.from,
            one.agreement_id.uuid(),
        )
    });
    Ok(ListAgreementsResponse {
        agreements: shown.iter().map(agreement_to_wire).collect(),
        next_page_token,
    })
}
