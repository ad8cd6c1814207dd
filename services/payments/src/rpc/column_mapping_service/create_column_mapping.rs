//! CreateColumnMapping: how the statements of one bank are read.

use std::sync::Arc;

use contracts::payments::{CreateColumnMappingRequest, CreateColumnMappingResponse};
use postgres::idempotency::{self, Begun};
use postgres::{audit, retried};
use prost::Message as _;
use runtime::{Answer, Call, Refusal};
use serde_json::json;

use crate::app::App;
use crate::rpc::error;
use crate::rpc::wire::column_mapping::{brought_mapping, mapping_to_wire};
use crate::store;

/// 1. Parse; 2. take the request id, or answer as the first time; 3. store the mapping unless its
///    identity or name is taken.
pub async fn handle(
    app: Arc<App>,
    call: Call,
    request: CreateColumnMappingRequest,
) -> Result<Answer<CreateColumnMappingResponse>, Refusal> {
    let now = app.clock.now();
    let fresh = app.stamped(|stamp| stamp.id());
    let mapping = brought_mapping(&request)?.into_mapping(fresh, now);
    let key = call.key(&request)?;
    retried(|| async {
        let mut tx = app.db.begin(&call).await?;
        let first = match idempotency::begin_in_tx(&mut tx, &key).await? {
            Begun::Replay(stored) => return Ok(Answer::replayed(stored)),
            Begun::First(first) => first,
        };
        if !store::column_mapping::insert_in_tx(&mut tx, call.tenant(), &mapping).await? {
            return Err(error::column_mapping_exists(&mapping.display_name));
        }
        let subject = format!("column_mapping/{}", mapping.column_mapping_id.0);
        audit::record_in_tx(&mut tx, &call.audit(subject, json!({}), now)).await?;
        let answer = CreateColumnMappingResponse {
            column_mapping: Some(mapping_to_wire(&mapping)),
        };
        first.finish_in_tx(&mut tx, &answer.encode_to_vec()).await?;
        tx.commit().await?;
        Ok(Answer::new(answer))
    })
    .await
}
