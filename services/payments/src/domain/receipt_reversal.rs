//! Owns taking a receipt back as a whole, over several transactions:
//!
//! 1. `start`: the receipt is REVERSING, each applied application too.
//! 2. invoicing is asked to take the applications back; each answer is booked by itself
//!    ([`super::application_answer`]).
//! 3. `complete`, when none is left: all of the money, unapplied again, is returned.
//!
//! Nothing else may happen to the receipt in between. Must not skip a step: money returned while an
//! invoice still counts it as paid would be lost to somebody.

use jiff::Timestamp;
use jiff::civil::Date;

use super::counting_day::since_receipt;
use super::{
    BalanceError, Coded, EntryCause, EntryKind, Receipt, ReceiptApplication,
    ReceiptApplicationState, ReceiptEntry, ReceiptError, ReceiptReversalId, ReceiptState,
    ReversalId, ReversalReason, Stamp,
};

/// Why a receipt was taken back.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ReceiptReversalReason {
    /// There was no such money.
    RecordedInError,
    /// The bank took the money back: a debit returned, a cheque bounced.
    Returned,
    /// The payer had a card payment charged back (RT-2).
    ChargedBack,
    /// The bank line turned out to be no receipt.
    NotAReceipt,
}

impl Coded for ReceiptReversalReason {
    const CODES: &'static [(Self, &'static str)] = &[
        (Self::RecordedInError, "RECORDED_IN_ERROR"),
        (Self::Returned, "RETURNED"),
        (Self::ChargedBack, "CHARGED_BACK"),
        (Self::NotAReceipt, "NOT_A_RECEIPT"),
    ];
}

impl ReceiptReversalReason {
    /// What invoicing is told of it.
    #[must_use]
    pub fn for_invoicing(self) -> ReversalReason {
        match self {
            Self::RecordedInError | Self::NotAReceipt => ReversalReason::ReceiptReversed,
            Self::Returned | Self::ChargedBack => ReversalReason::Returned,
        }
    }
}

/// A receipt taken back, or being.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReceiptReversal {
    /// Identity.
    pub receipt_reversal_id: ReceiptReversalId,
    /// Why.
    pub reason: ReceiptReversalReason,
    /// Explanation.
    pub note: String,
    /// The day from which the debts it settled are open again.
    pub reversal_date: Date,
    /// When it was asked for.
    pub created_time: Timestamp,
}

/// How a receipt is to be taken back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReceiptReversalOrder {
    /// Why.
    pub reason: ReceiptReversalReason,
    /// Explanation.
    pub note: String,
    /// The day from which the debts are open again.
    pub reversal_date: Date,
}

impl Receipt {
    /// Begins to take the receipt back. `applications` are all of its applications; those that are
    /// applied are REVERSING afterwards, and have to be asked of invoicing.
    ///
    /// # Errors
    /// [`ReceiptError`]: `Reversed` when it was taken back or is being (P6), `Busy`, `Refunded`,
    /// `Day`.
    pub fn start_reversal(
        &mut self,
        applications: &mut [ReceiptApplication],
        order: ReceiptReversalOrder,
        today: Date,
        stamp: &mut Stamp<'_>,
    ) -> Result<(), ReceiptError> {
        if self.state != ReceiptState::Recorded {
            return Err(ReceiptError::Reversed);
        }
        self.must_be_quiet()?;
        if self.balances.refunded.is_positive() {
            return Err(ReceiptError::Refunded);
        }
        since_receipt(order.reversal_date, self.receipt_date, today)?;
        let receipt_id = self.receipt_id;
        let applied = applications.iter_mut().filter(|application| {
            application.receipt_id == receipt_id
                && application.state == ReceiptApplicationState::Applied
        });
        let (reason, day) = (order.reason.for_invoicing(), order.reversal_date);
        let receipt_reversal_id = ReceiptReversalId(stamp.id());
        for application in applied {
            application.mark_reversing(self, ReversalId(stamp.id()), reason, day);
        }
        self.state = ReceiptState::Reversing;
        self.reversal = Some(ReceiptReversal {
            receipt_reversal_id,
            reason: order.reason,
            note: order.note,
            reversal_date: order.reversal_date,
            created_time: stamp.time,
        });
        self.version += 1;
        Ok(())
    }

