//! The timer of a case: what is due on it now, by the facts of now (CC-11).
//!
//! 1. A promise whose term has passed is judged only once everything that invoicing had told by then
//!    has acted here: its head is read, and the cursor waited for. Without an answer, later.
//! 2. Under the lock of the case: holds whose last day has passed end, promises are judged.
//! 3. Where the strategy goes by the timer, the case is judged, and what is due is queued. After an
//!    outage that is the current step alone: the ladder knows no other (DU-9).
//! 4. The timer goes on to what is planned next, or ends.

use std::sync::Arc;

use calendar::SignedDuration;
use postgres::{TenantId, Tx, retried};
use runtime::Errand;
use timers::{Claim, JobError, Scheduled, Settled};

use super::queueing::queue_in_tx;
use crate::app::App;
use crate::domain::code::Level;
use crate::domain::id::CaseId;
use crate::domain::strategy::StepTrigger;
use crate::store::case_file::{Asked, CaseFile, LOOK};

/// The timer of a case.
pub const KIND: &str = LOOK;

/// Two looks are never nearer, whatever a plan says: one that finds nothing to do cannot turn in a
/// circle.
const APART: SignedDuration = SignedDuration::from_secs(60);

/// What a look came to.
enum Looked {
    /// The timer is settled.
    Done(Settled, Option<Scheduled>),
    /// A promise is to be judged, and it is not known that everything has been heard.
    NotHeard,
}

/// Looks at a case.
///
/// # Errors
/// [`JobError`]: invoicing or the database does not answer, or the lease is lost.
pub async fn run(app: Arc<App>, claim: Claim) -> Result<Settled, JobError> {
    let mut heard = false;
    loop {
        match retried(|| look(&app, &claim, heard)).await? {
            Looked::Done(settled, queued) => {
                app.announce();
                app.wakeups.announce(queued);
                return Ok(settled);
            }
            Looked::NotHeard => hear(&app, claim.tenant).await?,
        }
        heard = true;
    }
}

async fn look(app: &App, claim: &Claim, heard: bool) -> Result<Looked, JobError> {
    let case_id = CaseId::new(claim.subject_id);
    let mut tx = app.db.begin(claim.tenant).await?;
    let file = CaseFile::lock_in_tx(&mut tx, claim.tenant, case_id, app.clock.now()).await?;
    let Some(mut file) = file else {
        let settled = timers::finish_in_tx(&mut tx, claim).await?;
        tx.commit().await?;
        return Ok(Looked::Done(settled, None));
    };
    if file.has_promise_to_judge() && !heard {
        return Ok(Looked::NotHeard);
    }
    file.expire_holds_in_tx(&mut tx).await?;
    file.judge_promises_in_tx(&mut tx).await?;
    let queued = take_step_in_tx(&mut file, &mut tx).await?;
    let next = file.write_in_tx(&mut tx, "").await?;
    let settled = match next {
        Some(next) => {
            let next = next.max(file.now.saturating_add(APART).unwrap_or(next));
            timers::reschedule_in_tx(&mut tx, claim, next).await?
        }
        None => timers::finish_in_tx(&mut tx, claim).await?,
    };
    tx.commit().await?;
    Ok(Looked::Done(settled, queued))
}

/// Queues the step that is due, where the strategy goes by the timer.
async fn take_step_in_tx(file: &mut CaseFile, tx: &mut Tx) -> Result<Option<Scheduled>, JobError> {
    let by_timer = file
        .strategy()
        .is_some_and(|(version, _)| version.definition.step_trigger == StepTrigger::Timer);
    if !by_timer {
        return Ok(None);
    }
    let asked = Asked {
        on: file.today(),
        at: file.now,
        min_level: Level::NONE,
        except: None,
    };
    let Some(judgement) = file.judge_in_tx(tx, &asked).await? else {
        return Ok(None);
    };
    Ok(queue_in_tx(file, tx, judgement, None).await?.timer)
}

/// Waits until everything that invoicing has told by now has acted here.
async fn hear(app: &App, tenant: TenantId) -> Result<(), JobError> {
    let caught_up = events::caught_up(&app.db, &app.invoicing, Errand::of_job(tenant, ""));
    caught_up
        .await
        .map_err(|behind| behind.or_db().map_or_else(JobError::later, JobError::Db))
}
