//! Owns the end of a placement: closing it with a code, and giving the hold back to reminders, which
//! is the last step of every way out. Must not forget a hold: no placement ends before reminders has
//! answered.

use calendar::Timestamp;

use super::{
    CloseCode, HoldProgress, Placement, PlacementError, PlacementInvoice, PlacementState,
    SuccessorHold,
};
use crate::domain::decision::Decision;
use crate::domain::event::{Event, Fact};
use crate::domain::identity::InvoiceId;

/// What reminders is to be told next, on the way back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ReleaseStep {
    /// Ask for the hold once more: whether it stands is not known, and a question may still be on
    /// its way. Only a hold that was placed and released turns such a late twin away; one that
    /// nobody knew of would hold the debt for ever.
    AskHold,
    /// Give invoices back.
    Release {
        /// The invoices.
        invoice_ids: Vec<InvoiceId>,
        /// Why reminders holds them on; none: it goes on reminding.
        successor: Option<SuccessorHold>,
    },
}

impl Placement {
    /// Ends it with a code, as the agency reports it.
    ///
    /// # Errors
    /// [`PlacementError::NotActive`]; [`PlacementError::CloseCodeNotAllowed`] for PAID_IN_FULL while
    /// something is owed, and for CLIENT_RECALL.
    pub fn close(
        &mut self,
        code: CloseCode,
        note: Option<String>,
        at: Timestamp,
    ) -> Result<(), PlacementError> {
        if self.state != PlacementState::Active {
            return Err(PlacementError::NotActive(self.state));
        }
        let allowed = match code {
            CloseCode::PaidInFull => self.amounts.open().is_zero(),
            CloseCode::ClientRecall => false,
            _ => true,
        };
        if !allowed {
            return Err(PlacementError::CloseCodeNotAllowed(code));
        }
        self.close_code = Some(code);
        self.end_note = note;
        self.await_release(at);
        self.touch();
        Ok(())
    }

    /// Ends it with PAID_IN_FULL when nothing is owed any more, by whatever route. Answers whether
    /// it did; asked after every change of the amounts.
    pub fn close_if_settled(&mut self, at: Timestamp) -> bool {
        let settled = self.state == PlacementState::Active && !self.amounts.open().is_positive();
        if settled {
            self.close_code = Some(CloseCode::PaidInFull);
            self.await_release(at);
            self.touch();
        }
        settled
    }

    /// Ends one that cannot even be started, as a batch finds it: reminders was never asked.
    ///
    /// # Errors
    /// [`PlacementError::NotApproved`].
    pub fn withdraw_unplaced(
        &mut self,
        invoices: &[PlacementInvoice],
        why: &PlacementError,
        at: Timestamp,
    ) -> Result<Event, PlacementError> {
        self.check_approved()?;
        self.end_note = Some(why.to_string());
        Ok(self.end(PlacementState::Withdrawn, invoices, None, at))
    }

    /// What reminders is to be told next; none: nothing. Invoices that were dropped before it became
    /// ACTIVE go back first and freely, whatever becomes of the others.
    #[must_use]
    pub fn release_step(&self, invoices: &[PlacementInvoice]) -> Option<ReleaseStep> {
        let dropped = held_ids(invoices, false);
        let ending = self.state == PlacementState::PendingRelease;
        if ending && self.hold == HoldProgress::Unknown {
            return Some(ReleaseStep::AskHold);
        }
        if !dropped.is_empty() && (ending || self.was_active()) {
            return Some(ReleaseStep::Release {
                invoice_ids: dropped,
                successor: None,
            });
        }
        ending.then(|| ReleaseStep::Release {
            invoice_ids: held_ids(invoices, true),
            successor: self.close_code.and_then(CloseCode::successor_hold),
        })
    }

    /// Reminders has given up its hold on `released`, or says that there never was one. When none is
    /// left of a placement that is PENDING_RELEASE, that has ended. `look` is the decision of the
    /// last look, where it came to that.
    pub fn released(
        &mut self,
        invoices: &mut [PlacementInvoice],
        released: &[InvoiceId],
        look: Option<Decision>,
        at: Timestamp,
    ) -> Option<Event> {
        let given_back = |one: &&mut PlacementInvoice| released.contains(&one.invoice_id);
        for invoice in invoices.iter_mut().filter(given_back) {
            invoice.held = false;
        }
        let held = invoices.iter().any(|one| one.held);
        if self.state != PlacementState::PendingRelease || held {
            if self.state == PlacementState::Active && held_ids(invoices, false).is_empty() {
                self.next_check_time = None;
            }
            self.touch();
            return None;
        }
        let state = match self.close_code {
            _ if !self.was_active() => PlacementState::Withdrawn,
            Some(CloseCode::ClientRecall) => PlacementState::Recalled,
            _ => PlacementState::Closed,
        };
        Some(self.end(state, invoices, look, at))
    }

    /// Everything is over but for the hold.
    pub(super) fn await_release(&mut self, next_check_time: Timestamp) {
        self.state = PlacementState::PendingRelease;
        self.next_check_time = Some(next_check_time);
    }

    fn end(
        &mut self,
        state: PlacementState,
        invoices: &[PlacementInvoice],
        look: Option<Decision>,
        at: Timestamp,
    ) -> Event {
        self.state = state;
        self.ended_time = Some(at);
        self.next_check_time = None;
        let fact = match (state, self.close_code, self.recall_reason()) {
            (PlacementState::Recalled, Some(code), Some(reason)) => Fact::PlacementRecalled {
                placement: self.reference(),
                invoice_ids: included_ids(invoices),
                amounts: self.amounts,
                commission_amount: self.commission_amount,
                reason,
                next_action: code.next_action(),
            },
            (PlacementState::Closed, Some(code), _) => Fact::PlacementClosed {
                placement: self.reference(),
                invoice_ids: included_ids(invoices),
                amounts: self.amounts,
                commission_amount: self.commission_amount,
                close_code: code,
                next_action: code.next_action(),
            },
            (_, _, recall_reason) => Fact::PlacementWithdrawn {
                placement: self.reference(),
                invoices: invoices.to_vec(),
                recall_reason,
                decision: look,
            },
        };
        self.announce(fact)
    }
}

fn held_ids(invoices: &[PlacementInvoice], included: bool) -> Vec<InvoiceId> {
    let wanted = |one: &&PlacementInvoice| one.held && one.is_included() == included;
    let held = invoices.iter().filter(wanted);
    held.map(|one| one.invoice_id).collect()
}

fn included_ids(invoices: &[PlacementInvoice]) -> Vec<InvoiceId> {
    let included = invoices.iter().filter(|one| one.is_included());
    included.map(|one| one.invoice_id).collect()
}