    /// Ends a reversal whose applications have all been taken back: everything is returned. `None`
    /// while some are not, or when nothing is being reversed.
    ///
    /// # Errors
    /// [`BalanceError`] when some money is neither unapplied nor returned, which `start` excludes.
    pub fn complete_reversal(
        &mut self,
        time: Timestamp,
    ) -> Result<Option<ReceiptEntry>, BalanceError> {
        let Some(reversal) = &self.reversal else {
            return Ok(None);
        };
        if self.state != ReceiptState::Reversing || self.reversing_count > 0 {
            return Ok(None);
        }
        let cause = EntryCause::ReceiptReversal(reversal.receipt_reversal_id);
        let (all, day) = (self.balances.received, reversal.reversal_date);
        let entry = self.post(EntryKind::Returned, all, cause, day, time)?;
        self.state = ReceiptState::Reversed;
        self.version += 1;
        Ok(Some(entry))
    }
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;
    use crate::domain::code::assert_complete;
    use crate::domain::samples::{
        NOW, allocation, applied, customer_id, eur, named, order, receipt, reserved, stamped,
    };
    use crate::domain::{RefundOrder, ReversalAnswer};

    const TODAY: Date = date(2026, 3, 10);

    fn returned() -> ReceiptReversalOrder {
        ReceiptReversalOrder {
            reason: ReceiptReversalReason::Returned,
            note: "debit returned".into(),
            reversal_date: TODAY,
        }
    }

    fn start(
        money: &mut Receipt,
        applications: &mut [ReceiptApplication],
    ) -> Result<(), ReceiptError> {
        stamped(|stamp| money.start_reversal(applications, returned(), TODAY, stamp))
    }

    #[test]
    fn p_6_applications_first_then_the_receipt_and_only_once() {
        let mut money = receipt("100.00");
        let mut all = [applied(&mut money, "60.00"), applied(&mut money, "30.00")];
        start(&mut money, &mut all).unwrap();
        assert_eq!(
            (money.state, money.reversing_count),
            (ReceiptState::Reversing, 2)
        );
        let told = all.iter().map(|one| one.reversal.as_ref().unwrap().reason);
        assert!(told.eq([ReversalReason::Returned; 2]));
        assert_eq!(money.complete_reversal(NOW), Ok(None));
        for (one, amount) in all.iter_mut().zip(["60.00", "30.00"]) {
            let said = ReversalAnswer::Reversed(vec![allocation(amount)]);
            one.book_reversal(&mut money, said, NOW).unwrap();
        }
        let entry = money.complete_reversal(NOW).unwrap().unwrap();
        assert_eq!(
            (entry.kind, entry.amount),
            (EntryKind::Returned, eur("100.00"))
        );
        assert_eq!(money.state, ReceiptState::Reversed);
        assert_eq!(money.balances.returned, eur("100.00"));
        assert_eq!(money.complete_reversal(NOW), Ok(None));
        assert_eq!(start(&mut money, &mut all), Err(ReceiptError::Reversed));
    }

    #[test]
    fn money_that_was_never_applied_is_returned_at_once() {
        let mut money = receipt("100.00");
        start(&mut money, &mut []).unwrap();
        assert!(money.complete_reversal(NOW).unwrap().is_some());
        assert!(money.balances.unapplied.is_zero());
    }

    #[test]
    fn a_receipt_on_its_way_somewhere_is_not_taken_back() {
        let mut money = receipt("100.00");
        let mut all = [reserved(&mut money, Some("60.00"))];
        assert_eq!(start(&mut money, &mut all), Err(ReceiptError::Busy));
        let mut money = receipt("100.00");
        let mut all = [applied(&mut money, "60.00")];
        stamped(|stamp| all[0].start_reversal(&mut money, TODAY, TODAY, stamp)).unwrap();
        assert_eq!(start(&mut money, &mut all), Err(ReceiptError::Busy));
    }

    #[test]
    fn nothing_happens_to_a_receipt_while_it_is_taken_back() {
        let mut money = receipt("100.00");
        let mut all = [applied(&mut money, "60.00")];
        start(&mut money, &mut all).unwrap();
        assert_eq!(start(&mut money, &mut all), Err(ReceiptError::Reversed));
        assert_eq!(money.assign(customer_id(2)), Err(ReceiptError::Busy));
        let refund = RefundOrder {
            amount: eur("1.00"),
            note: "x".into(),
            refund_date: TODAY,
        };
        let refunded = stamped(|stamp| money.refund(refund, TODAY, stamp));
        assert_eq!(refunded, Err(ReceiptError::Busy));
        let order = order(None, named(&[1]));
        let applied = stamped(|stamp| ReceiptApplication::reserve(&mut money, order, stamp));
        assert_eq!(applied.unwrap_err(), ReceiptError::Busy);
    }

    #[test]
    fn money_that_was_given_back_cannot_be_taken_back_too() {
        let mut money = receipt("100.00");
        let refund = RefundOrder {
            amount: eur("1.00"),
            note: "x".into(),
            refund_date: TODAY,
        };
        stamped(|stamp| money.refund(refund, TODAY, stamp)).unwrap();
        assert_eq!(start(&mut money, &mut []), Err(ReceiptError::Refunded));
    }

    #[test]
    fn codes() {
        assert_complete::<ReceiptReversalReason>(4);
    }
}
