//! Owns one payment of a debtor in a remittance, on its way to a receipt for the full amount that the
//! debtor paid (AY-6), once, for ever. Must not talk to payments: it says what to ask next
//! ([`LineStep`]) and takes the answers; nor book, see
//! [`remittance_booking`](super::remittance_booking).
//!
//! The receipt's identity is chosen with the line, and payments knows the line by agency, remittance
//! and number: whatever happens to an answer, the same question finds the same receipt (P9, P20).

use calendar::{Date, Timestamp};
use money::{Money, MoneyError};

use super::agreement::RemittanceMode;
use super::event::{Event, Fact};
use super::identity::{
    AgencyId, CommissionId, CustomerId, InvoiceId, PlacementId, ReceiptId, RemittanceId,
    RemittanceLineId,
};
use super::named::named;
use super::placement::{Placement, PlacementError, PlacementInvoice};
use super::remittance::Remittance;
use super::remittance_row::{KnownPlacement, RemittanceRow};

named! {
    /// Where a line stands.
    pub enum RemittanceLineState {
        /// Stored; goes on by itself.
        Pending = "PENDING",
        /// Receipt, application and commission are booked.
        Booked = "BOOKED",
        /// A person looks into it and retries.
        Parked = "PARKED",
        /// Its receipt was reversed after it was booked.
        Reversed = "REVERSED",
    }
}

/// One payment of a debtor in a remittance.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RemittanceLine {
    /// Identity.
    pub remittance_line_id: RemittanceLineId,
    /// The remittance.
    pub remittance_id: RemittanceId,
    /// The agency's own number of the remittance.
    pub remittance_reference: String,
    /// The agency.
    pub agency_id: AgencyId,
    /// Counts from 1 in the remittance; payments knows the line by it.
    pub line_number: i32,
    /// The agency's own reference, unique in the remittance.
    pub line_reference: String,
    /// The placement.
    pub placement_id: PlacementId,
    /// The customer.
    pub customer_id: CustomerId,
    /// The invoice that the agency names.
    pub invoice_id: Option<InvoiceId>,
    /// When the debtor paid the agency.
    pub paid_date: Date,
    /// Whether the agency has kept its commission back.
    pub mode: RemittanceMode,
    /// What the debtor paid.
    pub gross: Money,
    /// What the agency kept back; nothing in a gross remittance.
    pub kept_back: Money,
    /// The agency's number of a payment it reported before.
    pub report_reference: Option<String>,
    /// What the agency wrote.
    pub note: Option<String>,
    /// Where it stands.
    pub state: RemittanceLineState,
    /// Why it is parked, UPPER_SNAKE.
    pub parked_reason: Option<String>,
    /// The receipt, chosen before payments is asked.
    pub receipt_id: ReceiptId,
    /// Whether payments has said that the receipt is there.
    pub receipt_recorded: bool,
    /// What of it is applied to invoices; the rest is the customer's unapplied cash.
    pub applied: Money,
    /// What the terms say the commission is; none before it is booked.
    pub agreed_commission: Option<Money>,
    /// The commission that was booked.
    pub commission_id: Option<CommissionId>,
    /// When it was booked.
    pub booked_time: Option<Timestamp>,
    /// Questions that nobody answered, since it was stored or retried.
    pub tries: i32,
    /// When it is tried or asked for again (P9); none once it is settled or parked.
    pub next_check_time: Option<Timestamp>,
}

/// What is to be done next with a line that is PENDING.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LineStep {
    /// Have payments record the receipt; that it exists already is as good.
    RecordReceipt,
    /// Have payments apply it to [`RemittanceLine::targets`]. Invoicing's event of it books the
    /// line; if nothing could be applied, the answer does.
    ApplyReceipt,
}

/// Why something cannot happen to a line.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum LineError {
    /// Only a parked line is retried (REMITTANCE_LINE_NOT_PARKED).
    #[error("the line is {0}, not PARKED")]
    NotParked(RemittanceLineState),
    /// It moved on meanwhile: nothing is to be done.
    #[error("the line is {0} and waits for nothing")]
    NotWaiting(RemittanceLineState),
    /// More applied than was paid, or less than nothing.
    #[error("what is applied is not from nothing to what was paid")]
    AppliedOutOfRange,
    /// What the placement says to it.
    #[error(transparent)]
    Placement(#[from] PlacementError),
    /// Amounts that do not fit each other.
    #[error(transparent)]
    Money(#[from] MoneyError),
}

/// Identities chosen for a line before anybody is asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LineIdentity {
    /// Of the line.
    pub remittance_line_id: RemittanceLineId,
    /// Of its receipt.
    pub receipt_id: ReceiptId,
    /// Its number in the remittance.
    pub line_number: i32,
}

