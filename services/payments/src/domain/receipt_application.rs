//! Owns applications: money of a receipt on its way to invoices. The amount is set aside first
//! (RESERVED), then invoicing is asked until it has answered, then its answer is booked:
//!
//! ```text
//! RESERVED ──► APPLIED ──► REVERSING ──► REVERSED
//!     └──────► REFUSED
//! ```
//!
//! Must not decide where the money goes: invoicing does, under its lock. Must not release what is
//! reserved on anything but an answer: a timeout says nothing.

use jiff::Timestamp;
use jiff::civil::Date;
use money::Money;
use serde::{Deserialize, Serialize};

use super::counting_day::{DayError, since_receipt};
use super::{
    Allocation, ApplicationId, ApplicationReversal, Coded, CustomerId, Decision, EntryCause,
    EntryKind, InvoiceId, InvoicingStep, ItemRefusal, Receipt, ReceiptEntry, ReceiptError,
    ReceiptId, ReversalId, ReversalReason, Stamp,
};

/// Where an application stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ReceiptApplicationState {
    /// The amount is set aside and invoicing is being asked.
    Reserved,
    /// Invoicing applied it, at least in part.
    Applied,
    /// Invoicing refused it; the amount is unapplied again. Final.
    Refused,
    /// It is being taken back: invoicing is being asked.
    Reversing,
    /// It was taken back. Final.
    Reversed,
}

impl Coded for ReceiptApplicationState {
    const CODES: &'static [(Self, &'static str)] = &[
        (Self::Reserved, "RESERVED"),
        (Self::Applied, "APPLIED"),
        (Self::Refused, "REFUSED"),
        (Self::Reversing, "REVERSING"),
        (Self::Reversed, "REVERSED"),
    ];
}

/// What invoicing is asked to settle.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ApplicationTarget {
    /// These invoices, in this order.
    Named(Vec<NamedInvoice>),
    /// Whatever its rule finds.
    Rule {
        /// The steps in the order in which they are tried.
        steps: Vec<InvoicingStep>,
        /// Settle disputed parts too.
        include_disputed: bool,
    },
}

/// An invoice that is to be settled.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct NamedInvoice {
    /// The invoice.
    pub invoice_id: InvoiceId,
    /// How much of the money may go to it; `None`: as much as it takes.
    pub amount: Option<Money>,
}

/// Money of a receipt on its way to invoices, and what came of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReceiptApplication {
    /// Identity; the same in invoicing.
    pub application_id: ApplicationId,
    /// The receipt.
    pub receipt_id: ReceiptId,
    /// The customer whose items are settled.
    pub customer_id: CustomerId,
    /// Where it stands.
    pub state: ReceiptApplicationState,
    /// The money that is offered.
    pub amount: Money,
    /// The day it counts from.
    pub receipt_date: Date,
    /// What invoicing is asked to settle.
    pub target: ApplicationTarget,
    /// Why that is asked.
    pub decision: Decision,
    /// Where the money went, as invoicing answered it.
    pub allocations: Vec<Allocation>,
    /// The part that was allocated.
    pub allocated_amount: Money,
    /// The part that was kept as overpayment within the tolerance.
    pub overpayment_tolerance_amount: Money,
    /// The part that went back to unapplied.
    pub rest_amount: Money,
    /// Why invoicing refused it.
    pub refusal: Option<ItemRefusal>,
    /// How it was taken back, or is being.
    pub reversal: Option<ApplicationReversal>,
    /// When the amount was set aside.
    pub created_time: Timestamp,
    /// When invoicing's answer was booked.
    pub booked_time: Option<Timestamp>,
}

/// What is to be applied.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ApplicationOrder {
    /// How much; `None`: all that is unapplied.
    pub amount: Option<Money>,
    /// Whose items are to be settled; `None`: the receipt's customer's.
    pub customer_id: Option<CustomerId>,
    /// What to settle.
    pub target: ApplicationTarget,
    /// Why that is asked.
    pub decision: Decision,
}

/// Why an application cannot be taken back.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum UnapplyError {
    /// `APPLICATION_NOT_APPLIED`: invoicing refused it.
    #[error("the application was refused: there is nothing to take back")]
    NotApplied,
    /// `APPLICATION_REVERSED`: it was taken back before, or is being (P6).
    #[error("the application was taken back")]
    Reversed,
    /// `RECEIPT_BUSY`: this or another application of the receipt is on its way.
    #[error("an application of the receipt is on its way; try again")]
    Busy,
    /// A day that it cannot be taken back from.
    #[error(transparent)]
    Day(#[from] DayError),
}

