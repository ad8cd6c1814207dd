//! Claiming a message: judged again, written, and taken under a lease, all of it under the lock of
//! the case.

use calendar::Timestamp;
use postgres::{Tx, retried};
use runtime::fault;
use timers::{Claim, JobError};
use tokio::time::Instant;

use super::outcome;
use super::words::{self, Words};
use super::{Held, Tried, hand_over};
use crate::app::App;
use crate::clients::Mail;
use crate::domain::code::Level;
use crate::domain::contact::ContactMade;
use crate::domain::decision::{Decision, Findings};
use crate::domain::id::MessageId;
use crate::domain::judgement::Judgement;
use crate::domain::message::{Message, MessageState};
use crate::domain::reason::Reason;
use crate::domain::task::TaskKind;
use crate::jobs::queueing::apply_cash_in_tx;
use crate::store::case_file::{Asked, CaseFile};
use crate::store::frequency::Contact;
use crate::store::message::content;
use crate::store::{decision, dunning_run, frequency, message};

/// What a claim came to.
pub(super) enum Claimed {
    /// The message is ours for the length of the lease; the mail, where this claim wrote one.
    Held(Held, Option<Box<Mail>>),
    /// Nothing is to be sent now: the timer is settled.
    Settled(Tried),
}

/// Claims the message of a timer.
pub(super) async fn claim(app: &App, timer: &Claim) -> Result<Claimed, JobError> {
    retried(|| attempt(app, timer)).await
}

/// The case on its day, the message itself left aside.
async fn judged_in_tx(
    tx: &mut Tx,
    file: &CaseFile,
    queued: &Message,
) -> Result<Option<Judgement>, JobError> {
    let min_level = match queued.dunning_run_id {
        Some(run) => dunning_run::min_level_in_tx(tx, file.tenant, run).await?,
        None => Level::NONE,
    };
    let asked = Asked {
        on: file.today(),
        at: file.now,
        min_level,
        except: Some(queued.message_id),
    };
    Ok(file.judge_in_tx(tx, &asked).await?)
}

/// One try, in one transaction.
async fn attempt(app: &App, timer: &Claim) -> Result<Claimed, JobError> {
    let since = Instant::now();
    let tenant = timer.tenant;
    let mut tx = app.db.begin(tenant).await?;
    let Some((mut file, mut queued)) = opened_in_tx(app, &mut tx, timer).await? else {
        return finished(tx, timer, "gone").await;
    };
    let now_real = file.real_now;
    match queued.state {
        MessageState::Queued => {}
        MessageState::Claimed if queued.lease.until <= now_real => {}
        MessageState::Claimed | MessageState::HandingOff if !queued.is_lost(now_real) => {
            return Err(JobError::later("another sender has the message"));
        }
        MessageState::HandingOff => {
            return outcome::lost(app, timer, tx, file, queued).await;
        }
        MessageState::Unknown if app.sending.resend_unknown => {
            let leased = queued.claim_again(&file.case, now_real, app.timing.lease());
            if leased.is_ok() {
                message::update_in_tx(&mut tx, tenant, &queued).await?;
                tx.commit().await?;
                return Ok(Claimed::Held(Held::of(tenant, &queued, since), None));
            }
            return finished(tx, timer, "done").await;
        }
        _ => return finished(tx, timer, "done").await,
    }
    if let Some(not_before) = queued.not_before_time.filter(|time| file.now < *time) {
        return put_back(tx, timer, not_before, "put_off").await;
    }
    let Some(mut judgement) = judged_in_tx(&mut tx, &file, &queued).await? else {
        return not_due(timer, tx, file, queued, None).await;
    };
    let Some(letter) = judgement.letter.take() else {
        return not_due(timer, tx, file, queued, Some(judgement)).await;
    };
    let findings = judgement.findings;
    if let Some((reason, until)) = judgement.not_before {
        put_off_in_tx(&mut tx, &file, &mut queued, reason, until, findings).await?;
        return put_back(tx, timer, until, "put_off").await;
    }
    let told = findings.conclude("CLAIMED", &queued.strategy_version, file.now);
    let words = words::written_in_tx(&mut tx, &file, &letter, queued.message_id).await?;
    let same_lines = queued.lines == letter.lines;
    let leased = queued.claim(&file.case, letter, file.now, now_real, app.timing.lease());
    leased.map_err(JobError::later)?;
    if !same_lines {
        message::replace_lines_in_tx(&mut tx, tenant, &queued).await?;
    }
    let words = match words {
        Ok(words) => words,
        Err(reason) => return unwritable(timer, tx, file, queued, reason).await,
    };
    if let Some(full) = reserve_in_tx(&mut tx, &mut file, &mut queued).await? {
        return put_back(tx, timer, full, "put_off").await;
    }
    fix_in_tx(&mut tx, &file, &mut queued, &words, &told).await?;
    tx.commit().await?;
    fault::point("reminders.send.claimed");
    let held = Held::of(tenant, &queued, since);
    let (content, sender) = (words.content, words.sender);
    let mail = sender.map(|sender| Box::new(hand_over::mail(app, &queued, content, sender)));
    Ok(Claimed::Held(held, mail))
}

