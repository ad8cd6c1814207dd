//! What came of a message, committed with everything that follows from it.

use calendar::Timestamp;
use postgres::{Tx, retried};
use runtime::fault;
use timers::{Claim, JobError};

use super::claim::{Claimed, opened_in_tx};
use super::{Held, Tried};
use crate::app::App;
use crate::clients::Handed;
use crate::domain::message::{Message, MessageState};
use crate::domain::reason::Reason;
use crate::domain::task::TaskKind;
use crate::store::case_file::CaseFile;
use crate::store::{frequency, message};

/// Commits what came of handing a message over to `recipient`. Fails it, the message is of unknown outcome once its
/// lease is dead: never sent again blindly (P15).
pub(super) async fn settle(
    app: &App,
    timer: &Claim,
    held: &Held,
    handed: Handed,
    recipient: Option<String>,
) -> Result<Tried, JobError> {
    retried(|| attempt(app, timer, held, handed, recipient.clone())).await
}

async fn attempt(
    app: &App,
    timer: &Claim,
    held: &Held,
    handed: Handed,
    recipient: Option<String>,
) -> Result<Tried, JobError> {
    let mut tx = app.db.begin(held.tenant).await?;
    let opened = opened_in_tx(app, &mut tx, timer).await?;
    let Some((mut file, mut message)) = opened else {
        return Err(JobError::failed("the message vanished"));
    };
    match handed {
        Handed::Accepted => {
            message
                .accepted(held.token, file.now)
                .map_err(JobError::later)?;
            file.enter_sent_in_tx(&mut tx, &message, recipient).await?;
            file.left_in_tx(&mut tx, &message).await?;
            finish(timer, tx, file, "sent").await
        }
        Handed::Unknown => unknown(app, timer, tx, file, message).await,
        Handed::Refused => {
            let event = message.park(&file.case, Reason::AddressRefused);
            let event = event.map_err(JobError::later)?;
            give_back_in_tx(&mut tx, &message, &file).await?;
            let kind = TaskKind::Undeliverable;
            file.parked_in_tx(&mut tx, &message, kind, event).await?;
            finish(timer, tx, file, "parked").await
        }
        Handed::NotTaken => not_taken(app, timer, tx, file, message).await,
    }
}

/// It is tried again after a pause of business time, or parked after the last try.
async fn not_taken(
    app: &App,
    timer: &Claim,
    mut tx: Tx,
    mut file: CaseFile,
    mut message: Message,
) -> Result<Tried, JobError> {
    let pause = app.sending.pause(message.attempt_count);
    let next = file.now.checked_add(pause).map_err(JobError::failed)?;
    let parked = message
        .not_taken(&file.case, next, app.sending.max_attempts)
        .map_err(JobError::later)?;
    give_back_in_tx(&mut tx, &message, &file).await?;
    match parked {
        Some(event) => {
            let kind = TaskKind::Undeliverable;
            file.parked_in_tx(&mut tx, &message, kind, event).await?;
            finish(timer, tx, file, "parked").await
        }
        None => {
            message::update_in_tx(&mut tx, file.tenant, &message).await?;
            again(timer, tx, next, "not_taken").await
        }
    }
}

/// It may have left: a person finds out, or where the settings say so it is sent once more with the
/// same Message-ID (P15). Its frequency counters stay: it may count.
async fn unknown(
    app: &App,
    timer: &Claim,
    mut tx: Tx,
    mut file: CaseFile,
    mut message: Message,
) -> Result<Tried, JobError> {
    let event = message.lost(&file.case).map_err(JobError::later)?;
    if app.sending.resend_unknown && message.attempt_count <= 1 {
        message::update_in_tx(&mut tx, file.tenant, &message).await?;
        let now = file.now;
        return again(timer, tx, now, "unknown").await;
    }
    let kind = TaskKind::UnknownMessage;
    file.parked_in_tx(&mut tx, &message, kind, event).await?;
    finish(timer, tx, file, "unknown").await
}

/// The sender died between the hand-off and the answer.
pub(super) async fn lost(
    app: &App,
    timer: &Claim,
    tx: Tx,
    file: CaseFile,
    message: Message,
) -> Result<Claimed, JobError> {
    debug_assert_eq!(message.state, MessageState::HandingOff);
    unknown(app, timer, tx, file, message)
        .await
        .map(Claimed::Settled)
}

async fn give_back_in_tx(tx: &mut Tx, message: &Message, file: &CaseFile) -> Result<(), JobError> {
    let contact_id = message.message_id.uuid();
    Ok(frequency::give_back_in_tx(tx, file.tenant, contact_id).await?)
}

/// Commits the end of a message: the case is planned anew, its timer moved, the message's ended.
pub(super) async fn finish(
    timer: &Claim,
    mut tx: Tx,
    file: CaseFile,
    outcome: &'static str,
) -> Result<Tried, JobError> {
    let scheduled = file.save_in_tx(&mut tx, "").await?;
    let settled = timers::finish_in_tx(&mut tx, timer).await?;
    fault::point("reminders.send.before_settled");
    tx.commit().await?;
    fault::point("reminders.send.settled");
    Ok(Tried {
        settled,
        scheduled: scheduled.into_iter().collect(),
        outcome,
    })
}

/// Commits a message that waits: its timer comes again at `due`.
pub(super) async fn again(
    timer: &Claim,
    mut tx: Tx,
    due: Timestamp,
    outcome: &'static str,
) -> Result<Tried, JobError> {
    let settled = timers::reschedule_in_tx(&mut tx, timer, due).await?;
    tx.commit().await?;
    Ok(Tried {
        settled,
        scheduled: Vec::new(),
        outcome,
    })
}
