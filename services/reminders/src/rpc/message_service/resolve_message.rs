//! ResolveMessage: what a person found out about a message of unknown outcome, or does about a parked
//! one (P15).

use std::sync::Arc;

use calendar::Timestamp;
use contracts::reminders::{ResolveMessageRequest, ResolveMessageResponse};
use postgres::idempotency::{self, Begun};
use postgres::{Tx, audit, retried};
use prost::Message as _;
use runtime::{Answer, Call, Refusal, Violations};
use serde_json::json;

use crate::app::App;
use crate::domain::decision::Findings;
use crate::domain::id::MessageId;
use crate::domain::message::{Message, MessageResolution, Resolved};
use crate::domain::step_taking::pass_over;
use crate::rpc::error;
use crate::rpc::wire::field;
use crate::rpc::wire::message::{message_to_wire, resolution_from_wire};
use crate::store;
use crate::store::case_file::CaseFile;

/// What is asked for.
struct Asked {
    message_id: MessageId,
    etag: String,
    resolution: MessageResolution,
    sent_time: Option<Timestamp>,
    note: String,
}

/// 1. Parse; 2. take the request id, or answer as the first time; 3. under the lock of the case, settle
///    the message and its task; 4. take its steps, pass them over, or judge the case anew.
pub async fn handle(
    app: Arc<App>,
    call: Call,
    request: ResolveMessageRequest,
) -> Result<Answer<ResolveMessageResponse>, Refusal> {
    let asked = parsed(&request)?;
    let key = call.key(&request)?;
    let (tenant, now) = (call.tenant(), app.clock.now());
    let done = retried(|| async {
        let mut tx = app.db.begin(&call).await?;
        let begun = match idempotency::begin_in_tx(&mut tx, &key).await? {
            Begun::Replay(stored) => return Ok((Answer::replayed(stored), None)),
            Begun::First(begun) => begun,
        };
        let id = asked.message_id;
        let file = CaseFile::lock_of_message_in_tx(&mut tx, tenant, id, now).await?;
        let mut file = file.ok_or_else(|| error::message::not_found(id))?;
        let found = store::message::find_in_tx(&mut tx, tenant, id).await?;
        let mut message = found.ok_or_else(|| error::message::not_found(id))?;
        error::check_etag(&asked.etag, message.revision)?;
        let resolved = message.resolve(&file.case, asked.resolution, asked.sent_time, now);
        let resolved = resolved.map_err(|fault| error::message::not_resolved(id, fault))?;
        follow_in_tx(&mut tx, &mut file, &message, resolved).await?;
        complete_task_in_tx(&mut tx, &mut file, &asked, call.actor()).await?;
        tell_in_tx(&mut tx, &file, &message, asked.resolution).await?;
        let decisions = store::decision::of_subject_in_tx(&mut tx, tenant, id.uuid()).await?;
        let answer = ResolveMessageResponse {
            message: Some(message_to_wire(&message, &decisions)),
        };
        let facts = json!({ "resolution": asked.resolution.name() });
        let entry = call.audit(format!("message/{id}"), facts, now);
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

async fn follow_in_tx(
    tx: &mut Tx,
    file: &mut CaseFile,
    message: &Message,
    resolved: Resolved,
) -> Result<(), Refusal> {
    match resolved {
        Resolved::Sent => {
            let (tenant, message_id) = (file.tenant, message.message_id);
            let words = store::message::content::find_in_tx(tx, tenant, message_id).await?;
            let recipient = words.map(|words| words.recipient);
            file.enter_sent_in_tx(tx, message, recipient).await?;
            file.left_in_tx(tx, message).await?;
        }
        Resolved::JudgeAnew(event) => {
            file.tell([event]);
            file.ended_in_tx(tx, message, None).await?;
        }
        Resolved::PassOver(event) => {
            file.tell([event]);
            let invoice_ids = message.invoice_ids();
            file.look_up_in_tx(tx, &invoice_ids).await?;
            pass_over(message, &mut file.invoices);
            file.touch_all(invoice_ids);
            file.follow_levels();
            file.ended_in_tx(tx, message, None).await?;
        }
    }
    Ok(())
}

/// The task that waited for the person is done.
async fn complete_task_in_tx(
    tx: &mut Tx,
    file: &mut CaseFile,
    asked: &Asked,
    by: &str,
) -> Result<(), Refusal> {
    let (tenant, case_id) = (file.tenant, file.case.case_id);
    let open = store::task::open_of_case_in_tx(tx, tenant, case_id).await?;
    for mut task in open {
        if task.message_id != Some(asked.message_id) {
            continue;
        }
        if let Some(event) = task.message_resolved(&file.case, by, file.now) {
            task.note.clone_from(&asked.note);
            store::task::update_in_tx(tx, tenant, &task).await?;
            file.tell([event]);
        }
    }
    Ok(())
}

async fn tell_in_tx(
    tx: &mut Tx,
    file: &CaseFile,
    message: &Message,
    resolution: MessageResolution,
) -> Result<(), Refusal> {
    let mut findings = Findings::new();
    findings.rule("P15", true, "a person found out what became of the message");
    let outcome = format!("RESOLVED_AS_{resolution}");
    let told = findings.conclude(outcome, &message.strategy_version, file.now);
    let subject = message.message_id.uuid();
    store::decision::insert_in_tx(tx, file.tenant, subject, &told).await?;
    Ok(())
}

fn parsed(request: &ResolveMessageRequest) -> Result<Asked, Refusal> {
    let mut violations = Violations::new();
    let noted = &mut violations;
    let message_id = field::id(noted, "message_id", &request.message_id, MessageId::new);
    field::required_etag(noted, &request.etag);
    let resolution = resolution_from_wire(request.resolution());
    let resolution = noted.required("resolution", resolution);
    let sent_time = field::optional_instant(noted, "sent_time", request.sent_time.as_ref());
    let only_sent = request.sent_time.is_none() || resolution == Some(MessageResolution::Sent);
    noted.check(only_sent, "sent_time", "only with SENT");
    let note = field::required_note(noted, "note", &request.note, 2000);
    let values = (message_id, resolution, sent_time, note);
    let (message_id, resolution, sent_time, note) = violations.complete(values)?;
    Ok(Asked {
        message_id,
        etag: request.etag.clone(),
        resolution,
        sent_time,
        note,
    })
}
