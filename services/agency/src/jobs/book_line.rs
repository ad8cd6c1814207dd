//! A line of a remittance on its way to a receipt for all that the debtor paid (AY-6): payments
//! records the receipt, then applies it. Asked under identities that follow from the line, so that
//! whatever happens to an answer, the same question finds the same receipt (P9, P20).
//!
//! Invoicing's event of the application books the line; where nothing could be applied, the answer
//! does.

use std::sync::Arc;

use calendar::{SignedDuration, Timestamp};
use money::Money;
use postgres::{TenantId, Tx, retried};
use runtime::{Errand, PeerError};
use timers::{Claim, JobError, Settled};
use tonic::Code;

use super::booked::{self, BookError};
use super::locked::{Cause, LockedPlacement};
use crate::app::App;
use crate::clients::has_decided;
use crate::domain::event::Event;
use crate::domain::identity::RemittanceLineId;
use crate::domain::remittance_line::{LineStep, RemittanceLine};
use crate::store;

/// The timer of a line that waits.
pub const KIND: &str = "book_line";

/// Answers that make no sense, before a person looks into it, and the time between two.
const MAX_TRIES: i32 = 20;
const BETWEEN_TRIES: SignedDuration = SignedDuration::from_mins(1);

impl From<BookError> for JobError {
    fn from(error: BookError) -> Self {
        match error {
            BookError::Db(error) => Self::Db(error),
            other => Self::failed(other),
        }
    }
}

/// The handler of the timer.
///
/// # Errors
/// [`JobError`].
pub async fn run(app: Arc<App>, claim: Claim) -> Result<Settled, JobError> {
    let line_id = RemittanceLineId::new(claim.subject_id);
    let of = Booking {
        app: &app,
        tenant: claim.tenant,
        line_id,
    };
    let mut tx = app.db.begin_read(claim.tenant).await?;
    let line = store::remittance_line::find_in_tx(&mut tx, claim.tenant, line_id).await?;
    tx.commit().await?;
    match line
        .as_ref()
        .and_then(|line| line.step().map(|step| (line, step)))
    {
        Some((line, LineStep::RecordReceipt)) => of.record(line).await?,
        Some((line, LineStep::ApplyReceipt)) => of.apply(line).await?,
        None => {}
    }
    let mut tx = app.db.begin(claim.tenant).await?;
    let line = store::remittance_line::find_in_tx(&mut tx, claim.tenant, line_id).await?;
    let settled = match line.and_then(|line| line.next_check_time) {
        Some(next) => timers::reschedule_in_tx(&mut tx, &claim, next).await?,
        None => {
            timers::cancel_in_tx(&mut tx, claim.tenant, KIND, claim.subject_id).await?;
            Settled::elsewhere()
        }
    };
    tx.commit().await?;
    Ok(settled)
}

/// What is done to a line under its locks.
type Change<'a> = dyn Fn(&mut LockedPlacement, &mut RemittanceLine, Timestamp) -> Result<Option<Event>, BookError>
    + Sync
    + 'a;

/// One line on its way.
struct Booking<'a> {
    app: &'a App,
    tenant: TenantId,
    line_id: RemittanceLineId,
}

