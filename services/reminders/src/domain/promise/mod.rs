//! Promises to pay: a debtor's word to pay a sum by a day (PR-1 to PR-4).
//!
//! Owns what a promise is, who may make one, which money counts towards it and how it is judged. Must
//! not read feeds: facts come to it in the order in which the feed brought them, and whoever judges on
//! a day has made sure that the feed has been read to its head of that day.
//!
//! - A fact that comes after the promise was made counts if its date lies in the term, whatever the
//!   date is: money that was on its way when the promise was given is the money that was promised.
//! - Where several promises run on an invoice, the one that falls due first is served first (PR-3).
//! - A judgement is never changed. A later fact inside the term corrects it by a new one.

mod appropriation;
mod judgement;
mod making;

use std::collections::BTreeSet;

use calendar::{Date, Timestamp, add_days};
use money::{Money, MoneyError, Rate, Rounding};
use uuid::Uuid;

pub use appropriation::{PromiseFact, appropriate, reverse};
pub use judgement::{Judged, PromiseJudgement, PromiseResult};
pub use making::{NewPromise, PromiseError, PromiseGround, PromisedInvoice};

use crate::domain::case::Case;
use crate::domain::debtor::Channel;
use crate::domain::event::DomainEvent;
use crate::domain::hold::{Hold, HoldReason, HoldScope, NewHold, SERVICE};
use crate::domain::id::{CaseId, CustomerId, HoldId, InvoiceId, PromiseId};
use crate::domain::named::named;

named! {
    /// Where a promise stands (PR-1).
    pub enum PromiseState {
        /// Its term runs and nothing has come.
        Open = "OPEN",
        /// Its term runs and a part has come, too little yet to keep it.
        PartlyKept = "PARTLY_KEPT",
        /// Enough came in time.
        Kept = "KEPT",
        /// The day after the grace came and too little had.
        Broken = "BROKEN",
        /// Taken back by a person before it was judged.
        Cancelled = "CANCELLED",
        /// Another promise took its place before it was judged.
        Superseded = "SUPERSEDED",
    }
}

impl PromiseState {
    /// Whether its term runs: it is neither judged nor taken back.
    #[must_use]
    pub fn is_running(self) -> bool {
        matches!(self, Self::Open | Self::PartlyKept)
    }

    /// Whether facts still bear on it: everything but what was taken back or replaced.
    #[must_use]
    pub fn is_judged_by_facts(self) -> bool {
        !matches!(self, Self::Cancelled | Self::Superseded)
    }
}

/// A debtor's word to pay a sum by a day.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Promise {
    /// Which one.
    pub promise_id: PromiseId,
    /// The case.
    pub case_id: CaseId,
    /// The customer.
    pub customer_id: CustomerId,
    /// The invoices it names.
    pub invoice_ids: BTreeSet<InvoiceId>,
    /// What was promised.
    pub promised_amount: Money,
    /// The promised day, in the debtor's zone.
    pub promised_date: Date,
    /// Days of grace after it, as the strategy said when it was made.
    pub grace_days: i32,
    /// The part that may be missing, as the strategy said when it was made.
    pub tolerance: Rate,
    /// Where it stands.
    pub state: PromiseState,
    /// The n-th promise on the same invoice.
    pub level: i32,
    /// How it reached us.
    pub channel: Option<Channel>,
    /// Who took it.
    pub taken_by: String,
    /// What was said; personal data.
    pub note: String,
    /// What counts towards it, in the order in which it came.
    pub counted: Vec<Counted>,
    /// Every judgement, oldest first.
    pub judgements: Vec<PromiseJudgement>,
    /// The promise that took its place.
    pub superseded_by: Option<PromiseId>,
    /// When it was made.
    pub created_time: Timestamp,
    /// Rises with every change; the etag.
    pub revision: i64,
}

named! {
    /// How a fact bears on a promise.
    pub enum CountedKind {
        /// Money applied to a named invoice.
        Cash = "CASH",
        /// What is owed on a named invoice was lowered otherwise than by money: a credit note, a
        /// discount, a small rest let go, a void.
        Relief = "RELIEF",
    }
}

/// A fact that counts towards a promise, or the part of it that does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Counted {
    /// What it came with: the application's, credit note's or invoice's identity. What is reversed
    /// is reversed by it.
    pub source_id: Uuid,
    /// How it bears.
    pub kind: CountedKind,
    /// The invoice.
    pub invoice_id: InvoiceId,
    /// How much of it counts here.
    pub amount: Money,
    /// The receipt date, or the day from which the relief counts.
    pub date: Date,
}

impl Promise {
    /// The last day on which money counts.
    #[must_use]
    pub fn last_day(&self) -> Option<Date> {
        add_days(self.promised_date, self.grace_days).ok()
    }

    /// The day on which it is judged: the first after the grace.
    #[must_use]
    pub fn judged_on(&self) -> Option<Date> {
        self.last_day()?.tomorrow().ok()
    }

    /// What must come for it to be fulfilled in full: the promised amount less the relief.
    ///
    /// # Errors
    /// [`MoneyError::Overflow`].
    pub fn required_amount(&self) -> Result<Money, MoneyError> {
        self.required_by(|_| true)
    }