impl ReceiptApplication {
    /// Sets money of a receipt aside for an application.
    ///
    /// # Errors
    /// [`ReceiptError`]: `Busy` while the receipt is being reversed, `Reversed`, `NotAssigned`,
    /// `NotPositive`, `CurrencyMismatch`, `AmountExceedsUnapplied`; the last also when nothing is
    /// left, or when the amounts of named invoices are together more than what is offered.
    pub fn reserve(
        receipt: &mut Receipt,
        order: ApplicationOrder,
        stamp: &mut Stamp<'_>,
    ) -> Result<(Self, ReceiptEntry), ReceiptError> {
        receipt.must_stand()?;
        let customer_id = order.customer_id.or(receipt.customer_id);
        let customer_id = customer_id.ok_or(ReceiptError::NotAssigned)?;
        let unapplied = receipt.balances.unapplied;
        if unapplied.is_zero() {
            let asked = order.amount.unwrap_or(unapplied);
            return Err(ReceiptError::AmountExceedsUnapplied { asked, unapplied });
        }
        let amount = order.amount.unwrap_or(unapplied);
        receipt.must_have(amount)?;
        order.target.must_fit(amount)?;
        let application_id = ApplicationId(stamp.id());
        let cause = EntryCause::Application(application_id);
        let day = receipt.receipt_date;
        let entry = receipt.post(EntryKind::Reserved, amount, cause, day, stamp.time)?;
        receipt.version += 1;
        let nothing = Money::zero(amount.currency());
        let application = Self {
            application_id,
            receipt_id: receipt.receipt_id,
            customer_id,
            state: ReceiptApplicationState::Reserved,
            amount,
            receipt_date: day,
            target: order.target,
            decision: order.decision,
            allocations: Vec::new(),
            allocated_amount: nothing,
            overpayment_tolerance_amount: nothing,
            rest_amount: nothing,
            refusal: None,
            reversal: None,
            created_time: stamp.time,
            booked_time: None,
        };
        Ok((application, entry))
    }

    /// Begins to take this one application back. Its money stays allocated until invoicing has
    /// answered.
    ///
    /// # Errors
    /// [`UnapplyError`].
    pub fn start_reversal(
        &mut self,
        receipt: &mut Receipt,
        reversal_date: Date,
        today: Date,
        stamp: &mut Stamp<'_>,
    ) -> Result<(), UnapplyError> {
        match self.state {
            ReceiptApplicationState::Applied => {}
            ReceiptApplicationState::Reserved => return Err(UnapplyError::Busy),
            ReceiptApplicationState::Refused => return Err(UnapplyError::NotApplied),
            ReceiptApplicationState::Reversing | ReceiptApplicationState::Reversed => {
                return Err(UnapplyError::Reversed);
            }
        }
        receipt.must_be_quiet().map_err(|_| UnapplyError::Busy)?;
        since_receipt(reversal_date, self.receipt_date, today)?;
        let reversal_id = ReversalId(stamp.id());
        self.mark_reversing(
            receipt,
            reversal_id,
            ReversalReason::Unapplied,
            reversal_date,
        );
        receipt.version += 1;
        Ok(())
    }

    /// Marks an applied application and counts it on its receipt.
    pub(super) fn mark_reversing(
        &mut self,
        receipt: &mut Receipt,
        reversal_id: ReversalId,
        reason: ReversalReason,
        reversal_date: Date,
    ) {
        self.state = ReceiptApplicationState::Reversing;
        self.reversal = Some(ApplicationReversal {
            reversal_id,
            reason,
            reversal_date,
            reopened: Vec::new(),
            reversed_time: None,
        });
        receipt.reversing_count += 1;
    }

    /// Whether invoicing has to be asked about it, or asked again.
    #[must_use]
    pub fn is_on_its_way(&self) -> bool {
        use ReceiptApplicationState::{Reserved, Reversing};
        matches!(self.state, Reserved | Reversing)
    }
}

