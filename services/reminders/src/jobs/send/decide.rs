//! The last decision, under the lock of the case's row: whether the message goes out at this instant,
//! by what invoicing answered a moment ago and by our own facts.

use postgres::{Tx, retried};
use runtime::fault;
use timers::{Claim, JobError};
use uuid::Uuid;

use super::claim::opened_in_tx;
use super::look::Look;
use super::{Held, Tried, outcome};
use crate::app::App;
use crate::domain::code::Level;
use crate::domain::debtor::Channel;
use crate::domain::decision::Decision;
use crate::domain::id::TaskId;
use crate::domain::last_look::{LastLook, LookVerdict, decide as last_look};
use crate::domain::message::Message;
use crate::domain::reason::Reason;
use crate::domain::task::{NewTask, TaskKind};
use crate::jobs::queueing::{apply_cash_in_tx, queue_in_tx};
use crate::store::case_file::{Asked, CaseFile};
use crate::store::{decision, frequency, message};

/// What becomes of the message.
pub(super) enum Decided {
    /// HANDING_OFF is committed: hand it over.
    HandOver,
    /// The look is too old.
    LookAgain,
    /// It is with a person, or at its end: the timer is settled.
    Settled(Tried),
}

/// Decides about a claimed message; `fit` tells whether its mail could be written.
pub(super) async fn decide(
    app: &App,
    timer: &Claim,
    held: &Held,
    look: &Look,
    fit: bool,
) -> Result<Decided, JobError> {
    retried(|| attempt(app, timer, held, look, fit)).await
}

async fn attempt(
    app: &App,
    timer: &Claim,
    held: &Held,
    look: &Look,
    fit: bool,
) -> Result<Decided, JobError> {
    let mut tx = app.db.begin(held.tenant).await?;
    let opened = opened_in_tx(app, &mut tx, timer).await?;
    let Some((mut file, claimed)) = opened.filter(|(_, one)| one.lease.token == held.token) else {
        return Err(JobError::later("the message was claimed anew"));
    };
    file.look_up_in_tx(&mut tx, &held.invoice_ids).await?;
    let (channel, except) = (claimed.step.channel, Some(held.message_id.uuid()));
    let contact = file
        .contact_in_tx(&mut tx, channel, &held.invoice_ids, file.now, None, except)
        .await?;
    let answer = last_look(&LastLook {
        message: &claimed,
        case: &file.case,
        answers: &look.answers,
        since_look: look.asked.elapsed(),
        holds: &file.holds,
        unapplied: &file.unapplied,
        contact: &contact,
        today: file.today(),
        now: file.now,
    });
    let answer = answer.map_err(JobError::failed)?;
    if answer.verdict == LookVerdict::LookAgain {
        return Ok(Decided::LookAgain);
    }
    let subject = held.message_id.uuid();
    decision::insert_in_tx(&mut tx, held.tenant, subject, &answer.decision).await?;
    let case = Opened { tx, file, claimed };
    match answer.verdict {
        LookVerdict::Go if channel != Channel::Email => {
            case.pass_to_person(timer, held, look).await
        }
        LookVerdict::Go if !fit => case.unfit(timer).await,
        LookVerdict::Go => case.hand_off(app, held, look).await,
        LookVerdict::Superseded(reason) => case.supersede(timer, look, reason).await,
        LookVerdict::Suppressed(reason) => case.suppress(timer, reason, answer.decision).await,
        LookVerdict::PutOff(reason, until) => {
            let Opened {
                mut tx,
                file,
                mut claimed,
            } = case;
            claimed.put_off(reason, until).map_err(JobError::later)?;
            frequency::give_back_in_tx(&mut tx, file.tenant, subject).await?;
            message::update_in_tx(&mut tx, file.tenant, &claimed).await?;
            outcome::again(timer, tx, until, "put_off")
                .await
                .map(Decided::Settled)
        }
        LookVerdict::LookAgain => Ok(Decided::LookAgain),
    }
}

/// The case under its lock, with the message that was claimed.
struct Opened {
    tx: Tx,
    file: CaseFile,
    claimed: Message,
}

impl Opened {
    /// The last commit before the connection.
    async fn hand_off(mut self, app: &App, held: &Held, look: &Look) -> Result<Decided, JobError> {
        if !app
            .timing
            .may_send(look.asked.elapsed(), held.since.elapsed())
        {
            // Not begun, so nothing is lost: a fresh look, or the next claim once the lease is dead.
            if held
                .since
                .elapsed()
                .saturating_add(app.timing.send_timeout())
                > app.timing.lease()
            {
                return Err(JobError::later("too little is left of the lease"));
            }
            return Ok(Decided::LookAgain);
        }
        let now_real = message::real_time_in_tx(&mut self.tx).await?;
        let (case, now) = (&self.file.case, self.file.now);
        let handed = self
            .claimed
            .hand_off(case, held.token, look.time, now, now_real);
        handed.map_err(JobError::later)?;
        message::update_in_tx(&mut self.tx, held.tenant, &self.claimed).await?;
        fault::point("reminders.send.before_hand_off");
        self.tx.commit().await?;
        fault::point("reminders.send.handing_off");
        Ok(Decided::HandOver)
    }

