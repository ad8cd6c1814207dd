//! The timer of a dunning run: its cases are judged one after the other, each in a transaction of its
//! own, with the place in that transaction. A run that is cut goes on where it was; one that is
//! repeated finds that every case has had its message (DU-9).

use std::sync::Arc;
use std::time::Duration;

use calendar::{Date, Timestamp};
use postgres::{Tx, retried};
use timers::{Claim, JobError, Scheduled, Settled};
use tokio::time::Instant;

use super::queueing::{Queued, queue_in_tx};
use crate::app::App;
use crate::domain::decision::Findings;
use crate::domain::dunning_run::{DunningOutcome, DunningRun, DunningRunResult};
use crate::domain::id::{CaseId, DunningRunId};
use crate::domain::judgement::Judgement;
use crate::domain::letter::{Line, StepReference, totals};
use crate::events::outbound;
use crate::store::case_file::{Asked, CaseFile};
use crate::store::dunning_run::item::{self, DunningRunItem};
use crate::store::{decision, dunning_run};

/// The timer of a dunning run.
pub const KIND: &str = "dunning_run";

/// How long one turn goes on before the timer is given back, well inside its lease.
const TURN: Duration = Duration::from_secs(8);

/// What came of one case.
enum Step {
    /// It was judged; these timers were scheduled.
    Judged(Vec<Scheduled>),
    /// There was none left: the run is complete, and its timer settled.
    Complete(Settled),
}

/// Judges cases of a run until it is complete or the turn is over.
///
/// # Errors
/// [`JobError`]: the database does not answer, or the lease is lost.
pub async fn run(app: Arc<App>, claim: Claim) -> Result<Settled, JobError> {
    let until = Instant::now() + TURN;
    while Instant::now() < until {
        match retried(|| judge_next(&app, &claim)).await? {
            Step::Judged(scheduled) => app.wakeups.announce(scheduled),
            Step::Complete(settled) => {
                app.announce();
                return Ok(settled);
            }
        }
    }
    let mut tx = app.db.begin(claim.tenant).await?;
    let settled = timers::reschedule_in_tx(&mut tx, &claim, app.clock.now()).await?;
    tx.commit().await?;
    app.announce();
    Ok(settled)
}

async fn judge_next(app: &App, claim: &Claim) -> Result<Step, JobError> {
    let run_id = DunningRunId::new(claim.subject_id);
    let mut tx = app.db.begin(claim.tenant).await?;
    let Some((run, after)) = dunning_run::lock_in_tx(&mut tx, claim.tenant, run_id).await? else {
        return Err(JobError::failed("there is no such run"));
    };
    let next = dunning_run::cases_in_tx(&mut tx, claim.tenant, &run.filter, after, 1).await?;
    let Some(case_id) = next.first().copied() else {
        return complete(app, claim, tx, run).await.map(Step::Complete);
    };
    let scheduled = judge_case_in_tx(app, &mut tx, claim, &run, case_id).await?;
    dunning_run::move_on_in_tx(&mut tx, claim.tenant, run_id, case_id).await?;
    tx.commit().await?;
    Ok(Step::Judged(scheduled))
}

/// A preview judges as the run would and changes no case.
async fn judge_case_in_tx(
    app: &App,
    tx: &mut Tx,
    claim: &Claim,
    run: &DunningRun,
    case_id: CaseId,
) -> Result<Vec<Scheduled>, JobError> {
    let (tenant, now) = (claim.tenant, app.clock.now());
    let file = match run.queues() {
        true => CaseFile::lock_in_tx(tx, tenant, case_id, now).await?,
        false => CaseFile::read_in_tx(tx, tenant, case_id, now).await?,
    };
    let Some(mut file) = file else {
        return Ok(Vec::new());
    };
    let on = run.judged_date(file.today());
    let asked = Asked {
        on,
        at: instant_of(&file, on)?,
        min_level: run.filter.min_level,
        except: None,
    };
    let judgement = file.judge_in_tx(tx, &asked).await?;
    let mut item = item_of(tx, &file, run, judgement.as_ref()).await?;
    let mut scheduled = Vec::new();
    if let Some(judgement) = judgement.filter(|_| run.queues()) {
        let queued = queue_in_tx(&mut file, tx, judgement, Some(run.dunning_run_id)).await?;
        let Queued { message_id, timer } = queued;
        item.message_id = message_id;
        scheduled.extend(timer);
        scheduled.extend(file.save_in_tx(tx, "").await?);
    }
    item::insert_in_tx(tx, tenant, run.dunning_run_id, &item).await?;
    Ok(scheduled)
}

