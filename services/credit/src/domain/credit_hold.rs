//! Owns the reasons for which a customer gets no credit. They accumulate: orders pass when none is
//! left or a named person lets them pass (EX-5). Holds by facts come and go with the facts; nobody
//! places or releases those by hand. Must not know the limit: the facts come in judged.

mod judging;

use jiff::Timestamp;
use jiff::civil::Date;
use money::Money;

use super::{Coded, CreditHoldId, CustomerId, Decision, Stamp};

/// Who places and releases holds by facts.
pub const BY_FACTS: &str = "credit";

/// Why a customer is held.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum CreditHoldKind {
    /// Something is overdue by more days than the policy allows.
    Overdue,
    /// Exposure is above limit plus tolerance.
    OverLimit,
    /// A person said so.
    Manual,
}

impl Coded for CreditHoldKind {
    const CODES: &'static [(Self, &'static str)] = &[
        (Self::Overdue, "OVERDUE"),
        (Self::OverLimit, "OVER_LIMIT"),
        (Self::Manual, "MANUAL"),
    ];
}

/// Where a hold stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum CreditHoldState {
    /// It stops new orders.
    Active,
    /// Its reason stands, but a person lets orders pass.
    Overridden,
    /// Its reason is gone. Final.
    Released,
}

impl Coded for CreditHoldState {
    const CODES: &'static [(Self, &'static str)] = &[
        (Self::Active, "ACTIVE"),
        (Self::Overridden, "OVERRIDDEN"),
        (Self::Released, "RELEASED"),
    ];
}

/// A reason for which a customer gets no credit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CreditHold {
    /// Identity.
    pub credit_hold_id: CreditHoldId,
    /// The customer.
    pub customer_id: CustomerId,
    /// Why.
    pub kind: CreditHoldKind,
    /// Where it stands.
    pub state: CreditHoldState,
    /// Why, in the words of who placed it; of a hold by facts empty. Personal data.
    pub reason: String,
    /// The last day on which a manual one holds, in the tenant's zone.
    pub end_date: Option<Date>,
    /// The decision that placed a hold by facts.
    pub decision: Option<Decision>,
    /// Who placed it.
    pub placed_by: String,
    /// When.
    pub placed_time: Timestamp,
    /// How it is overridden, also after that ran out.
    pub hold_override: Option<HoldOverride>,
    /// How it was released.
    pub release: Option<HoldRelease>,
    /// Rises with every change, from 1.
    pub version: i64,
}

/// A person lets orders pass although the reason stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HoldOverride {
    /// Why, in their words. Personal data.
    pub reason: String,
    /// The last day on which orders pass, in the tenant's zone.
    pub until_date: Date,
    /// Who.
    pub overridden_by: String,
    /// When.
    pub overridden_time: Timestamp,
}

/// How a hold ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HoldRelease {
    /// Who, or [`BY_FACTS`].
    pub released_by: String,
    /// Of a person their words, of facts the rule that no longer speaks.
    pub reason: String,
    /// When.
    pub released_time: Timestamp,
}

/// Who does something to a hold, and why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Said {
    /// The person.
    pub by: String,
    /// Their words. Personal data.
    pub reason: String,
}

/// Why a hold was not changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum HoldError {
    /// A customer is held by hand once.
    #[error("the customer is held by hand already")]
    Exists(CreditHoldId),
    /// It would never hold, or never let anything pass.
    #[error("{0} is in the past")]
    EndDateInThePast(Date),
    /// It goes when the facts go.
    #[error("the hold follows facts: override it")]
    FollowsFacts,
    /// It ended before.
    #[error("the hold is released")]
    Released,
}

/// What a hold by facts is judged by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum HoldFacts {
    /// What is overdue.
    Overdue {
        /// The earliest due date of anything open; `None`: nothing is.
        oldest_due_date: Option<Date>,
        /// Held above these days; `None`: never.
        hold_days: Option<u16>,
    },
    /// What is used of the limit, both in one currency.
    Limit {
        /// The exposure.
        exposure: Money,
        /// Limit plus tolerance; `None`: no limit, or nobody is held for it.
        capacity: Option<Money>,
    },
}

/// What the facts ask for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Judgement {
    /// The facts are as they were.
    Keep,
    /// Hold the customer.
    Place(Decision),
    /// The reason is gone.
    Release(Decision),
}

