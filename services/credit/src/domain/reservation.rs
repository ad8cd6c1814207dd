//! Owns parts of a limit set aside for orders, from the check to the invoice that takes their place.
//! Must not decide whether an order gets credit: [`super::credit_check`] does.
//!
//! ```text
//! RESERVED ──confirm──→ CONFIRMED ──consume──→ CONSUMED
//!    │  └──────────────────┬───────consume──────┘
//!    └──expire→ EXPIRED    └──release→ RELEASED
//! ```

use jiff::civil::Date;
use jiff::{SignedDuration, Timestamp};
use money::{Money, MoneyError};
use serde::{Deserialize, Serialize};

use super::{Coded, CustomerId, DecisionId, InvoiceId, ReservationId};

/// Where a reservation stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ReservationState {
    /// Set aside until it is confirmed, released or expires.
    Reserved,
    /// The order stands: it no longer expires.
    Confirmed,
    /// All of it has been invoiced. Final.
    Consumed,
    /// The order fell through, or what was not invoiced of it. Final.
    Released,
    /// Nobody confirmed it in time. Final.
    Expired,
}

impl Coded for ReservationState {
    const CODES: &'static [(Self, &'static str)] = &[
        (Self::Reserved, "RESERVED"),
        (Self::Confirmed, "CONFIRMED"),
        (Self::Consumed, "CONSUMED"),
        (Self::Released, "RELEASED"),
        (Self::Expired, "EXPIRED"),
    ];
}

/// A part of a customer's limit set aside for an order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reservation {
    /// Identity.
    pub reservation_id: ReservationId,
    /// The customer.
    pub customer_id: CustomerId,
    /// The order, as the caller knows it.
    pub order_reference: String,
    /// Where it stands.
    pub state: ReservationState,
    /// What was set aside.
    pub amount: Money,
    /// What of it is still set aside; 0 when it ended.
    pub remaining_amount: Money,
    /// When it will be invoiced, as far as known.
    pub expected_invoice_date: Option<Date>,
    /// When it ends unless it is confirmed; `None` once it is.
    pub expires_time: Option<Timestamp>,
    /// The invoices that used it, oldest first.
    pub uses: Vec<ReservationUse>,
    /// The decision that granted it.
    pub decision_id: DecisionId,
    /// When it was set aside.
    pub created_time: Timestamp,
    /// When it ended.
    pub ended_time: Option<Timestamp>,
    /// Rises with every change, from 1.
    pub version: i64,
}

/// An invoice that used a reservation.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReservationUse {
    /// The invoice.
    pub invoice_id: InvoiceId,
    /// Its number.
    pub invoice_number: String,
    /// What of the reservation it took.
    pub amount: Money,
}

/// Why a reservation was not changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ReservationError {
    /// It ended before.
    #[error("the reservation is {}", .0.code())]
    Ended(ReservationState),
    /// It would end in the past, or later than the policy allows.
    #[error("a reservation ends after now and at the latest at {latest}")]
    ExpiryOutOfRange {
        /// The latest end that the policy allows.
        latest: Timestamp,
    },
    /// Amounts of different currencies.
    #[error(transparent)]
    Money(#[from] MoneyError),
}

/// When a reservation made now ends: as asked, else as late as the policy allows.
///
/// # Errors
/// [`ReservationError::ExpiryOutOfRange`].
pub fn expiry(
    asked: Option<Timestamp>,
    lifetime: SignedDuration,
    now: Timestamp,
) -> Result<Timestamp, ReservationError> {
    let latest = now.saturating_add(lifetime).unwrap_or(Timestamp::MAX);
    match asked {
        None => Ok(latest),
        Some(asked) if now < asked && asked <= latest => Ok(asked),
        Some(_) => Err(ReservationError::ExpiryOutOfRange { latest }),
    }
}

impl Reservation {
    /// Confirms it: it no longer expires. Answers whether it was not before.
    ///
    /// # Errors
    /// [`ReservationError::Ended`], also when its time has passed and nobody has noticed yet.
    pub fn confirm(&mut self, now: Timestamp) -> Result<bool, ReservationError> {
        self.check_open(now)?;
        if self.state == ReservationState::Confirmed {
            return Ok(false);
        }
        self.state = ReservationState::Confirmed;
        self.expires_time = None;
        self.version = self.version.saturating_add(1);
        Ok(true)
    }

    /// Gives up what is still set aside and answers how much that was.
    ///
    /// # Errors
    /// As [`Reservation::confirm`].
    pub fn release(&mut self, now: Timestamp) -> Result<Money, ReservationError> {
        self.check_open(now)?;
        Ok(self.end(ReservationState::Released, now))
    }

    /// Ends it if its time has passed and nobody confirmed it; answers what became free. `None`: it
    /// is not to end.
    pub fn expire(&mut self, now: Timestamp) -> Option<Money> {
        self.is_past(now)
            .then(|| self.end(ReservationState::Expired, now))
    }

