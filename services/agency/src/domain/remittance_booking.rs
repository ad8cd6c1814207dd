//! Owns how a line of a remittance is booked, with the commission on it, and how both are taken back
//! when its receipt is reversed. Must not move the debt: that follows invoicing's events of the same
//! receipt, see [`placement`](super::placement).

use calendar::Date;
use money::Money;

use super::commission::{Commission, CommissionStamp, RemittedPayment};
use super::decision::Decision;
use super::event::{Event, Fact};
use super::placement::Placement;
use super::remittance_line::{LineError, RemittanceLine, RemittanceLineState};

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

impl RemittanceLine {
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
            // What the agency wrote is never announced.
            line: Box::new(Self {
                note: None,
                ..self.clone()
            }),
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
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;
    use crate::domain::commission::tests::commission_stamp;
    use crate::domain::commission_schedule::tests::euro;
    use crate::domain::remittance_line::LineStep;
    use crate::domain::remittance_line::tests::{AT, line, placed};

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
}
