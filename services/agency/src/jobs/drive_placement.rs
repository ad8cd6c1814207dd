//! Drives a placement through its protocol with reminders and invoicing (P19): out to the agency,
//! and back. The RPC that places a debt and the timer do the same here; whoever of them comes, asks
//! what is to be done next, asks the peer outside of any transaction, and books the answer under
//! the lock of the placement's row, where the domain judges it anew.
//!
//! ```text
//! PENDING_HOLD     ask reminders to hold ─→ quiet? wait ─→ ask invoicing ─→ ACTIVE, or nothing left
//! PENDING_RECALL   wait for the end of the notice
//! PENDING_RELEASE  ask for the hold once more where its answer is unknown ─→ give it back ─→ ended
//! ```
//!
//! No answer leaves everything as it is, to be asked again (P9). Two that drive the same placement
//! do each other no harm: questions are repeatable, and of two answers the second finds the
//! placement moved on.

mod answer;
mod batch;
mod hold;
mod look;
mod release;
pub mod start;

use std::sync::Arc;
use std::time::Duration;

use calendar::{SignedDuration, Timestamp};
use opentelemetry::KeyValue;
use postgres::{DbError, Retryable, TenantId, Tx, audit};
use runtime::{Errand, PeerError, Refusal};
use timers::{Claim, JobError, Settled};
use tonic::Code;

use crate::SERVICE;
use crate::app::App;
use crate::clients::NoAnswer;
use crate::domain::identity::{InvoiceId, PlacementId};
use crate::domain::placement::{
    HoldStep, Placement, PlacementError, PlacementInvoice, PlacementState, ReleaseStep,
};
use crate::rpc::error;
use crate::store;

/// The timer of a placement that waits for something by itself.
pub const KIND: &str = "drive_placement";

/// When a placement whose driver died is looked at again.
pub const CHECK_AFTER: SignedDuration = SignedDuration::from_secs(15);

/// How long a job waits for quiet before it leaves that to a later try: well inside its lease.
const LONGEST_WAIT: Duration = Duration::from_secs(10);

/// How often a step is taken over: looks that were overtaken, quiet that came later.
const MOST_STEPS: usize = 32;

/// What driving came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Driven {
    /// Nothing is left to do by itself, now.
    Done,
    /// A message may still be on its way until this instant of real time.
    NotQuiet(Timestamp),
}