    /// Lets an invoice take the place of it or of a part: of `billed` at most what is left. A late
    /// invoice of an ended reservation takes nothing, and that is `None`. An invoice may come after
    /// the expiry fell due and before it acted: it counts.
    ///
    /// # Errors
    /// [`ReservationError::Money`] when it is billed in another currency.
    pub fn consume(
        &mut self,
        invoice_id: InvoiceId,
        invoice_number: String,
        billed: Money,
        now: Timestamp,
    ) -> Result<Option<ReservationUse>, ReservationError> {
        let amount = billed.min_with(self.remaining_amount)?;
        if !self.is_open() || !amount.is_positive() {
            return Ok(None);
        }
        let used = ReservationUse {
            invoice_id,
            invoice_number,
            amount,
        };
        self.uses.push(used.clone());
        self.remaining_amount = self.remaining_amount.checked_sub(amount)?;
        if self.remaining_amount.is_zero() {
            self.end(ReservationState::Consumed, now);
        } else {
            self.version = self.version.saturating_add(1);
        }
        Ok(Some(used))
    }

    fn is_open(&self) -> bool {
        match self.state {
            ReservationState::Reserved | ReservationState::Confirmed => true,
            ReservationState::Consumed | ReservationState::Released | ReservationState::Expired => {
                false
            }
        }
    }

    /// Only what is not confirmed has a time.
    fn is_past(&self, now: Timestamp) -> bool {
        let past = self.expires_time.is_some_and(|expires| expires <= now);
        self.state == ReservationState::Reserved && past
    }

    fn check_open(&self, now: Timestamp) -> Result<(), ReservationError> {
        if self.is_past(now) {
            Err(ReservationError::Ended(ReservationState::Expired))
        } else if self.is_open() {
            Ok(())
        } else {
            Err(ReservationError::Ended(self.state))
        }
    }

    fn end(&mut self, state: ReservationState, now: Timestamp) -> Money {
        let freed = self.remaining_amount;
        self.state = state;
        self.remaining_amount = Money::zero(freed.currency());
        self.ended_time = Some(now);
        self.version = self.version.saturating_add(1);
        freed
    }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use crate::domain::code::assert_complete;
    use crate::domain::samples::{at, eur, reservation, usd};

    use super::*;

    const HOUR: SignedDuration = SignedDuration::from_hours(1);

    #[test]
    fn states_have_stable_names() {
        assert_complete::<ReservationState>(5);
    }

    #[test]
    fn ex_6_confirmed_it_no_longer_expires_and_again_changes_nothing() {
        let mut order = reservation("600.00");
        assert_eq!(order.confirm(at("2026-03-02T12:30:00Z")), Ok(true));
        assert_eq!(order.expires_time, None);
        let confirmed = order.clone();
        assert_eq!(order.confirm(at("2027-03-02T12:30:00Z")), Ok(false));
        assert_eq!(order.expire(at("2027-03-02T12:30:00Z")), None);
        assert_eq!(order, confirmed);
    }

    #[test]
    fn ex_6_released_it_is_free_again_and_cannot_come_back() {
        let mut order = reservation("600.00");
        let now = at("2026-03-02T12:30:00Z");
        assert_eq!(order.release(now), Ok(eur("600.00")));
        assert_eq!(order.remaining_amount, eur("0.00"));
        let ended = ReservationError::Ended(ReservationState::Released);
        assert_eq!(order.release(now), Err(ended));
        assert_eq!(order.confirm(now), Err(ended));
    }

    #[test]
    fn it_expires_at_its_instant_and_is_refused_from_then_on() {
        let mut order = reservation("600.00");
        let (before, then) = (at("2026-03-02T12:59:59Z"), at("2026-03-02T13:00:00Z"));
        assert_eq!(order.expire(before), None);
        let expired = ReservationError::Ended(ReservationState::Expired);
        assert_eq!(order.confirm(then), Err(expired), "nobody has swept it yet");
        assert_eq!(order.expire(then), Some(eur("600.00")));
        assert_eq!(
            (order.state, order.ended_time),
            (ReservationState::Expired, Some(then))
        );
        assert_eq!(order.expire(then), None);
    }

    #[test]
    fn invoices_take_its_place_by_what_they_bill_until_nothing_is_left() {
        let mut order = reservation("600.00");
        let now = at("2026-03-05T12:00:00Z");
        let mut bill = |number: u128, billed| {
            let invoice_id = InvoiceId(Uuid::from_u128(number));
            let used = order.consume(invoice_id, format!("R-{number}"), billed, now);
            used.map(|used| used.map(|used| used.amount))
        };
        assert_eq!(bill(1, eur("250.00")), Ok(Some(eur("250.00"))));
        assert!(bill(2, usd("1.00")).is_err());
        assert_eq!(bill(3, eur("400.00")), Ok(Some(eur("350.00"))));
        assert_eq!(bill(4, eur("1.00")), Ok(None));
        assert_eq!(order.state, ReservationState::Consumed);
        assert_eq!((order.uses.len(), order.version), (2, 3));
    }

    #[test]
    fn it_ends_after_now_and_no_later_than_the_policy_allows() {
        let now = at("2026-03-02T12:00:00Z");
        let latest = at("2026-03-02T13:00:00Z");
        assert_eq!(expiry(None, HOUR, now), Ok(latest));
        assert_eq!(expiry(Some(latest), HOUR, now), Ok(latest));
        let refused = Err(ReservationError::ExpiryOutOfRange { latest });
        assert_eq!(expiry(Some(now), HOUR, now), refused);
        let later = at("2026-03-02T13:00:00.001Z");
        assert_eq!(expiry(Some(later), HOUR, now), refused);
    }
}
