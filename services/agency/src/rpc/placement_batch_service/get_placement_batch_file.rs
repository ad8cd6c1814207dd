//! GetPlacementBatchFile: the file of a batch, in parts where it is large.

use contracts::agency::{GetPlacementBatchFileRequest, GetPlacementBatchFileResponse};
use contracts::convert::money_to_wire;
use runtime::{Call, Refusal, Violations};

use crate::app::App;
use crate::domain::batch_file::file_name;
use crate::domain::identity::PlacementBatchId;
use crate::domain::placement_batch::BatchError;
use crate::rpc::error;
use crate::rpc::wire::field;
use crate::store;

/// Bytes of a part.
const PART_BYTES: i32 = 1024 * 1024;

/// What the file is.
const CONTENT_TYPE: &str = "text/csv; charset=utf-8; header=present";

/// One read transaction, which reads only the part.
pub async fn handle(
    app: &App,
    call: Call,
    request: GetPlacementBatchFileRequest,
) -> Result<GetPlacementBatchFileResponse, Refusal> {
    let mut violations = Violations::new();
    let id = field::id(
        &mut violations,
        "placement_batch_id",
        &request.placement_batch_id,
    );
    let offset = i32::try_from(request.offset)
        .ok()
        .filter(|offset| *offset >= 0);
    let offset = violations.parsed("offset", offset.ok_or("is not an offset in the file"));
    let (id, offset) = violations.complete((id, offset))?;
    let (tenant, id) = (call.tenant(), PlacementBatchId::new(id));
    let mut tx = app.db.begin_read(&call).await?;
    let batch = store::placement_batch::find_in_tx(&mut tx, tenant, id).await?;
    let batch = batch.ok_or_else(|| error::placement_batch::not_found(id))?;
    let wanted = (offset, PART_BYTES);
    let part = store::placement_batch::find_file_part_in_tx(&mut tx, tenant, id, wanted).await?;
    tx.commit().await?;
    let subject = format!("placement_batch/{id}");
    let part =
        part.ok_or_else(|| error::placement_batch::refused(&subject, &BatchError::NotPlaced))?;
    let content = part
        .content
        .ok_or_else(|| error::placement_batch::file_erased(id))?;
    let read = i64::try_from(content.len()).unwrap_or(i64::MAX);
    let next = request.offset.saturating_add(read);
    let amounts = batch.handed_over.amounts.values().copied();
    Ok(GetPlacementBatchFileResponse {
        file_name: file_name(batch.batch_number),
        content_type: CONTENT_TYPE.to_owned(),
        content,
        next_offset: Some(next).filter(|next| *next < part.byte_count && read > 0),
        byte_count: part.byte_count,
        sha256_hex: part.sha256_hex,
        row_count: part.row_count,
        placement_count: batch.handed_over.placement_count,
        placed_amounts: amounts.map(money_to_wire).collect(),
    })
}
