//! Drives an operation on whose request was cut short: asks invoicing again by the same ids until it
//! has answered (P9).

use std::sync::Arc;

use postgres::operations;
use runtime::Errand;
use serde::Deserialize as _;
use timers::{Claim, JobError, Settled};

use super::operation::{self, Progress};
use super::unfinished;
use crate::app::App;

/// The kind of timer; its subject is the operation.
pub const KIND: &str = "drive_operation";

/// 1. Load the operation; 2. drive it to its end, for nobody's sake but its own; 3. end the timer,
///    unless the operation's last transaction did.
pub async fn run(app: Arc<App>, claim: Claim) -> Result<Settled, JobError> {
    let mut tx = app.db.begin(claim.tenant).await?;
    let found = operations::lock_in_tx(&mut tx, claim.tenant, claim.subject_id).await?;
    tx.commit().await?;
    let operation = found.ok_or_else(|| JobError::failed("there is no such operation"))?;
    let progress = Progress::deserialize(&operation.progress).map_err(JobError::failed)?;
    let errand = Errand::of_job(claim.tenant, &progress.traceparent);
    operation::drive(&app, operation, errand)
        .await
        .map_err(unfinished)?;
    let mut tx = app.db.begin(claim.tenant).await?;
    timers::cancel_in_tx(&mut tx, claim.tenant, KIND, claim.subject_id).await?;
    tx.commit().await?;
    Ok(Settled::elsewhere())
}
