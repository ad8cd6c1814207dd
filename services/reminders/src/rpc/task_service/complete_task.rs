//! CompleteTask: how a task ended, and all that follows from it.

use std::sync::Arc;

use calendar::{Date, Timestamp};
use contracts::reminders as wire;
use postgres::idempotency::{self, Begun};
use postgres::{Tx, audit, retried};
use prost::Message as _;
use runtime::{Answer, Call, Refusal, Violations};
use serde_json::json;
use uuid::Uuid;

use super::shown::shown_in_tx;
use crate::app::App;
use crate::domain::communication::{Communication, CommunicationOutcome, Direction};
use crate::domain::debtor::Channel;
use crate::domain::id::{CommunicationId, TaskId};
use crate::domain::message::Message;
use crate::domain::task::{
    Completed, Completion, NewTask, StepEffect, Task, TaskKind, TaskOutcome,
};
use crate::rpc::error;
use crate::rpc::wire::field;
use crate::rpc::wire::task::outcome_from_wire;
use crate::store;
use crate::store::case_file::CaseFile;

/// What the person tells.
struct Told {
    task_id: TaskId,
    outcome: TaskOutcome,
    occurred_time: Option<Timestamp>,
    note: String,
    follow_up_date: Option<Date>,
}

/// 1. Parse; 2. take the request id, or answer as the first time; 3. find the task's case and lock it;
///    4. compare the etag, complete the task; 5. enter the contact into the record and count it, take
///    the step or give it up, open the task that goes on from here; 6. plan the case anew.
pub async fn handle(
    app: Arc<App>,
    call: Call,
    request: wire::CompleteTaskRequest,
) -> Result<Answer<wire::CompleteTaskResponse>, Refusal> {
    let told = parsed(&request)?;
    let key = call.key(&request)?;
    let (tenant, now) = (call.tenant(), app.clock.now());
    let done = retried(|| async {
        let mut tx = app.db.begin(&call).await?;
        let begun = match idempotency::begin_in_tx(&mut tx, &key).await? {
            Begun::Replay(stored) => return Ok((Answer::replayed(stored), None)),
            Begun::First(begun) => begun,
        };
        let missing = || error::task::not_found(told.task_id);
        let found = store::task::find_in_tx(&mut tx, tenant, told.task_id).await?;
        let case_id = found.ok_or_else(missing)?.case_id;
        let file = CaseFile::lock_in_tx(&mut tx, tenant, case_id, now).await?;
        let mut file = file.ok_or_else(missing)?;
        let found = store::task::find_in_tx(&mut tx, tenant, told.task_id).await?;
        let mut task = found.ok_or_else(missing)?;
        error::check_etag(&request.etag, task.revision)?;
        let next = completed_in_tx(&mut tx, &mut file, &mut task, &told, &call).await?;
        let facts = json!({ "task_id": told.task_id, "outcome": told.outcome.name() });
        let entry = call.audit(format!("case/{case_id}"), facts, now);
        audit::record_in_tx(&mut tx, &entry).await?;
        let scheduled = file.save_in_tx(&mut tx, call.traceparent()).await?;
        let next = match next {
            Some(next) => Some(shown_in_tx(&mut tx, tenant, next, now).await?),
            None => None,
        };
        let answer = wire::CompleteTaskResponse {
            task: Some(shown_in_tx(&mut tx, tenant, task, now).await?),
            follow_up_task: next,
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

/// Completes the task under the lock of its case; answers the one that goes on from it.
async fn completed_in_tx(
    tx: &mut Tx,
    file: &mut CaseFile,
    task: &mut Task,
    told: &Told,
    call: &Call,
) -> Result<Option<Task>, Refusal> {
    let (tenant, now) = (file.tenant, file.now);
    let message = match task.message_id {
        Some(message_id) => store::message::find_in_tx(tx, tenant, message_id).await?,
        None => None,
    };
    let occurred_time = told.occurred_time.unwrap_or(now);
    let completion = Completion {
        outcome: told.outcome,
        occurred_time,
        note: told.note.clone(),
        by: call.actor().to_owned(),
        at: now,
        follow_up: told
            .follow_up_date
            .map(|day| (TaskId::new(Uuid::now_v7()), day)),
    };
    let state = message.as_ref().map(|message| message.state);
    let completed = task.complete(&file.case, completion, state, file.today());
    let completed = completed.map_err(error::task::refused)?;
    store::task::update_in_tx(tx, tenant, task).await?;
    let Completed {
        effect,
        follow_up,
        event,
    } = completed;
    enter_in_tx(tx, file, task, effect, occurred_time).await?;
    match (message, &follow_up) {
        // Not done today, but on another day: the step stays with the people.
        (Some(message), Some(next)) if effect == StepEffect::NotTaken => {
            hand_on_in_tx(tx, file, message, next.task_id).await?;
        }
        (Some(message), _) => {
            let id = message.message_id;
            file.carry_out_in_tx(tx, id, effect, occurred_time).await?;
        }
        (None, _) => {}
    }
    file.tell([event]);
    match follow_up {
        Some(next) => follow_in_tx(tx, file, next).await,
        None => Ok(None),
    }
}

/// A call or a letter enters the record.
async fn enter_in_tx(
    tx: &mut Tx,
    file: &mut CaseFile,
    task: &Task,
    effect: StepEffect,
    occurred_time: Timestamp,
) -> Result<(), Refusal> {
    let outcome = match effect {
        StepEffect::Taken(outcome) => outcome,
        StepEffect::Undeliverable => CommunicationOutcome::WrongAddress,
        StepEffect::NotTaken | StepEffect::None => return Ok(()),
    };
    let address = match task.message_id {
        Some(message_id) => {
            store::message::content::find_in_tx(tx, file.tenant, message_id).await?
        }
        None => None,
    };
    let entry = Communication {
        communication_id: CommunicationId::new(Uuid::now_v7()),
        case_id: task.case_id,
        customer_id: task.customer_id,
        direction: Direction::Outbound,
        channel: match task.kind {
            TaskKind::Letter => Channel::Letter,
            _ => Channel::Call,
        },
        outcome,
        occurred_time,
        address: address.map(|content| content.recipient),
        invoice_ids: task.invoice_ids.clone(),
        message_id: task.message_id,
        task_id: Some(task.task_id),
        step_code: task.step_code.clone(),
        note: task.note.clone(),
        recorded_by: task.completed_by.clone().unwrap_or_default(),
        recorded_time: file.now,
    };
    let (entry, event) = entry
        .record(&file.case)
        .map_err(error::contact::not_entered)?;
    file.enter_contact_in_tx(tx, &entry, event).await?;
    Ok(())
}

/// The message waits for the task that goes on from here.
async fn hand_on_in_tx(
    tx: &mut Tx,
    file: &CaseFile,
    mut message: Message,
    next: TaskId,
) -> Result<(), Refusal> {
    message.task_id = Some(next);
    store::message::update_in_tx(tx, file.tenant, &message).await?;
    Ok(())
}

/// Opens the task that goes on from here, with its permitted stretch.
async fn follow_in_tx(
    tx: &mut Tx,
    file: &mut CaseFile,
    next: NewTask,
) -> Result<Option<Task>, Refusal> {
    let day_begins = file.zones.start_of_day(next.due_date).ok();
    let permitted = match next.kind {
        TaskKind::Call => day_begins.and_then(|begin| file.stretch(begin)),
        _ => None,
    };
    let next = NewTask { permitted, ..next };
    let task_id = next.task_id;
    let totals = match next.message_id {
        Some(message_id) => {
            let message = store::message::find_in_tx(tx, file.tenant, message_id).await?;
            let totals = message.map(|message| message.totals()).transpose();
            totals.map_err(Refusal::internal)?.unwrap_or_default()
        }
        None => Vec::new(),
    };
    file.open_task_in_tx(tx, next, totals).await?;
    Ok(store::task::find_in_tx(tx, file.tenant, task_id).await?)
}

fn parsed(request: &wire::CompleteTaskRequest) -> Result<Told, Refusal> {
    let mut violations = Violations::new();
    let id = field::id(&mut violations, "task_id", &request.task_id, TaskId::new);
    field::required_etag(&mut violations, &request.etag);
    let outcome = violations.required("outcome", outcome_from_wire(request.outcome()));
    let occurred = request.occurred_time.as_ref();
    let occurred = field::optional_instant(&mut violations, "occurred_time", occurred);
    let note = field::note(&mut violations, "note", &request.note, 2000);
    let day = request.follow_up_date.as_ref();
    let day = field::optional_date(&mut violations, "follow_up_date", day);
    let values = (id, outcome, occurred, note, day);
    let (task_id, outcome, occurred_time, note, follow_up_date) = violations.complete(values)?;
    Ok(Told {
        task_id,
        outcome,
        occurred_time,
        note,
        follow_up_date,
    })
}
