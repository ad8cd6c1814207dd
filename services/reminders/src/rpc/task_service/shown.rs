//! Tasks as they are shown: with the lines of their message, and with the next stretch in which a call
//! is permitted, looked up anew once the one that was found first has passed.

use calendar::Timestamp;
use contracts::reminders as wire;
use postgres::{TenantId, Tx};
use runtime::Refusal;

use crate::domain::contact::ContactVerdict;
use crate::domain::debtor::Channel;
use crate::domain::hold::contact_held;
use crate::domain::task::{Task, TaskKind, TaskState};
use crate::rpc::wire::task::task_to_wire;
use crate::store;
use crate::store::case_file::CaseFile;

/// A task for the wire.
pub(super) async fn shown_in_tx(
    tx: &mut Tx,
    tenant: TenantId,
    mut task: Task,
    now: Timestamp,
) -> Result<wire::Task, Refusal> {
    let passed = task.permitted.is_none_or(|(_, until)| until <= now);
    if task.kind == TaskKind::Call && task.state == TaskState::Open && passed {
        let file = CaseFile::read_in_tx(tx, tenant, task.case_id, now).await?;
        task.permitted = file.and_then(|file| file.stretch(now));
    }
    let message = match task.message_id {
        Some(message_id) => store::message::find_in_tx(tx, tenant, message_id).await?,
        None => None,
    };
    let Some(message) = message else {
        return Ok(task_to_wire(&task, &[], &[]));
    };
    let totals = message.totals().map_err(Refusal::internal)?;
    Ok(task_to_wire(&task, &message.lines, &totals))
}

/// Whether a task may be done at this moment: a call by the rules of contact, anything else always.
pub(super) async fn permitted_in_tx(
    tx: &mut Tx,
    tenant: TenantId,
    task: &Task,
    now: Timestamp,
) -> Result<bool, Refusal> {
    if task.kind != TaskKind::Call {
        return Ok(true);
    }
    let Some(file) = CaseFile::read_in_tx(tx, tenant, task.case_id, now).await? else {
        return Ok(false);
    };
    let held = contact_held(&file.holds, &task.invoice_ids, file.today());
    let (channel, about) = (Channel::Call, &task.invoice_ids);
    // Its own reservation is not held against it.
    let own = task.message_id.map(|message_id| message_id.uuid());
    let answer = file
        .contact_in_tx(tx, channel, about, now, held, own)
        .await?;
    Ok(answer.verdict == ContactVerdict::Allowed)
}
