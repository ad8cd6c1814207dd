//! What a judgement leaves behind: a message in the queue with the timer that sends it, and for each
//! due step that a rule kept out a suppressed message that says why, once (P14).
//!
//! Shared by the case's own timer and by dunning runs. Must not judge.

use std::collections::BTreeMap;

use calendar::Timestamp;
use postgres::{DbError, Tx};
use timers::Scheduled;
use uuid::Uuid;

use super::send;
use crate::domain::decision::Decision;
use crate::domain::id::{DunningRunId, MessageId};
use crate::domain::judgement::{Judgement, KeptOut};
use crate::domain::letter::Letter;
use crate::domain::message::{Message, NewMessage};
use crate::domain::reason::Reason;
use crate::domain::task::{NewTask, TaskKind};
use crate::store::case_file::CaseFile;
use crate::store::message::Stored;
use crate::store::{decision, message};

/// What was queued.
#[derive(Debug, Default)]
pub struct Queued {
    /// The message, if one is on its way now.
    pub message_id: Option<MessageId>,
    /// The timer that sends it.
    pub timer: Option<Scheduled>,
}

/// Queues what a judgement asks for, and notes what it keeps out. `run` is the dunning run that asked
/// for it; none: the case's own timer.
///
/// # Errors
/// [`DbError`] of the statements.
pub async fn queue_in_tx(
    file: &mut CaseFile,
    tx: &mut Tx,
    judgement: Judgement,
    run: Option<DunningRunId>,
) -> Result<Queued, DbError> {
    let version = file.strategy().map(|(version, _)| version.name());
    let version = version.unwrap_or_default();
    let outcome = judgement.outcome();
    let told = judgement.findings.conclude(outcome, &version, file.now);
    keep_out_in_tx(file, tx, judgement.kept_out, &version, &told, run).await?;
    match judgement.letter {
        Some(letter) => {
            let not_before = judgement.not_before.map(|(_, from)| from);
            send_in_tx(file, tx, letter, not_before, &told, run).await
        }
        None => Ok(Queued::default()),
    }
}

async fn send_in_tx(
    file: &mut CaseFile,
    tx: &mut Tx,
    letter: Letter,
    not_before: Option<Timestamp>,
    told: &Decision,
    run: Option<DunningRunId>,
) -> Result<Queued, DbError> {
    let new = NewMessage {
        message_id: MessageId::new(Uuid::now_v7()),
        dunning_run_id: run,
        at: file.now,
    };
    let queued = Message::queue(&file.case, new, letter, not_before);
    if message::insert_in_tx(tx, file.tenant, &queued).await? == Stored::AlreadyDone {
        return Ok(Queued::default());
    }
    let message_id = queued.message_id;
    decision::insert_in_tx(tx, file.tenant, message_id.uuid(), told).await?;
    file.note(&queued);
    let due = not_before.unwrap_or(file.now).max(file.now);
    let timer = timers::schedule_in_tx(tx, file.tenant, send::KIND, message_id.uuid(), due).await?;
    Ok(Queued {
        message_id: Some(message_id),
        timer: Some(timer),
    })
}

/// One suppressed message a reason, of what was not reported before.
async fn keep_out_in_tx(
    file: &mut CaseFile,
    tx: &mut Tx,
    kept_out: Vec<KeptOut>,
    version: &str,
    told: &Decision,
    run: Option<DunningRunId>,
) -> Result<(), DbError> {
    let mut by_reason: BTreeMap<Reason, Vec<KeptOut>> = BTreeMap::new();
    for kept in kept_out {
        let invoices = file.invoices.iter_mut();
        let mut own = invoices.filter(|one| one.invoice_id == kept.invoice_id);
        let is_news = own
            .next()
            .is_some_and(|invoice| invoice.keep_out(kept.step.level, kept.reason));
        if is_news {
            file.touch(kept.invoice_id);
            by_reason.entry(kept.reason).or_default().push(kept);
        }
    }
    for (reason, kept) in by_reason {
        let new = NewMessage {
            message_id: MessageId::new(Uuid::now_v7()),
            dunning_run_id: run,
            at: file.now,
        };
        let (case, on) = (&file.case, file.today());
        let made = Message::kept_out(case, new, &kept, version, on, told.clone());
        let Some((suppressed, event)) = made else {
            continue;
        };
        message::insert_in_tx(tx, file.tenant, &suppressed).await?;
        decision::insert_in_tx(tx, file.tenant, suppressed.message_id.uuid(), told).await?;
        file.tell([event]);
        if reason == Reason::UnappliedCashCovers {
            apply_cash_in_tx(file, tx, &suppressed).await?;
        }
    }
    Ok(())
}

/// Cash covers what would have been asked for: a person applies it (CA-8).
///
/// # Errors
/// [`DbError`] of the statement.
pub async fn apply_cash_in_tx(
    file: &mut CaseFile,
    tx: &mut Tx,
    suppressed: &Message,
) -> Result<(), DbError> {
    let new = NewTask {
        invoice_ids: suppressed.invoice_ids(),
        ..file.new_task(TaskKind::UnappliedCash)
    };
    let totals = CaseFile::totals(suppressed.totals())?;
    file.open_task_in_tx(tx, new, totals).await?;
    Ok(())
}
