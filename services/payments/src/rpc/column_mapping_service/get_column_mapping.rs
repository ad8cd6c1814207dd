//! GetColumnMapping: one mapping.

use contracts::payments::{GetColumnMappingRequest, GetColumnMappingResponse};
use runtime::{Call, Refusal};

use crate::app::App;
use crate::domain::ColumnMappingId;
use crate::rpc::error;
use crate::rpc::wire::column_mapping::mapping_to_wire;
use crate::rpc::wire::field;
use crate::store;

/// One read transaction.
pub async fn handle(
    app: &App,
    call: Call,
    request: GetColumnMappingRequest,
) -> Result<GetColumnMappingResponse, Refusal> {
    let id = ColumnMappingId(field::only_id(
        "column_mapping_id",
        &request.column_mapping_id,
    )?);
    let mut tx = app.db.begin_read(&call).await?;
    let mapping = store::column_mapping::find_in_tx(&mut tx, call.tenant(), id).await?;
    tx.commit().await?;
    let mapping = mapping.ok_or_else(|| error::column_mapping_not_found(id))?;
    Ok(GetColumnMappingResponse {
        column_mapping: Some(mapping_to_wire(&mapping)),
    })
}
