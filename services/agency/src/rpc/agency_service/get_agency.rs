//! GetAgency: by its identity or the tenant's own.

use contracts::agency::get_agency_request::Key;
use contracts::agency::{GetAgencyRequest, GetAgencyResponse};
use runtime::{Call, Refusal, Violations};

use crate::app::App;
use crate::domain::identity::AgencyId;
use crate::rpc::error;
use crate::rpc::wire::agency::agency_to_wire;
use crate::rpc::wire::field;
use crate::store;

/// One read transaction.
pub async fn handle(
    app: &App,
    call: Call,
    request: GetAgencyRequest,
) -> Result<GetAgencyResponse, Refusal> {
    let mut violations = Violations::new();
    let (by_id, named) = match &request.key {
        Some(Key::AgencyId(id)) => (field::id(&mut violations, "agency_id", id), id.as_str()),
        Some(Key::ExternalId(id)) => {
            field::text(&mut violations, "external_id", id, 128);
            (None, id.as_str())
        }
        None => {
            violations.add("agency_id", "is required, or external_id");
            (None, "")
        }
    };
    violations.finish()?;
    let tenant = call.tenant();
    let mut tx = app.db.begin_read(&call).await?;
    let found = match by_id {
        Some(id) => store::agency::find_in_tx(&mut tx, tenant, AgencyId::new(id)).await?,
        None => store::agency::find_external_in_tx(&mut tx, tenant, named).await?,
    };
    tx.commit().await?;
    let agency = found.ok_or_else(|| error::agency::not_found(named))?;
    Ok(GetAgencyResponse {
        agency: Some(agency_to_wire(&agency)),
    })
}
