//! GetPlacement: a placement with its invoices, by its identity or the tenant's own.

use contracts::agency::get_placement_request::Key;
use contracts::agency::{GetPlacementRequest, GetPlacementResponse};
use runtime::{Call, Refusal, Violations};

use crate::app::App;
use crate::domain::identity::PlacementId;
use crate::rpc::wire::field;
use crate::rpc::wire::placement::invoices_to_wire;
use crate::rpc::{error, shown};
use crate::store;

/// One read transaction, the same queries whoever asks (P28).
pub async fn handle(
    app: &App,
    call: Call,
    request: GetPlacementRequest,
) -> Result<GetPlacementResponse, Refusal> {
    let mut violations = Violations::new();
    let (by_id, named) = match &request.key {
        Some(Key::PlacementId(id)) => (field::id(&mut violations, "placement_id", id), id.as_str()),
        Some(Key::ExternalId(id)) => {
            field::text(&mut violations, "external_id", id, 128);
            (None, id.as_str())
        }
        None => {
            violations.add("placement_id", "is required, or external_id");
            (None, "")
        }
    };
    violations.finish()?;
    let tenant = call.tenant();
    let mut tx = app.db.begin_read(&call).await?;
    let not_found = || error::placement::not_found(named);
    let id = match by_id {
        Some(id) => PlacementId::new(id),
        None => store::placement::id_of_external_in_tx(&mut tx, tenant, named)
            .await?
            .ok_or_else(not_found)?,
    };
    let placement = store::placement::find_in_tx(&mut tx, tenant, id).await?;
    let placement = placement.ok_or_else(not_found)?;
    let invoices = store::placement_invoice::of_in_tx(&mut tx, tenant, id).await?;
    let shown = shown::placement_in_tx(&mut tx, tenant, &placement).await?;
    tx.commit().await?;
    Ok(GetPlacementResponse {
        placement: shown,
        invoices: invoices_to_wire(&invoices),
    })
}
