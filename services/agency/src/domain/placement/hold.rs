//! Owns the first half of the hold protocol: asking reminders to hold the invoices, waiting until it
//! is quiet there, and what follows from each answer. Must not keep time: instants of the business
//! clock and of real time come as arguments, named apart and never mixed.

use std::collections::BTreeMap;

use calendar::Timestamp;

use super::{Placement, PlacementError, PlacementInvoice, PlacementState};
use crate::domain::agency::Agency;
use crate::domain::agreement::Agreement;
use crate::domain::identity::{CaseId, InvoiceId};

/// How far the hold in reminders has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum HoldProgress {
    /// No answer was had: it may stand or not (P9).
    Unknown,
    /// It stands.
    Placed {
        /// When the last message that was on its way has left or died, an instant of real time;
        /// none: it was quiet at once.
        quiet_time: Option<Timestamp>,
    },
    /// Reminders refused it for good.
    Refused,
}

/// What is to be done next with a placement that is PENDING_HOLD.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum HoldStep {
    /// Ask reminders to hold; the same question again does no harm.
    AskHold,
    /// Wait until this instant of real time: a message may still be on its way.
    AwaitQuiet(Timestamp),
    /// Ask invoicing what is owed, then [`Placement::activate`].
    TakeLook,
}

/// What is known when a placement is to be placed.
#[derive(Debug, Clone, Copy)]
pub struct HoldStart<'a> {
    /// The agency.
    pub agency: &'a Agency,
    /// The agreement in force today for the currency.
    pub agreement: &'a Agreement,
    /// How many placements of each invoice were ACTIVE before; none for those not listed.
    pub earlier_placements: &'a BTreeMap<InvoiceId, i32>,
    /// The invoices that another placement holds; also refused by a unique index.
    pub placed_elsewhere: &'a [InvoiceId],
    /// When to look again if nobody answers.
    pub next_check_time: Timestamp,
}

impl Placement {
    /// Starts to place an approved debt by itself.
    ///
    /// # Errors
    /// [`PlacementError::InBatch`] and those of [`Placement::start_hold_in_batch`].
    pub fn start_hold(
        &mut self,
        invoices: &mut [PlacementInvoice],
        start: &HoldStart<'_>,
    ) -> Result<(), PlacementError> {
        self.check_approved()?;
        self.check_not_in_batch()?;
        self.begin(invoices, start)
    }

    /// Starts to place a debt that a batch has taken.
    ///
    /// # Errors
    /// [`PlacementError::NotApproved`], [`PlacementError::AgencySuspended`],
    /// [`PlacementError::InvoicePlaced`]; the batch goes on without it, see
    /// [`Placement::withdraw_unplaced`].
    pub fn start_hold_in_batch(
        &mut self,
        invoices: &mut [PlacementInvoice],
        start: &HoldStart<'_>,
    ) -> Result<(), PlacementError> {
        self.check_approved()?;
        self.begin(invoices, start)
    }

    fn begin(
        &mut self,
        invoices: &mut [PlacementInvoice],
        start: &HoldStart<'_>,
    ) -> Result<(), PlacementError> {
        let takes = start.agency.check_takes_placements();
        takes.map_err(|_| PlacementError::AgencySuspended)?;
        let ours = |id: &&InvoiceId| invoices.iter().any(|one| one.invoice_id == **id);
        if let Some(placed) = start.placed_elsewhere.iter().find(ours) {
            return Err(PlacementError::InvoicePlaced(*placed));
        }
        for invoice in invoices.iter_mut() {
            let earlier = start.earlier_placements.get(&invoice.invoice_id);
            invoice.earlier_placements = earlier.copied().unwrap_or(0);
            // Before reminders is asked: an answer that gets lost may have been a yes.
            invoice.held = true;
        }
        self.count(invoices);
        self.agreement_id = Some(start.agreement.agreement_id);
        self.hold = HoldProgress::Unknown;
        self.state = PlacementState::PendingHold;
        self.next_check_time = Some(start.next_check_time);
        self.touch();
        Ok(())
    }

    /// What is to be done next, seen at an instant of real time.
    ///
    /// # Errors
    /// [`PlacementError::NotPendingHold`]: it moved on, nothing is to be done.
    pub fn hold_step(&self, real_now: Timestamp) -> Result<HoldStep, PlacementError> {
        self.check_pending_hold()?;
        Ok(match self.hold {
            HoldProgress::Placed {
                quiet_time: Some(quiet),
            } if real_now <= quiet => HoldStep::AwaitQuiet(quiet),
            HoldProgress::Placed { .. } => HoldStep::TakeLook,
            HoldProgress::Unknown | HoldProgress::Refused => HoldStep::AskHold,
        })
    }

    /// Reminders holds. Asked again it may name a later instant, which then counts.
    ///
    /// # Errors
    /// [`PlacementError::NotPendingHold`] once it has ended.
    pub fn hold_placed(
        &mut self,
        case_id: CaseId,
        quiet_time: Option<Timestamp>,
    ) -> Result<(), PlacementError> {
        self.check_awaits_hold()?;
        self.case_id = Some(case_id);
        self.hold = HoldProgress::Placed { quiet_time };
        self.touch();
        Ok(())
    }

    /// Reminders refused for good: the placement is withdrawn. The hold is given back all the same,
    /// since an earlier question may have been answered yes without our hearing it.
    ///
    /// # Errors
    /// [`PlacementError::NotPendingHold`] once it has ended.
    pub fn hold_refused(
        &mut self,
        reason: &str,
        next_check_time: Timestamp,
    ) -> Result<(), PlacementError> {
        self.check_awaits_hold()?;
        self.hold = HoldProgress::Refused;
        if self.state == PlacementState::PendingHold {
            self.end_note = Some(format!("reminders refused the hold: {reason}"));
            self.await_release(next_check_time);
        }
        self.touch();
        Ok(())
    }

    /// Nobody answered, or it is not quiet yet: everything stays as it is until the next check (P9).
    pub fn postpone(&mut self, next_check_time: Timestamp) {
        self.next_check_time = Some(next_check_time);
        self.touch();
    }

    /// The hold is asked for on the way out, and once more on the way back while its answer is not
    /// known: see [`ReleaseStep::AskHold`](super::ReleaseStep::AskHold).
    fn check_awaits_hold(&self) -> Result<(), PlacementError> {
        match self.state {
            PlacementState::PendingRelease => Ok(()),
            _ => self.check_pending_hold(),
        }
    }

    pub(super) fn check_pending_hold(&self) -> Result<(), PlacementError> {
        match self.state {
            PlacementState::PendingHold => Ok(()),
            other => Err(PlacementError::NotPendingHold(other)),
        }
    }
}
