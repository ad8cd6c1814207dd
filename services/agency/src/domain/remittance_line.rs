//! Owns one payment of a debtor in a remittance: booked once, for ever, as a receipt for the full
//! amount that the debtor paid (AY-6), with the agency's commission beside it. Must not talk to
//! payments: it says what to ask next ([`LineStep`]) and takes the answers.
//!
//! The receipt's identity is chosen with the line, and payments knows the line by agency, remittance
//! and number: whatever happens to an answer, the same question finds the same receipt (P9, P20).

use calendar::{Date, Timestamp};
use money::{Money, MoneyError};

use super::agreement::RemittanceMode;
use super::commission::{Commission, CommissionStamp, RemittedPayment};
use super::decision::Decision;
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

/// A line that was booked, or whose payment was taken back: the commission entry and what is
/// announced.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BookedLine {
    /// The entry.
    pub commission: Commission,
    /// Why.
    pub decision: Decision,
    /// What is announced.
    pub events: [Event; 2],
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

    /// Books the line: receipt and application are there, `applied` of it went to invoices, and the
    /// commission is due on all that the debtor paid. A parked line may be booked too, when a person
    /// has applied its receipt.
    ///
    /// # Errors
    /// [`LineError::NotWaiting`] when it was booked before; [`LineError::AppliedOutOfRange`].
    pub fn book(
        &mut self,
        placement: &mut Placement,
        applied: Money,
        stamp: CommissionStamp,
    ) -> Result<BookedLine, LineError> {
        let waiting = [RemittanceLineState::Pending, RemittanceLineState::Parked];
        if !waiting.contains(&self.state) {
            return Err(LineError::NotWaiting(self.state));
        }
        let (commission, decision) = Commission::on_remittance(placement, &self.payment(), stamp)?;
        self.apply(applied)?;
        self.state = RemittanceLineState::Booked;
        self.parked_reason = None;
        self.receipt_recorded = true;
        self.agreed_commission = Some(commission.agreed_amount);
        self.commission_id = Some(commission.commission_id);
        self.booked_time = Some(commission.booked_time);
        self.next_check_time = None;
        let booked = Fact::RemittanceLineBooked {
            placement: placement.reference(),
            line: Box::new(self.clone()),
            net: self.net()?,
            commission_difference: self.commission_difference()?,
            amounts: placement.amounts,
            commission_amount: placement.commission_amount,
        };
        let booked = placement.announce(booked);
        let earned = placement.book_commission(&commission, decision.clone())?;
        Ok(BookedLine {
            commission,
            decision,
            events: [booked, earned],
        })
    }

    /// More of its receipt was applied to invoices; negative: less.
    ///
    /// # Errors
    /// [`LineError::AppliedOutOfRange`].
    pub fn apply(&mut self, more: Money) -> Result<(), LineError> {
        let applied = self.applied.checked_add(more)?;
        if applied.is_negative() || self.gross.try_cmp(&applied)?.is_lt() {
            return Err(LineError::AppliedOutOfRange);
        }
        self.applied = applied;
        Ok(())
    }

    /// Its receipt was reversed on `date`: the commission is taken back. Nothing happens to a line
    /// that was reversed before; `booked` is its commission.
    ///
    /// # Errors
    /// [`LineError::NotWaiting`] for a line that was never booked.
    pub fn reverse(
        &mut self,
        placement: &mut Placement,
        booked: &Commission,
        date: Date,
        stamp: CommissionStamp,
    ) -> Result<Option<BookedLine>, LineError> {
        match self.state {
            RemittanceLineState::Booked => {}
            RemittanceLineState::Reversed => return Ok(None),
            other => return Err(LineError::NotWaiting(other)),
        }
        let (commission, decision) = booked.take_back(placement, date, stamp)?;
        self.state = RemittanceLineState::Reversed;
        let reversed = placement.announce(Fact::RemittanceLineReversed {
            placement: placement.reference(),
            remittance_line_id: self.remittance_line_id,
            remittance_id: self.remittance_id,
            line_reference: self.line_reference.clone(),
            receipt_id: self.receipt_id,
            gross: self.gross,
            amounts: placement.amounts,
            commission_amount: placement.commission_amount,
        });
        let taken_back = placement.book_commission(&commission, decision.clone())?;
        Ok(Some(BookedLine {
            commission,
            decision,
            events: [reversed, taken_back],
        }))
    }

    fn payment(&self) -> RemittedPayment {
        RemittedPayment {
            remittance_line_id: self.remittance_line_id,
            receipt_id: self.receipt_id,
            mode: self.mode,
            gross: self.gross,
            kept_back: self.kept_back,
            paid_date: self.paid_date,
        }
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
    use jiff::civil::date;
    use uuid::Uuid;

    use super::*;
    use crate::domain::commission::tests::commission_stamp;
    use crate::domain::commission_schedule::tests::{euro, flat};
    use crate::domain::debt::tests::invoice_id;
    use crate::domain::placement::tests::{Placed, Setup, active};
    use crate::domain::remittance::tests::remittance;
    use crate::domain::remittance_row::tests::row;

    const AT: Timestamp = Timestamp::UNIX_EPOCH;

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
    fn placed() -> Placed {
        active(&Setup {
            schedule: flat("EUR", "0.25"),
            ..Setup::default()
        })
    }

    #[test]
    fn ay_6_a_net_line_credits_the_debtor_in_full_and_books_the_commission() {
        let mut placement = placed().placement;
        let mut line = line(&placement, 1, "200.00", "60.00");
        assert_eq!(line.net(), Ok(euro("140.00")));
        assert_eq!(line.step(), Some(LineStep::RecordReceipt));
        line.receipt_recorded(AT).unwrap();
        assert_eq!(line.step(), Some(LineStep::ApplyReceipt));
        let booked = line
            .book(&mut placement, euro("200.00"), commission_stamp(1))
            .unwrap();
        assert_eq!(
            (line.state, line.step()),
            (RemittanceLineState::Booked, None)
        );
        assert_eq!(line.applied, line.gross);
        assert_eq!(booked.commission.base_amount, euro("200.00"));
        assert_eq!(line.agreed_commission, Some(euro("50.00")));
        assert_eq!(line.commission_difference(), Ok(euro("10.00")));
        assert_eq!(placement.commission_amount, euro("60.00"));
        let versions = booked.events.map(|event| event.subject_version);
        assert_eq!(versions, [placement.version - 1, placement.version]);
    }

    #[test]
    fn p_20_a_line_is_booked_once() {
        let mut placement = placed().placement;
        let mut line = line(&placement, 1, "200.00", "50.00");
        line.book(&mut placement, euro("200.00"), commission_stamp(1))
            .unwrap();
        let before = (line.clone(), placement.clone());
        let again = line.book(&mut placement, euro("200.00"), commission_stamp(2));
        assert_eq!(
            again,
            Err(LineError::NotWaiting(RemittanceLineState::Booked))
        );
        assert_eq!((line, placement), before);
    }

    #[test]
    fn what_is_remitted_beyond_the_debt_is_unapplied_and_earns_all_the_same() {
        let mut placement = placed().placement;
        let mut line = line(&placement, 1, "200.00", "50.00");
        let applied = line.book(&mut placement, euro("200.01"), commission_stamp(1));
        assert_eq!(applied, Err(LineError::AppliedOutOfRange));
        line.book(&mut placement, euro("0.00"), commission_stamp(1))
            .unwrap();
        assert_eq!(line.over_remitted(), Ok(euro("200.00")));
        assert_eq!(placement.commission_amount, euro("50.00"));
        line.apply(euro("150.00")).unwrap();
        assert_eq!(line.over_remitted(), Ok(euro("50.00")));
        assert_eq!(
            line.apply(euro("-150.01")),
            Err(LineError::AppliedOutOfRange)
        );
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
    fn a_parked_line_is_booked_when_a_person_has_applied_its_receipt() {
        let mut placement = placed().placement;
        let mut line = line(&placement, 1, "200.00", "50.00");
        line.receipt_recorded(AT).unwrap();
        line.park(&mut placement, "RECEIPT_REVERSED").unwrap();
        line.book(&mut placement, euro("200.00"), commission_stamp(1))
            .unwrap();
        assert_eq!(
            (line.state, line.parked_reason),
            (RemittanceLineState::Booked, None)
        );
    }

    #[test]
    fn p_6_a_line_is_reversed_once_and_its_commission_with_it() {
        let mut placement = placed().placement;
        let mut line = line(&placement, 1, "200.00", "50.00");
        let booked = line
            .book(&mut placement, euro("200.00"), commission_stamp(1))
            .unwrap();
        let commission = booked.commission;
        let day = date(2026, 5, 1);
        let mut reverse = |number| {
            line.reverse(&mut placement, &commission, day, commission_stamp(number))
                .unwrap()
        };
        let back = reverse(2).unwrap();
        assert_eq!(back.commission.amount, euro("-50.00"));
        assert_eq!(reverse(3), None);
        assert_eq!(line.state, RemittanceLineState::Reversed);
        assert_eq!(placement.commission_amount, euro("0.00"));
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
