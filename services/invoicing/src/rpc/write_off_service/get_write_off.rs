//! GetWriteOff: one write-off.

use contracts::invoicing::{GetWriteOffRequest, GetWriteOffResponse};
use runtime::{Call, Refusal};

use crate::app::App;
use crate::domain::WriteOffId;
use crate::rpc::error;
use crate::rpc::wire::field;
use crate::rpc::wire::write_off::write_off_to_wire;
use crate::store;

/// One read transaction.
pub async fn handle(
    app: &App,
    call: Call,
    request: GetWriteOffRequest,
) -> Result<GetWriteOffResponse, Refusal> {
    let id = WriteOffId(field::only_id("write_off_id", &request.write_off_id)?);
    let mut tx = app.db.begin_read(&call).await?;
    let found = store::write_off::find_in_tx(&mut tx, call.tenant(), id).await?;
    tx.commit().await?;
    let write_off = found.ok_or_else(|| error::write_off_not_found(id))?;
    Ok(GetWriteOffResponse {
        write_off: Some(write_off_to_wire(&write_off).map_err(Refusal::internal)?),
    })
}
