//! GetPlacementBatch: one batch.

use contracts::agency::{GetPlacementBatchRequest, GetPlacementBatchResponse};
use runtime::{Call, Refusal};

use crate::app::App;
use crate::domain::identity::PlacementBatchId;
use crate::rpc::error;
use crate::rpc::wire::field;
use crate::rpc::wire::placement_batch::batch_to_wire;
use crate::store;

/// One read transaction.
pub async fn handle(
    app: &App,
    call: Call,
    request: GetPlacementBatchRequest,
) -> Result<GetPlacementBatchResponse, Refusal> {
    let id = field::only_id("placement_batch_id", &request.placement_batch_id)?;
    let id = PlacementBatchId::new(id);
    let mut tx = app.db.begin_read(&call).await?;
    let found = store::placement_batch::find_in_tx(&mut tx, call.tenant(), id).await?;
    tx.commit().await?;
    let batch = found.ok_or_else(|| error::placement_batch::not_found(id))?;
    Ok(GetPlacementBatchResponse {
        placement_batch: Some(batch_to_wire(&batch)),
    })
}