/// Why a placement was not driven on.
#[derive(Debug, thiserror::Error)]
pub enum DriveError {
    /// A peer does not answer.
    #[error(transparent)]
    Peer(#[from] NoAnswer),
    /// The database.
    #[error(transparent)]
    Db(#[from] DbError),
    /// What the domain found, which it should not.
    #[error(transparent)]
    Placement(#[from] PlacementError),
    /// Something that must be there is not.
    #[error("{0}")]
    Missing(&'static str),
}

impl Retryable for DriveError {
    fn is_retryable(&self) -> bool {
        matches!(self, Self::Db(error) if error.is_retryable())
    }
}

impl From<DriveError> for JobError {
    fn from(error: DriveError) -> Self {
        match error {
            DriveError::Db(error) => Self::Db(error),
            DriveError::Peer(NoAnswer::Later(error)) => Self::later(error),
            other => Self::failed(other),
        }
    }
}

impl From<DriveError> for Refusal {
    fn from(error: DriveError) -> Self {
        match error {
            DriveError::Db(error) => error.into(),
            DriveError::Peer(NoAnswer::Later(PeerError {
                code: Code::DeadlineExceeded,
                ..
            })) => Self::deadline(),
            DriveError::Peer(NoAnswer::Later(error)) => error::peer_unavailable(&error),
            other => Self::internal(other),
        }
    }
}

/// The handler of the timer. The placement's own transactions move or cancel it.
///
/// # Errors
/// [`JobError`].
pub async fn run(app: Arc<App>, claim: Claim) -> Result<Settled, JobError> {
    let placement_id = PlacementId::new(claim.subject_id);
    loop {
        let errand = Errand::of_job(claim.tenant, "");
        match drive(&app, &errand, claim.tenant, placement_id).await? {
            Driven::Done => break,
            Driven::NotQuiet(quiet) => {
                let wait = until(quiet, app.real_clock.now());
                if wait > LONGEST_WAIT {
                    return Err(JobError::later("a message may still be on its way"));
                }
                tokio::time::sleep(wait).await;
            }
        }
    }
    // One that is at rest has no timer any more; a stale one ends here.
    let mut tx = app.db.begin(claim.tenant).await?;
    let placement = store::placement::find_in_tx(&mut tx, claim.tenant, placement_id).await?;
    let at_rest = placement.is_none_or(|placement| placement.next_check_time.is_none());
    if !at_rest {
        return Ok(Settled::elsewhere());
    }
    timers::cancel_in_tx(&mut tx, claim.tenant, KIND, claim.subject_id).await?;
    tx.commit().await?;
    Ok(Settled::elsewhere())
}

/// The real time from now until just after an instant.
#[must_use]
pub fn until(quiet: Timestamp, now: Timestamp) -> Duration {
    let left = Duration::try_from(quiet.duration_since(now)).unwrap_or_default();
    left.saturating_add(Duration::from_millis(1))
}

/// Drives a placement on as far as it goes now.
///
/// # Errors
/// [`DriveError`]; what was done before it stands.
pub async fn drive(
    app: &App,
    errand: &Errand,
    tenant: TenantId,
    placement_id: PlacementId,
) -> Result<Driven, DriveError> {
    let of = Driving {
        app,
        errand,
        tenant,
        placement_id,
    };
    for _ in 0..MOST_STEPS {
        match of.next_step().await? {
            Step::Rest => return Ok(Driven::Done),
            Step::Await(quiet) => return Ok(Driven::NotQuiet(quiet)),
            Step::Start => start::start(&of).await?,
            Step::EndNotice => release::end_notice(&of).await?,
            Step::AskHold(placement, invoices) => hold::ask(&of, &placement, &invoices).await?,
            Step::Look(invoices) => look::take(&of, &invoices).await?,
            Step::Release(placement, step) => release::give_back(&of, &placement, step).await?,
        }
    }
    Err(DriveError::Missing("the placement comes to no rest"))
}

/// Counts a placement that has settled, by the state it is in now.
fn count(app: &App, placement: &Placement) {
    let state = placement.state;
    if state == PlacementState::Active || state.is_final() {
        let state = KeyValue::new("state", state.name());
        app.metrics.settled_placements.add(1, &[state]);
    }
}

/// One placement on its way.
struct Driving<'a> {
    app: &'a App,
    errand: &'a Errand,
    tenant: TenantId,
    placement_id: PlacementId,
}

/// What is to be done next.
enum Step {
    Rest,
    Await(Timestamp),
    Start,
    EndNotice,
    AskHold(Box<Placement>, Vec<InvoiceId>),
    Look(Vec<InvoiceId>),
    Release(Box<Placement>, ReleaseStep),
}

impl Driving<'_> {
    /// Read without a lock: whatever is done about it looks again under one.
    async fn next_step(&self) -> Result<Step, DriveError> {
        let mut tx = self.app.db.begin_read(self.tenant).await?;
        let placement = store::placement::find_in_tx(&mut tx, self.tenant, self.placement_id);
        let Some(placement) = placement.await? else {
            return Ok(Step::Rest);
        };
        let invoices =
            store::placement_invoice::of_in_tx(&mut tx, self.tenant, self.placement_id).await?;
        tx.commit().await?;
        Ok(match placement.state {
            PlacementState::Approved if placement.placement_batch_id.is_some() => Step::Start,
            PlacementState::PendingHold => self.hold_step(placement, &invoices)?,
            PlacementState::PendingRecall => {
                let due = placement.recall.as_ref().and_then(|recall| recall.due_time);
                match due.is_some_and(|due| due <= self.app.clock.now()) {
                    true => Step::EndNotice,
                    false => Step::Rest,
                }
            }
            _ => match placement.release_step(&invoices) {
                Some(ReleaseStep::AskHold) => {
                    Step::AskHold(Box::new(placement), all_ids(&invoices))
                }
                Some(step) => Step::Release(Box::new(placement), step),
                None => Step::Rest,
            },
        })
    }

    fn hold_step(
        &self,
        placement: Placement,
        invoices: &[PlacementInvoice],
    ) -> Result<Step, DriveError> {
        Ok(match placement.hold_step(self.app.real_clock.now())? {
            HoldStep::AskHold => Step::AskHold(Box::new(placement), all_ids(invoices)),
            HoldStep::AwaitQuiet(quiet) => Step::Await(quiet),
            HoldStep::TakeLook => Step::Look(all_ids(invoices)),
        })
    }
}

impl Driving<'_> {
    /// Leaves an entry of what was done by itself.
    async fn audit_in_tx(
        &self,
        tx: &mut Tx,
        facts: serde_json::Value,
        at: Timestamp,
    ) -> Result<(), DbError> {
        let entry = audit::Entry {
            tenant: self.tenant,
            actor: "system".to_owned(),
            caller: SERVICE.to_owned(),
            method: KIND.to_owned(),
            request_id: String::new(),
            subject: format!("placement/{}", self.placement_id),
            facts,
            traceparent: String::new(),
            recorded_time: at,
        };
        audit::record_in_tx(tx, &entry).await
    }
}

fn all_ids(invoices: &[PlacementInvoice]) -> Vec<InvoiceId> {
    invoices.iter().map(|one| one.invoice_id).collect()
}