/// The case under its lock, with the message.
pub(super) async fn opened_in_tx(
    app: &App,
    tx: &mut Tx,
    timer: &Claim,
) -> Result<Option<(CaseFile, Message)>, JobError> {
    let (tenant, message_id) = (timer.tenant, MessageId::new(timer.subject_id));
    let now = app.clock.now();
    let Some(file) = CaseFile::lock_of_message_in_tx(tx, tenant, message_id, now).await? else {
        return Ok(None);
    };
    // After the lock: nobody changes it now.
    let found = message::find_in_tx(tx, tenant, message_id).await?;
    Ok(found.map(|message| (file, message)))
}

/// Puts the message off, as the contact rules want it.
async fn put_off_in_tx(
    tx: &mut Tx,
    file: &CaseFile,
    queued: &mut Message,
    reason: Reason,
    until: Timestamp,
    findings: Findings,
) -> Result<(), JobError> {
    queued.put_off(reason, until).map_err(JobError::later)?;
    let outcome = format!("PUT_OFF_BY_{reason}");
    let told = findings.conclude(outcome, &queued.strategy_version, file.now);
    let subject = queued.message_id.uuid();
    decision::insert_in_tx(tx, file.tenant, subject, &told).await?;
    frequency::give_back_in_tx(tx, file.tenant, subject).await?;
    Ok(message::update_in_tx(tx, file.tenant, queued).await?)
}

/// Reserves the frequency counters; tells until when the message is put off where a cap is reached.
async fn reserve_in_tx(
    tx: &mut Tx,
    file: &mut CaseFile,
    claimed: &mut Message,
) -> Result<Option<Timestamp>, JobError> {
    let today = file.today();
    let made = ContactMade {
        local_date: today,
        channel: claimed.step.channel,
        is_conversation: false,
        invoice_ids: claimed.invoice_ids(),
    };
    let contact = Contact {
        contact_id: claimed.message_id.uuid(),
        customer_id: file.case.customer_id,
        made: &made,
    };
    // An earlier claim has reserved already.
    if claimed.lease.token > 1 {
        frequency::give_back_in_tx(tx, file.tenant, contact.contact_id).await?;
    }
    let reserved = match file.policy(today) {
        Some(policy) => frequency::reserve_in_tx(tx, file.tenant, &contact, policy).await?,
        None => false,
    };
    if reserved {
        return Ok(None);
    }
    let tomorrow = today.tomorrow().map_err(JobError::failed)?;
    let until = file
        .zones
        .start_of_day(tomorrow)
        .map_err(JobError::failed)?;
    let put_off = claimed.put_off(Reason::FrequencyCap, until);
    put_off.map_err(JobError::later)?;
    message::update_in_tx(tx, file.tenant, claimed).await?;
    Ok(Some(until))
}