impl ApplicationTarget {
    /// Refuses amounts of named invoices that are together more than what is offered, or of
    /// another currency, or not above 0.
    fn must_fit(&self, offered: Money) -> Result<(), ReceiptError> {
        let Self::Named(invoices) = self else {
            return Ok(());
        };
        let (expected, unapplied) = (offered.currency(), offered);
        let mut asked = Money::zero(expected);
        for amount in invoices.iter().filter_map(|invoice| invoice.amount) {
            if amount.currency() != expected {
                let given = amount.currency();
                return Err(ReceiptError::CurrencyMismatch { expected, given });
            }
            if !amount.is_positive() {
                return Err(ReceiptError::NotPositive);
            }
            asked = asked
                .checked_add(amount)
                .map_err(super::BalanceError::from)?;
        }
        if asked.to_minor() > offered.to_minor() {
            return Err(ReceiptError::AmountExceedsUnapplied { asked, unapplied });
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;
    use money::Currency;

    use super::*;
    use crate::domain::code::assert_complete;
    use crate::domain::samples::{
        applied, customer_id, eur, invoice_id, named, order, receipt, reserved, stamped,
    };

    const TODAY: Date = date(2026, 3, 10);

    fn refused(receipt: &mut Receipt, order: ApplicationOrder) -> ReceiptError {
        stamped(|stamp| ReceiptApplication::reserve(receipt, order, stamp)).unwrap_err()
    }

    #[test]
    fn p_1_the_amount_is_set_aside_before_invoicing_is_asked() {
        let mut money = receipt("100.00");
        let order = order(Some("60.00"), named(&[1]));
        let done = stamped(|stamp| ReceiptApplication::reserve(&mut money, order, stamp));
        let (application, entry) = done.unwrap();
        assert_eq!(application.state, ReceiptApplicationState::Reserved);
        assert_eq!(application.customer_id, customer_id(1));
        assert_eq!(
            (entry.kind, entry.amount),
            (EntryKind::Reserved, eur("60.00"))
        );
        assert_eq!(money.balances.reserved, eur("60.00"));
        assert_eq!(money.balances.unapplied, eur("40.00"));
        assert_eq!(money.version, 2);
    }

    #[test]
    fn without_an_amount_all_that_is_unapplied_is_offered() {
        let mut money = receipt("100.00");
        reserved(&mut money, Some("30.00"));
        let rest = reserved(&mut money, None);
        assert_eq!(rest.amount, eur("70.00"));
        let nothing_left = refused(&mut money, order(None, named(&[1])));
        assert!(matches!(
            nothing_left,
            ReceiptError::AmountExceedsUnapplied { .. }
        ));
    }

    #[test]
    fn p_5_more_than_is_unapplied_is_refused() {
        let mut money = receipt("100.00");
        let error = refused(&mut money, order(Some("100.01"), named(&[1])));
        assert!(matches!(error, ReceiptError::AmountExceedsUnapplied { .. }));
        let mut target = vec![NamedInvoice {
            invoice_id: invoice_id(1),
            amount: None,
        }];
        target.push(NamedInvoice {
            invoice_id: invoice_id(2),
            amount: Some(eur("100.01")),
        });
        let error = refused(&mut money, order(None, ApplicationTarget::Named(target)));
        assert!(matches!(error, ReceiptError::AmountExceedsUnapplied { .. }));
        assert_eq!((money.version, money.entry_count), (1, 1));
    }

    #[test]
    fn somebody_must_be_named_whose_items_are_settled() {
        let mut money = receipt("100.00");
        money.customer_id = None;
        let mut unnamed = order(None, named(&[1]));
        unnamed.customer_id = None;
        assert_eq!(
            refused(&mut money, unnamed.clone()),
            ReceiptError::NotAssigned
        );
        unnamed.customer_id = Some(customer_id(7));
        let done = stamped(|stamp| ReceiptApplication::reserve(&mut money, unnamed, stamp));
        assert_eq!(
            done.unwrap().0.customer_id,
            customer_id(7),
            "a parent pays for it"
        );
    }

    #[test]
    fn rd_5_named_amounts_have_the_currency_of_the_receipt() {
        let mut money = receipt("100.00");
        let amount = Some(Money::parse("1.00", Currency::USD).unwrap());
        let target = ApplicationTarget::Named(vec![NamedInvoice {
            invoice_id: invoice_id(1),
            amount,
        }]);
        let error = refused(&mut money, order(None, target));
        assert!(matches!(error, ReceiptError::CurrencyMismatch { .. }));
    }

    #[test]
    fn nothing_else_is_undone_while_an_application_is_on_its_way() {
        let mut money = receipt("100.00");
        let mut first = applied(&mut money, "40.00");
        let mut second = reserved(&mut money, Some("30.00"));
        let unapply = |one: &mut ReceiptApplication, money: &mut Receipt| {
            stamped(|stamp| one.start_reversal(money, TODAY, TODAY, stamp))
        };
        assert_eq!(unapply(&mut second, &mut money), Err(UnapplyError::Busy));
        assert_eq!(unapply(&mut first, &mut money), Err(UnapplyError::Busy));
        assert_eq!(money.assign(customer_id(2)), Err(ReceiptError::Busy));
        assert!(first.state == ReceiptApplicationState::Applied && second.is_on_its_way());
    }

    #[test]
    fn p_6_an_application_is_taken_back_once() {
        let mut money = receipt("100.00");
        let mut one = applied(&mut money, "40.00");
        let mut unapply = |one: &mut ReceiptApplication| {
            stamped(|stamp| one.start_reversal(&mut money, TODAY, TODAY, stamp))
        };
        assert_eq!(unapply(&mut one), Ok(()));
        assert_eq!(one.state, ReceiptApplicationState::Reversing);
        assert_eq!(unapply(&mut one), Err(UnapplyError::Reversed));
        one.state = ReceiptApplicationState::Refused;
        assert_eq!(unapply(&mut one), Err(UnapplyError::NotApplied));
        assert_eq!(money.reversing_count, 1);
        assert_eq!(
            money.balances.allocated,
            eur("40.00"),
            "until invoicing has answered"
        );
    }

    #[test]
    fn codes() {
        assert_complete::<ReceiptApplicationState>(5);
    }
}