/// The instant at which the contact rules are asked: now, or the beginning of a day to come.
fn instant_of(file: &CaseFile, on: Date) -> Result<Timestamp, JobError> {
    let begins = file.zones.start_of_day(on).map_err(JobError::failed)?;
    Ok(begins.max(file.now))
}

async fn item_of(
    tx: &mut Tx,
    file: &CaseFile,
    run: &DunningRun,
    judgement: Option<&Judgement>,
) -> Result<DunningRunItem, JobError> {
    let outcome = judgement.map_or(DunningOutcome::NothingDue, Judgement::outcome);
    let (step, lines) = judgement.map(asked_for).unwrap_or_default();
    let version = file.strategy().map(|(version, _)| version.name());
    let findings = judgement.map_or_else(no_strategy, |judgement| judgement.findings.clone());
    let told = findings.conclude(outcome, &version.unwrap_or_default(), file.now);
    let run_id = run.dunning_run_id.uuid();
    Ok(DunningRunItem {
        case_id: file.case.case_id,
        customer_id: file.case.customer_id,
        result: DunningRunResult {
            outcome,
            step,
            totals: totals(&lines).map_err(JobError::failed)?,
        },
        lines,
        message_id: None,
        postponed_to: match (outcome, judgement) {
            (DunningOutcome::Postponed, Some(judgement)) => postponed_to(file, judgement)?,
            _ => None,
        },
        decision_id: decision::insert_in_tx(tx, file.tenant, run_id, &told).await?,
    })
}

/// The gravest step, and what is asked for or was kept out.
fn asked_for(judgement: &Judgement) -> (Option<StepReference>, Vec<Line>) {
    if let Some(letter) = &judgement.letter {
        return (Some(letter.step.clone()), letter.lines.clone());
    }
    let gravest = judgement.kept_out.iter().max_by_key(|kept| kept.step.level);
    let put_off = judgement.postponed.as_ref().map(|(step, _)| step);
    let step = gravest.map(|kept| &kept.step).or(put_off);
    let lines = judgement
        .kept_out
        .iter()
        .flat_map(|kept| kept.lines.clone());
    (step.cloned(), lines.collect())
}

fn postponed_to(file: &CaseFile, judgement: &Judgement) -> Result<Option<Timestamp>, JobError> {
    if let Some((_, from)) = judgement.not_before {
        return Ok(Some(from));
    }
    let day = judgement.postponed.as_ref().map(|(_, day)| *day);
    let begins = day.map(|day| file.zones.start_of_day(day)).transpose();
    begins.map_err(JobError::failed)
}

fn no_strategy() -> Findings {
    let mut findings = Findings::new();
    findings.rule("DU-9", false, "no strategy serves the customer");
    findings
}

async fn complete(
    app: &App,
    claim: &Claim,
    mut tx: Tx,
    mut run: DunningRun,
) -> Result<Settled, JobError> {
    let (tenant, now) = (claim.tenant, app.clock.now());
    let summary = item::summary_in_tx(&mut tx, tenant, run.dunning_run_id).await?;
    let event = run.complete(&summary, now).map_err(JobError::failed)?;
    dunning_run::update_in_tx(&mut tx, tenant, &run).await?;
    if let Some(event) = event {
        let told = outbound::announce(run.revision, now, &event);
        events::append_in_tx(&mut tx, tenant, "", &[told]).await?;
    }
    let settled = timers::finish_in_tx(&mut tx, claim).await?;
    tx.commit().await?;
    Ok(settled)
}
