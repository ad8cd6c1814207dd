//! GetAgencyResults: what came of what was placed, by agency and currency (AY-9).

use std::collections::BTreeMap;

use contracts::agency::{GetAgencyResultsRequest, GetAgencyResultsResponse};
use runtime::{Call, Refusal};

use crate::app::App;
use crate::domain::agency::Agency;
use crate::domain::agency_result::{AgencyResult, agency_results};
use crate::domain::identity::AgencyId;
use crate::rpc::wire::agency_result::{filter_from_wire, result_to_wire};
use crate::rpc::{error, known};
use crate::store;

/// One report transaction. Nothing was placed by a tenant that is not known yet.
pub async fn handle(
    app: &App,
    call: Call,
    request: GetAgencyResultsRequest,
) -> Result<GetAgencyResultsResponse, Refusal> {
    let (filter, as_of) = filter_from_wire(&request)?;
    let tenant = call.tenant();
    let mut tx = app.db.begin_report(tenant).await?;
    if let Some(agency_id) = filter.agency_id {
        let agency = store::agency::find_in_tx(&mut tx, tenant, agency_id).await?;
        agency.ok_or_else(|| error::agency::not_found(agency_id))?;
    }
    let today = known::tenant_in_tx(&mut tx, tenant)
        .await?
        .zone
        .local_date(app.clock.now());
    let histories = store::agency_result::histories_in_tx(&mut tx, tenant, filter).await?;
    let results = agency_results(&histories, as_of.unwrap_or(today)).map_err(Refusal::internal)?;
    let ids: Vec<AgencyId> = results
        .iter()
        .map(|one: &AgencyResult| one.agency_id)
        .collect();
    let agencies = store::agency::find_all_in_tx(&mut tx, tenant, &ids).await?;
    tx.commit().await?;
    let name = |agency: Agency| (agency.agency_id, agency.profile.display_name);
    let names: BTreeMap<AgencyId, String> = agencies.into_iter().map(name).collect();
    Ok(GetAgencyResultsResponse {
        results: results
            .iter()
            .map(|one| result_to_wire(one, &names))
            .collect(),
    })
}