/// Why a line is parked that was asked for too often.
pub const TRIED_TOO_OFTEN: &str = "TRIED_TOO_OFTEN";

impl RemittanceLine {
    /// The line of a row that was accepted.
    #[must_use]
    pub fn of_row(
        identity: LineIdentity,
        remittance: &Remittance,
        placement: KnownPlacement,
        row: &RemittanceRow,
        at: Timestamp,
    ) -> Self {
        Self {
            remittance_line_id: identity.remittance_line_id,
            remittance_id: remittance.remittance_id,
            remittance_reference: remittance.remittance_reference.clone(),
            agency_id: remittance.agency_id,
            line_number: identity.line_number,
            line_reference: row.line_reference.clone(),
            placement_id: placement.placement_id,
            customer_id: placement.customer_id,
            invoice_id: row.invoice_id(),
            paid_date: row.paid_date,
            mode: remittance.mode,
            gross: row.gross,
            kept_back: row.kept_back(),
            report_reference: row.report_reference.clone(),
            note: row.note.clone(),
            state: RemittanceLineState::Pending,
            parked_reason: None,
            receipt_id: identity.receipt_id,
            receipt_recorded: false,
            applied: Money::zero(row.gross.currency()),
            agreed_commission: None,
            commission_id: None,
            booked_time: None,
            tries: 0,
            next_check_time: Some(at),
        }
    }

    /// What the agency transfers.
    ///
    /// # Errors
    /// [`MoneyError`] for two currencies, which are never stored.
    pub fn net(&self) -> Result<Money, MoneyError> {
        self.gross.checked_sub(self.kept_back)
    }

    /// What was kept back less what was agreed; nothing where nothing is kept back, or before it is
    /// booked. To be settled with the agency.
    ///
    /// # Errors
    /// [`MoneyError`], as above.
    pub fn commission_difference(&self) -> Result<Money, MoneyError> {
        match (self.mode, self.agreed_commission) {
            (RemittanceMode::Net, Some(agreed)) => self.kept_back.checked_sub(agreed),
            _ => Ok(Money::zero(self.gross.currency())),
        }
    }

    /// What came beyond what could be applied: the customer's unapplied cash.
    ///
    /// # Errors
    /// [`MoneyError`], as above.
    pub fn over_remitted(&self) -> Result<Money, MoneyError> {
        self.gross.checked_sub(self.applied)
    }

    /// What is to be done next; none: nothing by itself.
    #[must_use]
    pub fn step(&self) -> Option<LineStep> {
        let pending = self.state == RemittanceLineState::Pending;
        pending.then_some(match self.receipt_recorded {
            false => LineStep::RecordReceipt,
            true => LineStep::ApplyReceipt,
        })
    }

    /// The invoices that the receipt is applied to: the one that the agency names, else those of the
    /// placement, the oldest first.
    #[must_use]
    pub fn targets(&self, invoices: &[PlacementInvoice]) -> Vec<InvoiceId> {
        if let Some(invoice_id) = self.invoice_id {
            return vec![invoice_id];
        }
        let mut included: Vec<_> = invoices.iter().filter(|one| one.is_included()).collect();
        included.sort_by_key(|one| one.oldest_first());
        included.iter().map(|one| one.invoice_id).collect()
    }

    /// Payments has the receipt, now or from an earlier question.
    ///
    /// # Errors
    /// [`LineError::NotWaiting`].
    pub fn receipt_recorded(&mut self, next_check_time: Timestamp) -> Result<(), LineError> {
        self.check_pending()?;
        self.receipt_recorded = true;
        self.tries = 0;
        self.next_check_time = Some(next_check_time);
        Ok(())
    }

    /// Nobody answered: it is asked for again, under the same identity, until that has been in vain
    /// `max_tries` times; then a person looks into it.
    ///
    /// # Errors
    /// [`LineError::NotWaiting`].
    pub fn unanswered(
        &mut self,
        placement: &mut Placement,
        max_tries: i32,
        next_check_time: Timestamp,
    ) -> Result<Option<Event>, LineError> {
        self.check_pending()?;
        self.tries = self.tries.saturating_add(1);
        if self.tries >= max_tries {
            return self.park(placement, TRIED_TOO_OFTEN).map(Some);
        }
        self.next_check_time = Some(next_check_time);
        Ok(None)
    }