impl CreditHold {
    /// Holds a customer by hand; `holds` are all of theirs that are not released.
    ///
    /// # Errors
    /// [`HoldError::Exists`], [`HoldError::EndDateInThePast`].
    pub fn place_by_hand(
        customer_id: CustomerId,
        said: Said,
        end_date: Option<Date>,
        holds: &[Self],
        today: Date,
        stamp: &mut Stamp,
    ) -> Result<Self, HoldError> {
        let by_hand = |hold: &&Self| hold.kind == CreditHoldKind::Manual && hold.stands();
        if let Some(hold) = holds.iter().find(by_hand) {
            return Err(HoldError::Exists(hold.credit_hold_id));
        }
        if let Some(day) = end_date.filter(|day| *day < today) {
            return Err(HoldError::EndDateInThePast(day));
        }
        Ok(Self {
            reason: said.reason,
            end_date,
            ..Self::placed(customer_id, CreditHoldKind::Manual, said.by, None, stamp)
        })
    }

    /// Holds a customer by facts, as judged.
    pub fn place_by_facts(
        customer_id: CustomerId,
        kind: CreditHoldKind,
        decision: Decision,
        stamp: &mut Stamp,
    ) -> Self {
        Self::placed(
            customer_id,
            kind,
            BY_FACTS.to_owned(),
            Some(decision),
            stamp,
        )
    }

    fn placed(
        customer_id: CustomerId,
        kind: CreditHoldKind,
        placed_by: String,
        decision: Option<Decision>,
        stamp: &mut Stamp,
    ) -> Self {
        Self {
            credit_hold_id: CreditHoldId(stamp.id()),
            customer_id,
            kind,
            state: CreditHoldState::Active,
            reason: String::new(),
            end_date: None,
            decision,
            placed_by,
            placed_time: stamp.time,
            hold_override: None,
            release: None,
            version: 1,
        }
    }

    /// Ends a hold that was placed by hand.
    ///
    /// # Errors
    /// [`HoldError::FollowsFacts`], [`HoldError::Released`].
    pub fn release_by_hand(&mut self, said: Said, now: Timestamp) -> Result<(), HoldError> {
        self.check_stands()?;
        if self.kind != CreditHoldKind::Manual {
            return Err(HoldError::FollowsFacts);
        }
        self.release(said.by, said.reason, now);
        Ok(())
    }

    /// Ends it because its reason is gone: the facts, or its last day.
    ///
    /// # Errors
    /// [`HoldError::Released`].
    pub fn release_by_facts(&mut self, rule: String, now: Timestamp) -> Result<(), HoldError> {
        self.check_stands()?;
        self.release(BY_FACTS.to_owned(), rule, now);
        Ok(())
    }

    /// Lets orders pass until a day; again: the new reason and day count.
    ///
    /// # Errors
    /// [`HoldError::Released`], [`HoldError::EndDateInThePast`].
    pub fn override_until(
        &mut self,
        until_date: Date,
        said: Said,
        today: Date,
        now: Timestamp,
    ) -> Result<(), HoldError> {
        self.check_stands()?;
        if until_date < today {
            return Err(HoldError::EndDateInThePast(until_date));
        }
        self.state = CreditHoldState::Overridden;
        self.hold_override = Some(HoldOverride {
            reason: said.reason,
            until_date,
            overridden_by: said.by,
            overridden_time: now,
        });
        self.version = self.version.saturating_add(1);
        Ok(())
    }

    /// Ends an override whose last day is over; answers whether it was.
    pub fn end_override(&mut self, today: Date) -> bool {
        let over = self.state == CreditHoldState::Overridden && !self.lets_pass(today);
        if over {
            self.state = CreditHoldState::Active;
            self.version = self.version.saturating_add(1);
        }
        over
    }

    /// Whether it stops new orders on a day: judged by the day, whoever has or has not noticed that
    /// it came.
    #[must_use]
    pub fn stops_orders(&self, today: Date) -> bool {
        let over = self.end_date.is_some_and(|last| last < today);
        self.stands() && !over && !self.lets_pass(today)
    }

    /// Whether a person lets orders pass on a day.
    #[must_use]
    pub fn lets_pass(&self, today: Date) -> bool {
        let until = self.hold_override.as_ref().map(|pass| pass.until_date);
        self.state == CreditHoldState::Overridden && until.is_some_and(|last| today <= last)
    }

    /// Whether its reason stands.
    #[must_use]
    pub fn stands(&self) -> bool {
        self.state != CreditHoldState::Released
    }

    fn check_stands(&self) -> Result<(), HoldError> {
        if self.stands() {
            Ok(())
        } else {
            Err(HoldError::Released)
        }
    }

    fn release(&mut self, released_by: String, reason: String, now: Timestamp) {
        self.state = CreditHoldState::Released;
        self.release = Some(HoldRelease {
            released_by,
            reason,
            released_time: now,
        });
        self.version = self.version.saturating_add(1);
    }
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use crate::domain::code::assert_complete;
    use crate::domain::samples::{Desk, at, customer, eur, manual_hold, said, stamp_at_noon};

    use super::*;