    /// What came.
    ///
    /// # Errors
    /// [`MoneyError::Overflow`].
    pub fn received_amount(&self) -> Result<Money, MoneyError> {
        self.sum(CountedKind::Cash, |_| true)
    }

    /// What is still to come.
    ///
    /// # Errors
    /// [`MoneyError::Overflow`].
    pub fn outstanding_amount(&self) -> Result<Money, MoneyError> {
        let missing = self
            .required_amount()?
            .checked_sub(self.received_amount()?)?;
        missing.max_with(Money::zero(missing.currency()))
    }

    /// Received by required, from 0 to 1, cut off after six digits: a broken promise is never shown
    /// as kept in full.
    ///
    /// # Errors
    /// [`MoneyError::Overflow`].
    pub fn kept_ratio(&self) -> Result<Rate, MoneyError> {
        let (received, required) = (self.received_amount()?, self.required_amount()?);
        if received.try_cmp(&required)?.is_ge() {
            return Ok(Rate::ONE);
        }
        let ratio = received.amount().checked_div(required.amount());
        let ratio = ratio.ok_or(MoneyError::DivisionByZero)?;
        Rate::try_new(money::round(ratio, 6, Rounding::Down))
    }

    fn required_by(&self, counts: impl Fn(&Counted) -> bool) -> Result<Money, MoneyError> {
        let relief = self.sum(CountedKind::Relief, counts)?;
        let required = self.promised_amount.checked_sub(relief)?;
        required.max_with(Money::zero(required.currency()))
    }

    fn sum(
        &self,
        kind: CountedKind,
        counts: impl Fn(&Counted) -> bool,
    ) -> Result<Money, MoneyError> {
        let of_kind = self.counted.iter().filter(|counted| counted.kind == kind);
        let amounts = of_kind
            .filter(|counted| counts(counted))
            .map(|counted| counted.amount);
        Money::sum(self.promised_amount.currency(), amounts)
    }

    /// The hold that keeps its invoices quiet until the last day of the grace (PR-4).
    #[must_use]
    pub fn hold(&self, case: &Case, hold_id: HoldId, at: Timestamp) -> (Hold, DomainEvent) {
        let new = NewHold {
            hold_id,
            scope: HoldScope::Invoices(self.invoice_ids.clone()),
            reason: HoldReason::Promise,
            end_date: self.last_day(),
            note: String::new(),
            by: SERVICE.to_owned(),
            at,
        };
        Hold::follow(case, new, self.promise_id.uuid(), None)
    }

    /// A person takes it back: it counts neither as kept nor as broken.
    ///
    /// # Errors
    /// [`PromiseError::NotRunning`].
    pub fn cancel(&mut self, case: &Case, by: &str) -> Result<DomainEvent, PromiseError> {
        self.end_running(PromiseState::Cancelled)?;
        Ok(DomainEvent::PromiseCancelled {
            case: case.reference(),
            promise: Box::new(self.clone()),
            cancelled_by: by.to_owned(),
        })
    }

    /// Another promise takes its place.
    ///
    /// # Errors
    /// [`PromiseError::NotRunning`].
    pub fn supersede(&mut self, by: PromiseId) -> Result<(), PromiseError> {
        self.end_running(PromiseState::Superseded)?;
        self.superseded_by = Some(by);
        Ok(())
    }

    fn end_running(&mut self, state: PromiseState) -> Result<(), PromiseError> {
        if !self.state.is_running() {
            return Err(PromiseError::NotRunning(self.state));
        }
        self.state = state;
        self.revision = self.revision.saturating_add(1);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::samples::{self, eur, invoice_id};

    const TENTH: Date = Date::constant(2026, 5, 10);

    #[test]
    fn pr_4_its_invoices_pause_until_the_date_and_the_grace() {
        let promise = samples::promise(1, &[1, 2], eur("500.00"), TENTH);
        let (hold, _) = promise.hold(
            &samples::case(),
            HoldId::new(samples::uuid(7)),
            Timestamp::UNIX_EPOCH,
        );
        assert_eq!(hold.reason, HoldReason::Promise);
        let twelfth = Date::constant(2026, 5, 12);
        assert_eq!(hold.end_date, Some(twelfth));
        assert!(hold.in_force(twelfth) && !hold.in_force(twelfth.tomorrow().unwrap()));
        assert!(hold.scope.covers(invoice_id(2)) && !hold.scope.covers(invoice_id(3)));
        assert_eq!(promise.judged_on(), twelfth.tomorrow().ok());
    }

    #[test]
    fn pr_1_only_a_running_promise_is_taken_back_or_replaced() {
        let case = samples::case();
        for state in PromiseState::ALL {
            let promise = || {
                let mut promise = samples::promise(1, &[1], eur("500.00"), TENTH);
                promise.state = *state;
                promise
            };
            let running = matches!(state, PromiseState::Open | PromiseState::PartlyKept);
            assert_eq!(promise().cancel(&case, "ann").is_ok(), running, "{state}");
            let other = PromiseId::new(samples::uuid(9));
            let refused = Err(PromiseError::NotRunning(*state));
            let expected = if running { Ok(()) } else { refused };
            assert_eq!(promise().supersede(other), expected);
        }
    }
}
