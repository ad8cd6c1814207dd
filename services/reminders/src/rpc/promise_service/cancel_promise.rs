//! CancelPromise: a person takes a running promise back.

use std::sync::Arc;

use contracts::reminders::{CancelPromiseRequest, CancelPromiseResponse};
use postgres::idempotency::{self, Begun};
use postgres::{audit, retried};
use prost::Message as _;
use runtime::{Answer, Call, Refusal, Violations};
use serde_json::json;

use crate::app::App;
use crate::domain::hold::Ended;
use crate::domain::id::PromiseId;
use crate::rpc::error;
use crate::rpc::wire::field;
use crate::rpc::wire::promise::promise_to_wire;
use crate::store;
use crate::store::case_file::CaseFile;

/// 1. Parse; 2. take the request id, or answer as the first time; 3. find the promise's case and lock
///    it; 4. compare the etag, take the promise back, end its pause; 5. plan the case anew. The note
///    stays with the pause that ends: what was said when the promise was made is not overwritten.
pub async fn handle(
    app: Arc<App>,
    call: Call,
    request: CancelPromiseRequest,
) -> Result<Answer<CancelPromiseResponse>, Refusal> {
    let (promise_id, note) = parsed(&request)?;
    let key = call.key(&request)?;
    let (tenant, now) = (call.tenant(), app.clock.now());
    let done = retried(|| async {
        let mut tx = app.db.begin(&call).await?;
        let begun = match idempotency::begin_in_tx(&mut tx, &key).await? {
            Begun::Replay(stored) => return Ok((Answer::replayed(stored), None)),
            Begun::First(begun) => begun,
        };
        let missing = || error::promise::not_found(promise_id);
        let found = store::promise::find_in_tx(&mut tx, tenant, promise_id).await?;
        let case_id = found.ok_or_else(missing)?.case_id;
        let file = CaseFile::lock_in_tx(&mut tx, tenant, case_id, now).await?;
        let mut file = file.ok_or_else(missing)?;
        file.look_up_promises_in_tx(&mut tx).await?;
        let mut promise = file.promise(promise_id).cloned().ok_or_else(missing)?;
        error::check_etag(&request.etag, promise.revision)?;
        let cancelled = promise.cancel(&file.case, call.actor());
        let event = cancelled.map_err(|refused| error::promise::refused(&refused))?;
        file.tell([event]);
        let answer = CancelPromiseResponse {
            promise: Some(promise_to_wire(&promise, &[]).map_err(Refusal::internal)?),
        };
        let how = Ended {
            time: now,
            by: call.actor().to_owned(),
            note: note.clone(),
        };
        file.end_promise_in_tx(&mut tx, promise, how).await?;
        let facts = json!({ "case_id": case_id });
        let entry = call.audit(format!("promise/{promise_id}"), facts, now);
        audit::record_in_tx(&mut tx, &entry).await?;
        let scheduled = file.save_in_tx(&mut tx, call.traceparent()).await?;
        begun.finish_in_tx(&mut tx, &answer.encode_to_vec()).await?;
        tx.commit().await?;
        Ok::<_, Refusal>((Answer::new(answer), scheduled))
    })
    .await;
    let (answer, scheduled) = done?;
    app.wakeups.announce(scheduled);
    Ok(answer)
}

fn parsed(request: &CancelPromiseRequest) -> Result<(PromiseId, String), Refusal> {
    let mut violations = Violations::new();
    let id = &request.promise_id;
    let id = field::id(&mut violations, "promise_id", id, PromiseId::new);
    let note = field::required_note(&mut violations, "note", &request.note, 2000);
    violations.complete((id, note))
}