    /// Payments refused it: a person looks into it.
    ///
    /// # Errors
    /// [`LineError::NotWaiting`].
    pub fn park(&mut self, placement: &mut Placement, reason: &str) -> Result<Event, LineError> {
        self.check_pending()?;
        self.state = RemittanceLineState::Parked;
        self.parked_reason = Some(reason.to_owned());
        self.next_check_time = None;
        Ok(placement.announce(Fact::RemittanceLineParked {
            placement: placement.reference(),
            remittance_line_id: self.remittance_line_id,
            remittance_id: self.remittance_id,
            line_reference: self.line_reference.clone(),
            gross: self.gross,
            reason: reason.to_owned(),
        }))
    }

    /// Tries a parked line again, under the same identity.
    ///
    /// # Errors
    /// [`LineError::NotParked`].
    pub fn retry(&mut self, at: Timestamp) -> Result<(), LineError> {
        if self.state != RemittanceLineState::Parked {
            return Err(LineError::NotParked(self.state));
        }
        self.state = RemittanceLineState::Pending;
        self.parked_reason = None;
        self.tries = 0;
        self.next_check_time = Some(at);
        Ok(())
    }

    fn check_pending(&self) -> Result<(), LineError> {
        match self.state {
            RemittanceLineState::Pending => Ok(()),
            other => Err(LineError::NotWaiting(other)),
        }
    }
}

#[cfg(test)]
pub(super) mod tests {
    use uuid::Uuid;

    use super::*;
    use crate::domain::commission_schedule::tests::flat;
    use crate::domain::debt::tests::invoice_id;
    use crate::domain::placement::tests::{Placed, Setup, active};
    use crate::domain::remittance::tests::remittance;
    use crate::domain::remittance_row::tests::row;

    pub(crate) const AT: Timestamp = Timestamp::UNIX_EPOCH;

    /// A line of the test remittance, net.
    pub(crate) fn line(
        placement: &Placement,
        number: i32,
        gross: &str,
        kept_back: &str,
    ) -> RemittanceLine {
        let id = u128::try_from(number).unwrap();
        let identity = LineIdentity {
            remittance_line_id: RemittanceLineId::new(Uuid::from_u128(0xF0_0000 + id)),
            receipt_id: ReceiptId::new(Uuid::from_u128(0xA0_0000 + id)),
            line_number: number,
        };
        let row = row(number, gross, Some(kept_back));
        let known = KnownPlacement {
            placement_id: placement.placement_id,
            ..row.placement.unwrap()
        };
        RemittanceLine::of_row(identity, &remittance(), known, &row, AT)
    }

    /// Placed with 25% of everything.
    pub(crate) fn placed() -> Placed {
        active(&Setup {
            schedule: flat("EUR", "0.25"),
            ..Setup::default()
        })
    }

    #[test]
    fn p_9_an_unanswered_line_is_asked_for_again_and_then_parked() {
        let mut placement = placed().placement;
        let mut line = line(&placement, 1, "200.00", "50.00");
        let receipt = line.receipt_id;
        let later = "2026-05-01T10:00:00Z".parse().unwrap();
        assert_eq!(line.unanswered(&mut placement, 2, later), Ok(None));
        assert_eq!(line.next_check_time, Some(later));
        assert_eq!(
            line.retry(AT),
            Err(LineError::NotParked(RemittanceLineState::Pending))
        );
        assert!(line.unanswered(&mut placement, 2, later).unwrap().is_some());
        assert_eq!(line.parked_reason.as_deref(), Some(TRIED_TOO_OFTEN));
        assert_eq!((line.next_check_time, line.step()), (None, None));
        line.retry(AT).unwrap();
        assert_eq!((line.tries, line.receipt_id), (0, receipt));
        assert_eq!(line.step(), Some(LineStep::RecordReceipt));
    }

    #[test]
    fn a_line_goes_to_the_invoice_it_names_else_to_the_oldest_first() {
        let placed = placed();
        let mut line = line(&placed.placement, 1, "200.00", "50.00");
        let oldest: Vec<_> = placed.invoices.iter().map(|one| one.invoice_id).collect();
        assert_eq!(line.targets(&placed.invoices), oldest);
        line.invoice_id = Some(invoice_id(2));
        assert_eq!(line.targets(&placed.invoices), [invoice_id(2)]);
    }
}