impl Booking<'_> {
    async fn record(&self, line: &RemittanceLine) -> Result<(), JobError> {
        let errand = Errand::of_job(self.tenant, "");
        match self.app.clients.record_receipt(errand, line).await {
            // Applying follows at once.
            Ok(()) => {
                self.change(&|_, line, at| Ok(line.receipt_recorded(at).map(|()| None)?))
                    .await
            }
            Err(error) => self.unanswered(&error).await,
        }
    }

    async fn apply(&self, line: &RemittanceLine) -> Result<(), JobError> {
        let mut tx = self.app.db.begin_read(self.tenant).await?;
        let placement_id = line.placement_id;
        let invoices =
            store::placement_invoice::of_in_tx(&mut tx, self.tenant, placement_id).await?;
        tx.commit().await?;
        let (errand, targets) = (Errand::of_job(self.tenant, ""), line.targets(&invoices));
        match self.app.clients.apply_receipt(errand, line, &targets).await {
            Ok(true) => Err(JobError::later("invoicing's event of the application")),
            Ok(false) => self.book_unapplied().await,
            Err(error) => self.unanswered(&error).await,
        }
    }

    /// A refusal is a person's to look into; no answer is asked for again, one that makes no sense
    /// only so often.
    async fn unanswered(&self, error: &PeerError) -> Result<(), JobError> {
        if has_decided(error) {
            let reason = error.reason.as_str();
            return self
                .change(&|locked, line, _| {
                    line.park(&mut locked.placement, reason)
                        .map(Some)
                        .map_err(BookError::from)
                })
                .await;
        }
        if !matches!(
            error.code,
            Code::Internal | Code::Unknown | Code::Unimplemented
        ) {
            return Err(JobError::later(error));
        }
        self.change(&|locked, line, at| {
            let next = at.saturating_add(BETWEEN_TRIES).unwrap_or(at);
            let parked = line.unanswered(&mut locked.placement, MAX_TRIES, next);
            parked.map_err(BookError::from)
        })
        .await
    }

    /// Changes the line under the locks of its placement and remittance.
    async fn change(&self, change: &Change<'_>) -> Result<(), JobError> {
        retried(|| async {
            let at = self.app.clock.now();
            let mut tx = self.app.db.begin(self.tenant).await?;
            let Some((mut locked, mut line)) = self.lock_in_tx(&mut tx).await? else {
                return Ok(());
            };
            let told = change(&mut locked, &mut line, at)?;
            if told.is_some() {
                let head = line.remittance_id;
                let head = store::remittance::lock_in_tx(&mut tx, self.tenant, head).await?;
                let mut head = head.ok_or(BookError::Missing("the remittance"))?;
                head.line_parked();
                store::remittance::save_in_tx(&mut tx, self.tenant, &head).await?;
            }
            store::remittance_line::update_in_tx(&mut tx, self.tenant, &line).await?;
            let told: Vec<Event> = told.into_iter().collect();
            let cause = Cause {
                at,
                traceparent: "",
            };
            locked
                .save_in_tx(&mut tx, self.tenant, cause, &told)
                .await?;
            tx.commit().await?;
            Ok(())
        })
        .await
    }

    /// Nothing of the receipt could be applied: all of it is the customer's unapplied cash, and the
    /// commission is due all the same.
    async fn book_unapplied(&self) -> Result<(), JobError> {
        retried(|| async {
            let cause = Cause {
                at: self.app.clock.now(),
                traceparent: "",
            };
            let mut tx = self.app.db.begin(self.tenant).await?;
            let Some((mut locked, mut line)) = self.lock_in_tx(&mut tx).await? else {
                return Ok(());
            };
            let nothing = Money::zero(line.gross.currency());
            let both = (&mut locked, &mut line);
            let told =
                booked::book_in_tx(self.app, &mut tx, self.tenant, both, nothing, cause).await?;
            locked
                .save_in_tx(&mut tx, self.tenant, cause, &told)
                .await?;
            tx.commit().await?;
            Ok(())
        })
        .await
    }

    /// The line with its placement, if it still waits.
    async fn lock_in_tx(
        &self,
        tx: &mut Tx,
    ) -> Result<Option<(LockedPlacement, RemittanceLine)>, JobError> {
        let seen = store::remittance_line::find_in_tx(tx, self.tenant, self.line_id).await?;
        let Some(seen) = seen else {
            return Ok(None);
        };
        let locked = LockedPlacement::lock_in_tx(tx, self.tenant, seen.placement_id).await?;
        let line = store::remittance_line::find_in_tx(tx, self.tenant, self.line_id).await?;
        Ok(locked.zip(line.filter(|line| line.step().is_some())))
    }
}
