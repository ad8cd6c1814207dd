//! Owns the way back: a placement is recalled, the agency stops within the notice, and reminders
//! gets the debt again (AY-7). Must not decide commission on late money; it keeps the day from which
//! the tail counts.

use calendar::{Date, Timestamp, Zone, add_days};

use super::{CloseCode, Placement, PlacementError, PlacementState};
use crate::domain::event::{Event, Fact};
use crate::domain::named::named;

named! {
    /// Why a placement is recalled.
    pub enum RecallReason {
        /// We want to deal with the debtor ourselves.
        ClientDecision = "CLIENT_DECISION",
        /// A dispute is taken seriously.
        Dispute = "DISPUTE",
        /// Plan or settlement was agreed with us.
        Arrangement = "ARRANGEMENT",
        /// The debtor cannot pay without hardship.
        Hardship = "HARDSHIP",
        /// The debt goes to court.
        Legal = "LEGAL",
        /// The agency does not perform, or broke the rules.
        AgencyPerformance = "AGENCY_PERFORMANCE",
        /// It should not have been placed.
        PlacedInError = "PLACED_IN_ERROR",
    }
}

/// How a placement was recalled.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Recall {
    /// Why.
    pub reason: RecallReason,
    /// Who asked for it.
    pub requested_by: String,
    /// When.
    pub requested_time: Timestamp,
    /// The day of it in the tenant's zone: the tail of commission counts from it.
    pub requested_date: Date,
    /// Until when the agency must have stopped; none for a placement that it never had.
    pub due_time: Option<Timestamp>,
    /// When it stopped, by its own word; none: it never said.
    pub stopped_time: Option<Timestamp>,
}

impl Placement {
    /// Takes the debt back. The agency has `notice_days` to stop, which end with a day of the
    /// tenant's zone; without notice, and when the agency never had it, it is given back at once.
    /// Announced only if the agency had it.
    ///
    /// # Errors
    /// [`PlacementError::NotActive`] unless ACTIVE or PENDING_HOLD.
    pub fn recall(
        &mut self,
        reason: RecallReason,
        note: Option<String>,
        notice_days: i32,
        requested_by: &str,
        zone: &Zone,
        at: Timestamp,
    ) -> Result<Option<Event>, PlacementError> {
        let requested_date = zone.local_date(at);
        let due_time = match self.state {
            PlacementState::PendingHold => None,
            PlacementState::Active if notice_days <= 0 => Some(at),
            PlacementState::Active => {
                let first_day_after = add_days(requested_date, notice_days.saturating_add(1))?;
                Some(zone.start_of_day(first_day_after)?)
            }
            other => return Err(PlacementError::NotActive(other)),
        };
        self.recall = Some(Recall {
            reason,
            requested_by: requested_by.to_owned(),
            requested_time: at,
            requested_date,
            due_time,
            stopped_time: None,
        });
        self.end_note = note;
        match due_time {
            Some(due) if due > at => {
                self.state = PlacementState::PendingRecall;
                self.next_check_time = Some(due);
            }
            _ => self.give_back(at),
        }
        let Some(due_time) = due_time else {
            self.touch();
            return Ok(None);
        };
        Ok(Some(self.announce(Fact::PlacementRecallRequested {
            placement: self.reference(),
            reason,
            recall_due_time: due_time,
            requested_by: requested_by.to_owned(),
        })))
    }

    /// The agency says that it has stopped.
    ///
    /// # Errors
    /// [`PlacementError::NotPendingRecall`], [`PlacementError::StoppedInTheFuture`].
    pub fn confirm_recall(
        &mut self,
        stopped_time: Option<Timestamp>,
        at: Timestamp,
    ) -> Result<(), PlacementError> {
        if self.state != PlacementState::PendingRecall {
            return Err(PlacementError::NotPendingRecall(self.state));
        }
        let stopped = stopped_time.unwrap_or(at);
        if stopped > at {
            return Err(PlacementError::StoppedInTheFuture);
        }
        if let Some(recall) = &mut self.recall {
            recall.stopped_time = Some(stopped);
        }
        self.give_back(at);
        self.touch();
        Ok(())
    }

    /// The notice has passed: the recall counts as confirmed. Answers whether it had.
    pub fn end_recall_notice(&mut self, at: Timestamp) -> bool {
        let due = self.recall.as_ref().and_then(|recall| recall.due_time);
        let passed =
            self.state == PlacementState::PendingRecall && due.is_some_and(|due| due <= at);
        if passed {
            self.give_back(at);
            self.touch();
        }
        passed
    }

    /// The reason of the recall, where there was one.
    #[must_use]
    pub fn recall_reason(&self) -> Option<RecallReason> {
        self.recall.as_ref().map(|recall| recall.reason)
    }

    fn give_back(&mut self, at: Timestamp) {
        if self.was_active() {
            self.close_code = Some(CloseCode::ClientRecall);
        }
        self.await_release(at);
    }
}
