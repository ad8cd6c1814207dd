//! UpdateColumnMapping: how statements are read from now on; imports keep the mapping as it was.

use std::sync::Arc;

use contracts::payments::{UpdateColumnMappingRequest, UpdateColumnMappingResponse};
use postgres::idempotency::{self, Begun};
use postgres::{audit, retried};
use prost::Message as _;
use runtime::{Answer, Call, Refusal};
use serde_json::json;

use crate::app::App;
use crate::domain::ColumnMappingId;
use crate::rpc::error;
use crate::rpc::wire::column_mapping::{CHANGEABLE, change_mapping, mapping_to_wire};
use crate::rpc::wire::field;
use crate::store;

/// 1. Check identity, mask and etag; 2. take the request id, or answer as the first time; 3. lock
///    the mapping, compare the etag, put the masked fields in and read the whole again.
pub async fn handle(
    app: Arc<App>,
    call: Call,
    request: UpdateColumnMappingRequest,
) -> Result<Answer<UpdateColumnMappingResponse>, Refusal> {
    let now = app.clock.now();
    let tenant = call.tenant();
    let column_mapping_id = field::only_id("column_mapping_id", &request.column_mapping_id)?;
    let paths = field::mask(request.update_mask.as_ref(), CHANGEABLE)?;
    field::required_etag(&request.etag)?;
    let key = call.key(&request)?;
    retried(|| async {
        let mut tx = app.db.begin(&call).await?;
        let first = match idempotency::begin_in_tx(&mut tx, &key).await? {
            Begun::Replay(stored) => return Ok(Answer::replayed(stored)),
            Begun::First(first) => first,
        };
        let id = ColumnMappingId(column_mapping_id);
        let mapping = store::column_mapping::lock_in_tx(&mut tx, tenant, id).await?;
        let mut mapping = mapping.ok_or_else(|| error::column_mapping_not_found(id))?;
        error::check_etag(&request.etag, &field::etag(mapping.version))?;
        if change_mapping(&mut mapping, request.column_mapping.as_ref(), &paths)? {
            if !store::column_mapping::update_in_tx(&mut tx, tenant, &mapping).await? {
                return Err(error::column_mapping_exists(&mapping.display_name));
            }
            let facts = json!({ "fields": &paths });
            let subject = format!("column_mapping/{column_mapping_id}");
            audit::record_in_tx(&mut tx, &call.audit(subject, facts, now)).await?;
        }
        let answer = UpdateColumnMappingResponse {
            column_mapping: Some(mapping_to_wire(&mapping)),
        };
        first.finish_in_tx(&mut tx, &answer.encode_to_vec()).await?;
        tx.commit().await?;
        Ok(Answer::new(answer))
    })
    .await
}
