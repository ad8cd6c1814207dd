//! RetryRemittanceLine: a parked line is tried again, under the same identity.

use std::sync::Arc;

use contracts::agency::{RetryRemittanceLineRequest, RetryRemittanceLineResponse};
use postgres::idempotency::{self, Begun};
use postgres::{audit, retried};
use prost::Message as _;
use runtime::{Answer, Call, Refusal};
use serde_json::json;

use crate::app::App;
use crate::domain::identity::RemittanceLineId;
use crate::jobs::book_line;
use crate::rpc::error;
use crate::rpc::wire::field;
use crate::rpc::wire::remittance::line_to_wire;
use crate::store;

/// 1. Parse; 2. take the request id, or answer as the first time; 3. lock placement, line and remittance,
///    and set the line going; 4. store with its timer, audit entry and answer.
pub async fn handle(
    app: Arc<App>,
    call: Call,
    request: RetryRemittanceLineRequest,
) -> Result<Answer<RetryRemittanceLineResponse>, Refusal> {
    let now = app.clock.now();
    let tenant = call.tenant();
    let id = field::only_id("remittance_line_id", &request.remittance_line_id)?;
    let id = RemittanceLineId::new(id);
    let key = call.key(&request)?;
    retried(|| async {
        let mut tx = app.db.begin(&call).await?;
        let first = match idempotency::begin_in_tx(&mut tx, &key).await? {
            Begun::Replay(stored) => return Ok(Answer::replayed(stored)),
            Begun::First(first) => first,
        };
        let not_found = || error::remittance::line_not_found(id);
        let seen = store::remittance_line::find_in_tx(&mut tx, tenant, id).await?;
        let seen = seen.ok_or_else(not_found)?;
        store::placement::lock_in_tx(&mut tx, tenant, seen.placement_id).await?;
        let line = store::remittance_line::find_in_tx(&mut tx, tenant, id).await?;
        let mut line = line.ok_or_else(not_found)?;
        line.retry(now)
            .map_err(|refused| error::remittance::line_refused(id, &refused))?;
        store::remittance_line::update_in_tx(&mut tx, tenant, &line).await?;
        let head = store::remittance::lock_in_tx(&mut tx, tenant, line.remittance_id).await?;
        let mut head = head.ok_or_else(not_found)?;
        head.line_retried();
        store::remittance::save_in_tx(&mut tx, tenant, &head).await?;
        let (kind, subject) = (book_line::KIND, id.uuid());
        let scheduled = timers::schedule_in_tx(&mut tx, tenant, kind, subject, now).await?;
        let entry = call.audit(format!("remittance_line/{id}"), json!({}), now);
        audit::record_in_tx(&mut tx, &entry).await?;
        let answer = RetryRemittanceLineResponse {
            remittance_line: Some(line_to_wire(&line)),
        };
        first.finish_in_tx(&mut tx, &answer.encode_to_vec()).await?;
        tx.commit().await?;
        app.wakeups.announce([scheduled]);
        Ok(Answer::new(answer))
    })
    .await
}