    const TODAY: Date = date(2026, 3, 2);

    fn judge(facts: HoldFacts, held: bool) -> Judgement {
        let mut desk = Desk::default();
        let mut stamp = stamp_at_noon(&mut desk, "2026-03-02");
        facts.judge(held, "credit-policy/standard@1", TODAY, &mut stamp)
    }

    #[test]
    fn kinds_and_states_have_stable_names() {
        assert_complete::<CreditHoldKind>(3);
        assert_complete::<CreditHoldState>(3);
    }

    #[test]
    fn ex_5_held_above_the_days_that_the_policy_allows() {
        let overdue = |oldest_due_date, hold_days| HoldFacts::Overdue {
            oldest_due_date,
            hold_days,
        };
        // Due on 31 January, 30 days later it is 2 March.
        let thirty = overdue(Some(date(2026, 1, 31)), Some(30));
        assert_eq!(judge(thirty, false), Judgement::Keep);
        let more = judge(overdue(Some(date(2026, 1, 30)), Some(30)), false);
        let Judgement::Place(decision) = more else {
            panic!("31 days overdue: {more:?}");
        };
        assert_eq!(
            decision.rules[0].explanation,
            "31 days overdue, held above 30"
        );
        assert_eq!(
            judge(overdue(Some(date(2020, 1, 1)), None), false),
            Judgement::Keep
        );
        let paid = judge(overdue(None, Some(30)), true);
        assert!(matches!(paid, Judgement::Release(_)), "{paid:?}");
    }

    #[test]
    fn ex_5_held_while_exposure_is_above_the_limit_and_released_by_a_payment() {
        let limit = |exposure| HoldFacts::Limit {
            exposure: eur(exposure),
            capacity: Some(eur("1100.00")),
        };
        assert_eq!(judge(limit("1100.00"), false), Judgement::Keep);
        assert!(matches!(
            judge(limit("1100.01"), false),
            Judgement::Place(_)
        ));
        assert_eq!(judge(limit("1100.01"), true), Judgement::Keep);
        assert!(matches!(
            judge(limit("1100.00"), true),
            Judgement::Release(_)
        ));
    }

    #[test]
    fn ex_5_a_named_person_lets_orders_pass_until_a_day() {
        let mut hold = manual_hold(None);
        assert!(hold.stops_orders(TODAY));
        let now = at("2026-03-02T12:00:00Z");
        let until = date(2026, 3, 10);
        hold.override_until(until, said(), TODAY, now).unwrap();
        assert!(!hold.stops_orders(until));
        assert!(
            hold.stops_orders(date(2026, 3, 11)),
            "before anybody has noticed"
        );
        assert!(!hold.end_override(until));
        assert!(hold.end_override(date(2026, 3, 11)));
        assert_eq!(hold.state, CreditHoldState::Active);
        let past = hold.override_until(date(2026, 3, 1), said(), TODAY, now);
        assert_eq!(past, Err(HoldError::EndDateInThePast(date(2026, 3, 1))));
    }

    #[test]
    fn a_hold_by_hand_ends_with_its_last_day_or_by_hand() {
        let mut hold = manual_hold(Some(date(2026, 3, 5)));
        assert!(hold.stops_orders(date(2026, 3, 5)));
        assert!(!hold.stops_orders(date(2026, 3, 6)));
        let now = at("2026-03-02T12:00:00Z");
        assert_eq!(hold.release_by_hand(said(), now), Ok(()));
        assert!(!hold.stops_orders(TODAY));
        assert_eq!(hold.release_by_hand(said(), now), Err(HoldError::Released));
    }

    #[test]
    fn a_hold_by_facts_is_not_released_by_hand() {
        let mut hold = manual_hold(None);
        hold.kind = CreditHoldKind::Overdue;
        let refused = hold.release_by_hand(said(), at("2026-03-02T12:00:00Z"));
        assert_eq!(refused, Err(HoldError::FollowsFacts));
    }

    #[test]
    fn a_customer_is_held_by_hand_once() {
        let mut desk = Desk::default();
        let mut stamp = stamp_at_noon(&mut desk, "2026-03-02");
        let there = manual_hold(None);
        let someone = customer(1).customer_id;
        let mut place = |end_date, holds: &[CreditHold]| {
            CreditHold::place_by_hand(someone, said(), end_date, holds, TODAY, &mut stamp)
        };
        let exists = HoldError::Exists(there.credit_hold_id);
        assert_eq!(place(None, std::slice::from_ref(&there)), Err(exists));
        let yesterday = date(2026, 3, 1);
        assert_eq!(
            place(Some(yesterday), &[]),
            Err(HoldError::EndDateInThePast(yesterday))
        );
        assert!(place(Some(TODAY), &[]).is_ok());
    }
}