async fn fix_in_tx(
    tx: &mut Tx,
    file: &CaseFile,
    claimed: &mut Message,
    words: &Words,
    told: &Decision,
) -> Result<(), JobError> {
    let (version, language) = (&words.template_version, &words.content.language);
    let fixed = claimed.fix_words(version.clone(), language.clone());
    fixed.map_err(JobError::later)?;
    message::update_in_tx(tx, file.tenant, claimed).await?;
    content::save_in_tx(tx, file.tenant, claimed.message_id, &words.content).await?;
    decision::insert_in_tx(tx, file.tenant, claimed.message_id.uuid(), told).await?;
    fault::point("reminders.send.before_claim");
    Ok(())
}

/// Nothing of it is due any more: a rule forbids it, or the facts went on (P16, P18, P21).
async fn not_due(
    timer: &Claim,
    mut tx: Tx,
    mut file: CaseFile,
    mut queued: Message,
    judgement: Option<Judgement>,
) -> Result<Claimed, JobError> {
    let kept_out = judgement.as_ref().and_then(|judgement| {
        let gravest = judgement.kept_out.iter().max_by_key(|kept| kept.step.level);
        gravest.map(|kept| kept.reason)
    });
    let findings = judgement
        .map(|judgement| judgement.findings)
        .unwrap_or_default();
    let reason = kept_out.unwrap_or_else(|| file.why_not_due(&queued));
    let outcome = match kept_out {
        Some(_) => format!("SUPPRESSED_BY_{reason}"),
        None => format!("SUPERSEDED_BY_{reason}"),
    };
    let told = findings.conclude(&outcome, &queued.strategy_version, file.now);
    decision::insert_in_tx(&mut tx, file.tenant, queued.message_id.uuid(), &told).await?;
    if kept_out.is_some() {
        let event = queued.suppress(&file.case, reason, told);
        file.tell(event);
        if reason == Reason::UnappliedCashCovers {
            apply_cash_in_tx(&mut file, &mut tx, &queued).await?;
        }
    } else {
        queued.supersede(reason).map_err(JobError::later)?;
    }
    file.ended_in_tx(&mut tx, &queued, kept_out).await?;
    let label = if kept_out.is_some() {
        "suppressed"
    } else {
        "superseded"
    };
    outcome::finish(timer, tx, file, label)
        .await
        .map(Claimed::Settled)
}

/// It has no address, or no words: a person mends it.
async fn unwritable(
    timer: &Claim,
    mut tx: Tx,
    mut file: CaseFile,
    mut claimed: Message,
    reason: Reason,
) -> Result<Claimed, JobError> {
    let event = claimed.park(&file.case, reason).map_err(JobError::later)?;
    file.parked_in_tx(&mut tx, &claimed, TaskKind::Undeliverable, event)
        .await?;
    outcome::finish(timer, tx, file, "parked")
        .await
        .map(Claimed::Settled)
}

async fn finished(mut tx: Tx, timer: &Claim, outcome: &'static str) -> Result<Claimed, JobError> {
    let settled = timers::finish_in_tx(&mut tx, timer).await?;
    tx.commit().await?;
    Ok(Claimed::Settled(Tried {
        settled,
        scheduled: Vec::new(),
        outcome,
    }))
}

async fn put_back(
    mut tx: Tx,
    timer: &Claim,
    due: Timestamp,
    outcome: &'static str,
) -> Result<Claimed, JobError> {
    let settled = timers::reschedule_in_tx(&mut tx, timer, due).await?;
    tx.commit().await?;
    Ok(Claimed::Settled(Tried {
        settled,
        scheduled: Vec::new(),
        outcome,
    }))
}