    /// The address or the sender's is none: a person mends it.
    async fn unfit(mut self, timer: &Claim) -> Result<Decided, JobError> {
        let event = self.claimed.park(&self.file.case, Reason::AddressRefused);
        let event = event.map_err(JobError::later)?;
        let subject = self.claimed.message_id.uuid();
        frequency::give_back_in_tx(&mut self.tx, self.file.tenant, subject).await?;
        let kind = TaskKind::Undeliverable;
        self.file
            .parked_in_tx(&mut self.tx, &self.claimed, kind, event)
            .await?;
        outcome::finish(timer, self.tx, self.file, "parked")
            .await
            .map(Decided::Settled)
    }

    /// A call or a letter: a task for a person.
    async fn pass_to_person(
        mut self,
        timer: &Claim,
        held: &Held,
        look: &Look,
    ) -> Result<Decided, JobError> {
        let now_real = message::real_time_in_tx(&mut self.tx).await?;
        let task_id = TaskId::new(Uuid::now_v7());
        let case = &self.file.case;
        let handed = self
            .claimed
            .hand_to_person(case, held.token, task_id, look.time, now_real);
        handed.map_err(JobError::later)?;
        let channel = self.claimed.step.channel;
        let new = NewTask {
            task_id,
            permitted: self.permitted(),
            message_id: Some(held.message_id),
            step_code: Some(self.claimed.step.step_code.clone()),
            invoice_ids: held.invoice_ids.clone(),
            ..self.file.new_task(match channel {
                Channel::Letter => TaskKind::Letter,
                Channel::Call | Channel::Email => TaskKind::Call,
            })
        };
        let totals = CaseFile::totals(self.claimed.totals())?;
        self.file.open_task_in_tx(&mut self.tx, new, totals).await?;
        message::update_in_tx(&mut self.tx, held.tenant, &self.claimed).await?;
        self.file.note(&self.claimed);
        outcome::finish(timer, self.tx, self.file, "with_person")
            .await
            .map(Decided::Settled)
    }

    /// The stretch in which a call is permitted now.
    fn permitted(&self) -> Option<(calendar::Timestamp, calendar::Timestamp)> {
        let file = &self.file;
        let policy = file.policy(file.today())?;
        let zones = file.zones.candidates();
        let channel = self.claimed.step.channel;
        let until = policy.definition.permitted_until(channel, zones, file.now);
        (channel == Channel::Call && until > file.now).then_some((file.now, until))
    }

    /// The facts changed: what invoicing answered is taken over first, then the case is judged anew
    /// and what is due by now is queued.
    async fn supersede(
        mut self,
        timer: &Claim,
        look: &Look,
        reason: Reason,
    ) -> Result<Decided, JobError> {
        for answer in &look.answers {
            self.file.apply_in_tx(&mut self.tx, answer.clone()).await?;
        }
        self.claimed.supersede(reason).map_err(JobError::later)?;
        self.file
            .ended_in_tx(&mut self.tx, &self.claimed, None)
            .await?;
        let asked = Asked {
            on: self.file.today(),
            at: self.file.now,
            min_level: Level::NONE,
            except: None,
        };
        let mut queued = None;
        if let Some(judgement) = self.file.judge_in_tx(&mut self.tx, &asked).await? {
            let run = self.claimed.dunning_run_id;
            let (file, tx) = (&mut self.file, &mut self.tx);
            queued = queue_in_tx(file, tx, judgement, run).await?.timer;
        }
        let mut tried = outcome::finish(timer, self.tx, self.file, "superseded").await?;
        tried.scheduled.extend(queued);
        Ok(Decided::Settled(tried))
    }

    async fn suppress(
        mut self,
        timer: &Claim,
        reason: Reason,
        told: Decision,
    ) -> Result<Decided, JobError> {
        let event = self.claimed.suppress(&self.file.case, reason, told);
        self.file.tell([event.map_err(JobError::later)?]);
        if reason == Reason::UnappliedCashCovers {
            apply_cash_in_tx(&mut self.file, &mut self.tx, &self.claimed).await?;
        }
        self.file
            .ended_in_tx(&mut self.tx, &self.claimed, Some(reason))
            .await?;
        outcome::finish(timer, self.tx, self.file, "suppressed")
            .await
            .map(Decided::Settled)
    }
}
