//! RecordCommunication: a contact that took place outside of the service.

use std::collections::BTreeSet;
use std::sync::Arc;

use calendar::Timestamp;
use contracts::reminders::{RecordCommunicationRequest, RecordCommunicationResponse};
use postgres::idempotency::{self, Begun};
use postgres::{audit, retried};
use prost::Message as _;
use runtime::{Answer, Call, Refusal, Violations};
use serde_json::json;
use uuid::Uuid;

use crate::app::App;
use crate::domain::communication::{Communication, CommunicationOutcome, Direction};
use crate::domain::debtor::Channel;
use crate::domain::id::{CaseId, CommunicationId, InvoiceId};
use crate::rpc::about::named_in_tx;
use crate::rpc::error;
use crate::rpc::wire::communication::{
    communication_to_wire, direction_from_wire, outcome_from_wire,
};
use crate::rpc::wire::debtor::channel_from_wire;
use crate::rpc::wire::field;
use crate::store::case_file::CaseFile;

/// What took place.
struct Told {
    case_id: CaseId,
    direction: Direction,
    channel: Channel,
    outcome: CommunicationOutcome,
    occurred_time: Timestamp,
    invoice_ids: BTreeSet<InvoiceId>,
    note: String,
}

/// 1. Parse; 2. take the request id, or answer as the first time; 3. under the lock of the case, which
///    whoever reserves a contact holds too, enter it and count it.
pub async fn handle(
    app: Arc<App>,
    call: Call,
    request: RecordCommunicationRequest,
) -> Result<Answer<RecordCommunicationResponse>, Refusal> {
    let told = parsed(&request)?;
    let key = call.key(&request)?;
    let (tenant, now) = (call.tenant(), app.clock.now());
    let done = retried(|| async {
        let mut tx = app.db.begin(&call).await?;
        let begun = match idempotency::begin_in_tx(&mut tx, &key).await? {
            Begun::Replay(stored) => return Ok((Answer::replayed(stored), None)),
            Begun::First(begun) => begun,
        };
        let file = CaseFile::lock_in_tx(&mut tx, tenant, told.case_id, now).await?;
        let mut file = file.ok_or_else(|| error::contact::case_not_found(told.case_id))?;
        let invoice_ids = named_in_tx(&mut tx, &mut file, &told.invoice_ids).await?;
        let entry = entry(&file, &call, &told, invoice_ids);
        let (entry, event) = entry
            .record(&file.case)
            .map_err(error::contact::not_entered)?;
        file.enter_contact_in_tx(&mut tx, &entry, event).await?;
        let facts = json!({ "communication_id": entry.communication_id });
        let audited = call.audit(format!("case/{}", told.case_id), facts, now);
        audit::record_in_tx(&mut tx, &audited).await?;
        let scheduled = file.save_in_tx(&mut tx, call.traceparent()).await?;
        let answer = RecordCommunicationResponse {
            communication: Some(communication_to_wire(&entry)),
        };
        begun.finish_in_tx(&mut tx, &answer.encode_to_vec()).await?;
        tx.commit().await?;
        Ok::<_, Refusal>((Answer::new(answer), scheduled))
    })
    .await;
    let (answer, scheduled) = done?;
    app.wakeups.announce(scheduled);
    Ok(answer)
}

fn entry(file: &CaseFile, call: &Call, told: &Told, invoice_ids: Vec<InvoiceId>) -> Communication {
    Communication {
        communication_id: CommunicationId::new(Uuid::now_v7()),
        case_id: told.case_id,
        customer_id: file.case.customer_id,
        direction: told.direction,
        channel: told.channel,
        outcome: told.outcome,
        occurred_time: told.occurred_time,
        address: None,
        invoice_ids,
        message_id: None,
        task_id: None,
        step_code: None,
        note: told.note.clone(),
        recorded_by: call.actor().to_owned(),
        recorded_time: file.now,
    }
}

fn parsed(request: &RecordCommunicationRequest) -> Result<Told, Refusal> {
    let mut violations = Violations::new();
    let case_id = field::id(&mut violations, "case_id", &request.case_id, CaseId::new);
    let direction = direction_from_wire(request.direction());
    let direction = violations.required("direction", direction);
    let channel = violations.required("channel", channel_from_wire(request.channel()));
    let outcome = violations.required("outcome", outcome_from_wire(request.outcome()));
    let occurred = request.occurred_time.as_ref();
    let occurred = field::instant(&mut violations, "occurred_time", occurred);
    let invoices = &request.invoice_ids;
    let invoices = field::ids(&mut violations, "invoice_ids", invoices, InvoiceId::new);
    let note = field::note(&mut violations, "note", &request.note, 2000);
    let values = (
        case_id, direction, channel, outcome, occurred, invoices, note,
    );
    let (case_id, direction, channel, outcome, occurred_time, invoice_ids, note) =
        violations.complete(values)?;
    Ok(Told {
        case_id,
        direction,
        channel,
        outcome,
        occurred_time,
        invoice_ids,
        note,
    })
}
