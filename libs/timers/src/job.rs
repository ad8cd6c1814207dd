//! One claimed timer from the handler's start to what becomes of it.

use std::fmt::Display;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::Duration;

use futures_util::FutureExt as _;
use postgres::{DbError, Retryable};
use tokio::time::{Instant, timeout_at};

use crate::quiet::RunningGuard;
use crate::settle::{self, LeaseError, Settled};
use crate::workers::Setup;
use crate::{Claim, Scheduled};

/// Why a handler did not settle its claim. Texts go to operators and into the row: no
/// personal data.
#[derive(Debug, thiserror::Error)]
pub enum JobError {
    /// Somebody else decides about the timer now: nothing is to be done.
    #[error("the lease was lost")]
    LeaseLost,
    /// It waits for somebody else: a peer that does not answer, a feed that is behind. Tried
    /// again for ever, after a growing pause; never parked.
    #[error("for the moment: {0}")]
    Later(String),
    /// It went wrong: tried so many times, then parked with this reason.
    #[error("{0}")]
    Failed(String),
    /// The database failed. Out of reach or overloaded counts as [`JobError::Later`],
    /// anything else as [`JobError::Failed`].
    #[error(transparent)]
    Db(#[from] DbError),
}

impl JobError {
    /// [`JobError::Later`] for this reason.
    pub fn later(reason: impl Display) -> Self {
        Self::Later(reason.to_string())
    }

    /// [`JobError::Failed`] for this reason.
    pub fn failed(reason: impl Display) -> Self {
        Self::Failed(reason.to_string())
    }
}

impl From<LeaseError> for JobError {
    fn from(error: LeaseError) -> Self {
        match error {
            LeaseError::LeaseLost => Self::LeaseLost,
            LeaseError::Db(error) => Self::Db(error),
        }
    }
}

impl From<sqlx::Error> for JobError {
    fn from(error: sqlx::Error) -> Self {
        Self::Db(error.into())
    }
}

impl Retryable for JobError {
    fn is_retryable(&self) -> bool {
        matches!(self, Self::Db(error) if error.is_retryable())
    }
}

/// What the dispatcher has to know of a job that ended.
#[derive(Debug, Default)]
pub(crate) struct Ended {
    /// The handler scheduled the timer anew.
    pub(crate) next: Option<Scheduled>,
    /// It is to be tried again after this pause of real time.
    pub(crate) retry: Option<(Scheduled, Duration)>,
}

/// Longest reason that is kept, in characters.
const REASON_LIMIT: usize = 500;

/// Runs the handler of the claim and takes note of what came of it.
pub(crate) async fn run(setup: Arc<Setup>, claim: Claim, _running: RunningGuard) -> Ended {
    let began = Instant::now();
    let outcome = match handle(&setup, &claim).await {
        Ok(settled) => {
            setup.metrics.ended(&claim, "done", began.elapsed());
            return Ended {
                next: settled.next,
                retry: None,
            };
        }
        Err(error) => Unsettled::from(error),
    };
    setup
        .metrics
        .ended(&claim, outcome.label(&setup, &claim), began.elapsed());
    let noted = match &outcome {
        Unsettled::Lost => return Ended::default(),
        Unsettled::Later(reason) => put_off(&setup, &claim, reason).await,
        Unsettled::Failed(reason) => fail(&setup, &claim, reason).await,
    };
    let retry = noted.unwrap_or_else(|error| {
        tracing::warn!(%error, "a failed try was not noted; the timer waits for its lease to end");
        None
    });
    Ended {
        next: None,
        retry: retry.map(|pause| (claim.scheduled(), pause)),
    }
}

/// An error, by what is to be done about it.
#[derive(Debug)]
enum Unsettled {
    Lost,
    Later(String),
    Failed(String),
}

impl From<JobError> for Unsettled {
    fn from(error: JobError) -> Self {
        match error {
            JobError::LeaseLost => Self::Lost,
            JobError::Later(reason) => Self::Later(reason),
            JobError::Failed(reason) => Self::Failed(reason),
            JobError::Db(error) if error.is_unavailable() || error.is_retryable() => {
                Self::Later(error.to_string())
            }
            JobError::Db(error) => Self::Failed(error.to_string()),
        }
    }
}

impl Unsettled {
    fn label(&self, setup: &Setup, claim: &Claim) -> &'static str {
        match self {
            Self::Lost => "lost",
            Self::Later(_) => "later",
            Self::Failed(_) if is_last(setup, claim) => "parked",
            Self::Failed(_) => "failed",
        }
    }
}

/// The handler's answer; a panic and running out of time are failures, too.
async fn handle(setup: &Setup, claim: &Claim) -> Result<Settled, JobError> {
    if claim.attempt > setup.config.max_attempts() {
        // Tries count from their beginning, so that one which takes the process down with it
        // does not go on for ever.
        return Err(JobError::failed(
            "no try came to an end: the process died in each",
        ));
    }
    let Some(handler) = setup.handlers.get(claim.kind.as_str()) else {
        return Err(JobError::failed(
            "there is no handler for this kind of timer",
        ));
    };
    // The call itself may panic, before there is a future.
    let work = AssertUnwindSafe(async { handler(claim.clone()).await }).catch_unwind();
    match timeout_at(claim.stop_time, work).await {
        Ok(Ok(answer)) => answer,
        Ok(Err(_)) => Err(JobError::failed("the handler panicked")),
        Err(_) => Err(JobError::failed("the handler took longer than its lease")),
    }
}

fn is_last(setup: &Setup, claim: &Claim) -> bool {
    claim.attempt >= setup.config.max_attempts()
}

async fn put_off(setup: &Setup, claim: &Claim, reason: &str) -> Result<Option<Duration>, DbError> {
    let pause = setup.config.pause(claim.postponed.saturating_add(1));
    tracing::info!(reason, ?pause, "timer put off");
    let held = settle::put_off(&setup.db, claim, pause, false).await?;
    Ok(held.then_some(pause))
}

/// Parks the timer after its last try, else gives it a pause.
async fn fail(setup: &Setup, claim: &Claim, reason: &str) -> Result<Option<Duration>, DbError> {
    if is_last(setup, claim) {
        let reason: String = reason.chars().take(REASON_LIMIT).collect();
        if settle::park(&setup.db, claim, &reason, setup.clock.now()).await? {
            tracing::error!(reason, "timer parked: it failed too often");
        }
        return Ok(None);
    }
    let pause = setup.config.pause(claim.attempt);
    tracing::warn!(reason, ?pause, "timer failed; trying again");
    let held = settle::put_off(&setup.db, claim, pause, true).await?;
    Ok(held.then_some(pause))
}
