//! GetRemittance: by its identity, or by agency and the agency's own number.

use contracts::agency::get_remittance_request::Key;
use contracts::agency::{GetRemittanceRequest, GetRemittanceResponse};
use runtime::{Call, Refusal, Violations};

use crate::app::App;
use crate::domain::identity::{AgencyId, RemittanceId};
use crate::rpc::error;
use crate::rpc::wire::field;
use crate::rpc::wire::remittance::remittance_to_wire;
use crate::store;

/// One read transaction.
pub async fn handle(
    app: &App,
    call: Call,
    request: GetRemittanceRequest,
) -> Result<GetRemittanceResponse, Refusal> {
    let mut violations = Violations::new();
    let (mut by_id, mut by_key, mut named) = (None, None, String::new());
    match &request.key {
        Some(Key::RemittanceId(id)) => {
            by_id = field::id(&mut violations, "remittance_id", id);
            named.clone_from(id);
        }
        Some(Key::RemittanceKey(key)) => {
            let agency_id = field::id(&mut violations, "remittance_key.agency_id", &key.agency_id);
            let reference = &key.remittance_reference;
            let path = "remittance_key.remittance_reference";
            by_key = agency_id.zip(field::text(&mut violations, path, reference, 128));
            named.clone_from(reference);
        }
        None => violations.add("remittance_id", "is required, or remittance_key"),
    }
    violations.finish()?;
    let tenant = call.tenant();
    let mut tx = app.db.begin_read(&call).await?;
    let id = match by_key {
        Some((agency_id, reference)) => {
            let agency_id = AgencyId::new(agency_id);
            store::remittance::id_of_reference_in_tx(&mut tx, tenant, agency_id, &reference).await?
        }
        None => by_id.map(RemittanceId::new),
    };
    let found = match id {
        Some(id) => store::remittance::find_in_tx(&mut tx, tenant, id).await?,
        None => None,
    };
    tx.commit().await?;
    let remittance = found.ok_or_else(|| error::remittance::not_found(&named))?;
    Ok(GetRemittanceResponse {
        remittance: Some(remittance_to_wire(&remittance)),
    })
}
