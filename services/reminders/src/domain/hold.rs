//! Owns holds: reasons not to ask for money. They accumulate; an invoice is asked for only while none
//! bears on it (P18). Must not place holds for placements: [`super::placement_hold`] does, with the
//! epoch that fences senders off.

use std::collections::BTreeSet;

use calendar::{Date, Timestamp};
use money::{Currency, Money, MoneyError};
use uuid::Uuid;

use crate::domain::case::Case;
use crate::domain::event::DomainEvent;
use crate::domain::id::{CaseId, CustomerId, HoldId, InvoiceId};
use crate::domain::named::named;

/// Who ends a hold whose end date has passed, and makes those that follow facts.
pub const SERVICE: &str = "reminders";

named! {
    /// Why a debt may not be asked for.
    pub enum HoldReason {
        /// The invoice, or a part of it, is disputed; follows the dispute.
        Dispute = "DISPUTE",
        /// A promise runs; follows it, until its date and the grace (PR-4).
        Promise = "PROMISE",
        /// A payment plan covers the invoice; follows it (PP-6).
        PaymentPlan = "PAYMENT_PLAN",
        /// An agency collects the debt; follows the placement (P19).
        Placement = "PLACEMENT",
        /// Somebody wants it so.
        Manual = "MANUAL",
        /// The debtor cannot pay without hardship.
        Hardship = "HARDSHIP",
        /// A statutory breathing space runs, with its end (PP-7).
        BreathingSpace = "BREATHING_SPACE",
        /// The debt is with lawyers or a court.
        Legal = "LEGAL",
        /// The debtor is insolvent.
        Insolvency = "INSOLVENCY",
        /// The debtor has died.
        Deceased = "DECEASED",
        /// The debtor asked in writing not to be contacted (CC-3).
        CeaseRequest = "CEASE_REQUEST",
        /// A person must decide before anybody is reminded again.
        Review = "REVIEW",
    }
}

named! {
    /// Whether a hold is in force.
    pub enum HoldState {
        /// In force.
        Active = "ACTIVE",
        /// Released by a person, by the agency service, or with the fact it followed.
        Released = "RELEASED",
        /// Its end date has passed.
        Expired = "EXPIRED",
    }
}

impl HoldReason {
    /// Whether it comes and goes with facts, so that people neither place nor release it.
    #[must_use]
    pub fn follows_facts(self) -> bool {
        matches!(
            self,
            Self::Dispute | Self::Promise | Self::PaymentPlan | Self::Placement
        )
    }

    /// Whether it is only placed with an end.
    #[must_use]
    pub fn needs_end(self) -> bool {
        self == Self::BreathingSpace
    }
}

/// What a hold bears on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum HoldScope {
    /// The whole case, invoices to come included.
    Case,
    /// These invoices.
    Invoices(BTreeSet<InvoiceId>),
}

impl HoldScope {
    /// Whether it bears on an invoice.
    #[must_use]
    pub fn covers(&self, invoice_id: InvoiceId) -> bool {
        match self {
            Self::Case => true,
            Self::Invoices(invoice_ids) => invoice_ids.contains(&invoice_id),
        }
    }

    /// The invoices it names; none: the whole case.
    #[must_use]
    pub fn invoice_ids(&self) -> Vec<InvoiceId> {
        match self {
            Self::Case => Vec::new(),
            Self::Invoices(invoice_ids) => invoice_ids.iter().copied().collect(),
        }
    }
}

/// A reason not to ask for money.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hold {
    /// Which one.
    pub hold_id: HoldId,
    /// The case.
    pub case_id: CaseId,
    /// The customer.
    pub customer_id: CustomerId,
    /// What it bears on.
    pub scope: HoldScope,
    /// The part of the one invoice that may not be asked for; none: all of it.
    pub held_amount: Option<Money>,
    /// Why.
    pub reason: HoldReason,
    /// The dispute, promise, plan or placement it follows.
    pub subject_id: Option<Uuid>,
    /// Whether it is in force.
    pub state: HoldState,
    /// The last day on which it holds, in the debtor's zone.
    pub end_date: Option<Date>,
    /// Why, in words; personal data.
    pub note: String,
    /// When it was placed.
    pub placed_time: Timestamp,
    /// Who placed it.
    pub placed_by: String,
    /// How it ended.
    pub ended: Option<Ended>,
    /// Rises with every change; the etag.
    pub revision: i64,
}

/// How a hold ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ended {
    /// When.
    pub time: Timestamp,
    /// By whom.
    pub by: String,
    /// Why, in words; personal data.
    pub note: String,
}

/// What whoever places a hold says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewHold {
    /// Its identity.
    pub hold_id: HoldId,
    /// What it bears on.
    pub scope: HoldScope,
    /// Why.
    pub reason: HoldReason,
    /// The last day on which it holds.
    pub end_date: Option<Date>,
    /// Why, in words; personal data.
    pub note: String,
    /// Who places it.
    pub by: String,
    /// When.
    pub at: Timestamp,
}

/// Why a hold was not placed or not released.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum HoldError {
    /// HOLD_FOLLOWS_FACTS.
    #[error("a hold for {0} comes and goes with facts")]
    FollowsFacts(HoldReason),
    /// END_DATE_REQUIRED.
    #[error("a breathing space has an end")]
    EndDateRequired,
    /// END_DATE_IN_THE_PAST.
    #[error("the end lies before {today}, the debtor's today")]
    EndDateInThePast {
        /// Today in the debtor's zone.
        today: Date,
    },
    /// HOLD_NOT_ACTIVE.
    #[error("the hold has ended already")]
    NotActive,
}

/// How the holds in force bear on an invoice.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Bearing {
    /// Not at all.
    Free,
    /// So much of it may not be asked for.
    Part(Money),
    /// Nothing of it may be asked for.
    Whole(HoldReason),
}

impl Hold {
    /// A hold that a person places.
    ///
    /// # Errors
    /// [`HoldError`], all but `NotActive`.
    pub fn place_by_person(
        case: &Case,
        new: NewHold,
        today: Date,
    ) -> Result<(Self, DomainEvent), HoldError> {
        if new.reason.follows_facts() {
            return Err(HoldError::FollowsFacts(new.reason));
        }
        if new.reason.needs_end() && new.end_date.is_none() {
            return Err(HoldError::EndDateRequired);
        }
        if new.end_date.is_some_and(|end| end < today) {
            return Err(HoldError::EndDateInThePast { today });
        }
        Ok(Self::place(case, new, None, None))
    }

    /// A hold that follows a fact: the dispute, promise or plan `subject_id`; of a part of one
    /// invoice where `held_amount` is given.
    #[must_use]
    pub fn follow(
        case: &Case,
        new: NewHold,
        subject_id: Uuid,
        held_amount: Option<Money>,
    ) -> (Self, DomainEvent) {
        Self::place(case, new, Some(subject_id), held_amount)
    }

    pub(crate) fn place(
        case: &Case,
        new: NewHold,
        subject_id: Option<Uuid>,
        held_amount: Option<Money>,
    ) -> (Self, DomainEvent) {
        let hold = Self {
            hold_id: new.hold_id,
            case_id: case.case_id,
            customer_id: case.customer_id,
            scope: new.scope,
            held_amount,
            reason: new.reason,
            subject_id,
            state: HoldState::Active,
            end_date: new.end_date,
            note: new.note,
            placed_time: new.at,
            placed_by: new.by,
            ended: None,
            revision: 1,
        };
        let event = DomainEvent::HoldPlaced {
            case: case.reference(),
            hold: Box::new(hold.clone()),
            case_epoch: case.epoch,
        };
        (hold, event)
    }

    /// Whether it is in force on a day; also when nobody has noted its end yet.
    #[must_use]
    pub fn in_force(&self, on: Date) -> bool {
        self.state == HoldState::Active && self.end_date.is_none_or(|end| on <= end)
    }

    /// The first day on which it no longer holds by itself.
    #[must_use]
    pub fn free_from(&self) -> Option<Date> {
        let runs_out = (self.state == HoldState::Active).then_some(self.end_date)?;
        runs_out.and_then(|end| end.tomorrow().ok())
    }

    /// A person releases it.
    ///
    /// # Errors
    /// [`HoldError::FollowsFacts`], [`HoldError::NotActive`].
    pub fn release_by_person(
        &mut self,
        case: &Case,
        ended: Ended,
    ) -> Result<DomainEvent, HoldError> {
        if self.reason.follows_facts() {
            return Err(HoldError::FollowsFacts(self.reason));
        }
        self.end_with_facts(case, ended).ok_or(HoldError::NotActive)
    }

    /// Ends it because the fact it followed has ended; none if it had ended already.
    pub fn end_with_facts(&mut self, case: &Case, ended: Ended) -> Option<DomainEvent> {
        let active = self.state == HoldState::Active;
        active.then(|| self.end(case, HoldState::Released, ended))
    }

    /// Ends it when its last day has passed; none if it still holds or had ended already.
    pub fn expire(&mut self, case: &Case, today: Date, at: Timestamp) -> Option<DomainEvent> {
        let over = self.state == HoldState::Active && !self.in_force(today);
        over.then(|| {
            let ended = Ended {
                time: at,
                by: SERVICE.to_owned(),
                note: String::new(),
            };
            self.end(case, HoldState::Expired, ended)
        })
    }

    fn end(&mut self, case: &Case, state: HoldState, ended: Ended) -> DomainEvent {
        let released_by = ended.by.clone();
        self.state = state;
        self.ended = Some(ended);
        self.revision = self.revision.saturating_add(1);
        DomainEvent::HoldReleased {
            case: case.reference(),
            released_invoice_ids: self.scope.invoice_ids(),
            hold: Box::new(self.clone()),
            successor_hold_id: None,
            released_by,
            case_epoch: case.epoch,
        }
    }
}

/// How the holds in force on a day bear on an invoice; `currency` is the invoice's. Parts add up.
///
/// # Errors
/// [`MoneyError`] if a part is in another currency, or the parts are too large.
pub fn bearing(
    holds: &[Hold],
    invoice_id: InvoiceId,
    currency: Currency,
    on: Date,
) -> Result<Bearing, MoneyError> {
    let mut part = Money::zero(currency);
    let mut whole: Option<HoldReason> = None;
    let bears = |hold: &&Hold| hold.in_force(on) && hold.scope.covers(invoice_id);
    for hold in holds.iter().filter(bears) {
        match hold.held_amount {
            Some(amount) => part = part.checked_add(amount)?,
            // Of several reasons the same one is told every time.
            None => whole = Some(whole.map_or(hold.reason, |reason| reason.min(hold.reason))),
        }
    }
    Ok(match whole {
        Some(reason) => Bearing::Whole(reason),
        None if part.is_positive() => Bearing::Part(part),
        None => Bearing::Free,
    })
}

/// The reason for which a contact is forbidden on a day: the case is held, or one of the invoices it
/// is about is held as a whole.
#[must_use]
pub fn contact_held(holds: &[Hold], about: &[InvoiceId], on: Date) -> Option<HoldReason> {
    let forbids = |hold: &&Hold| {
        let names_one = || {
            about
                .iter()
                .any(|invoice_id| hold.scope.covers(*invoice_id))
        };
        hold.in_force(on)
            && hold.held_amount.is_none()
            && (hold.scope == HoldScope::Case || names_one())
    };
    holds.iter().filter(forbids).map(|hold| hold.reason).min()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::samples::{self, eur, invoice_id};

    const TODAY: Date = Date::constant(2026, 3, 10);

    fn new(reason: HoldReason, scope: HoldScope, end_date: Option<Date>) -> NewHold {
        NewHold {
            hold_id: HoldId::new(samples::uuid(7)),
            scope,
            reason,
            end_date,
            note: "asked by phone".to_owned(),
            by: "ann".to_owned(),
            at: Timestamp::UNIX_EPOCH,
        }
    }

    fn one(number: u128) -> HoldScope {
        HoldScope::Invoices(BTreeSet::from([invoice_id(number)]))
    }

    fn placed(reason: HoldReason, scope: HoldScope, end_date: Option<Date>) -> Hold {
        Hold::follow(
            &samples::case(),
            new(reason, scope, end_date),
            samples::uuid(9),
            None,
        )
        .0
    }

    fn bears(holds: &[Hold], number: u128) -> Bearing {
        bearing(holds, invoice_id(number), Currency::EUR, TODAY).unwrap()
    }

    #[test]
    fn people_place_what_does_not_follow_facts() {
        let place = |reason, end| {
            let new = new(reason, HoldScope::Case, end);
            Hold::place_by_person(&samples::case(), new, TODAY).map(|(hold, _)| hold)
        };
        for reason in HoldReason::ALL {
            let placed = place(*reason, Some(TODAY));
            match reason.follows_facts() {
                true => assert_eq!(placed, Err(HoldError::FollowsFacts(*reason))),
                false => assert!(placed.is_ok()),
            }
        }
        assert_eq!(
            place(HoldReason::BreathingSpace, None),
            Err(HoldError::EndDateRequired)
        );
        assert_eq!(
            place(HoldReason::Manual, TODAY.yesterday().ok()),
            Err(HoldError::EndDateInThePast { today: TODAY })
        );
    }

    #[test]
    fn p18_holds_accumulate() {
        let legal = placed(HoldReason::Legal, HoldScope::Case, None);
        let promise = placed(HoldReason::Promise, one(1), None);
        assert_eq!(bears(&[], 1), Bearing::Free);
        assert_eq!(bears(std::slice::from_ref(&promise), 2), Bearing::Free);
        assert_eq!(
            bears(std::slice::from_ref(&promise), 1),
            Bearing::Whole(HoldReason::Promise)
        );
        assert_eq!(
            bears(&[legal.clone(), promise], 1),
            Bearing::Whole(HoldReason::Promise)
        );
        assert_eq!(
            bears(std::slice::from_ref(&legal), 2),
            Bearing::Whole(HoldReason::Legal)
        );
        assert_eq!(contact_held(&[legal], &[], TODAY), Some(HoldReason::Legal));
    }

    #[test]
    fn cc_10_disputed_parts_add_up() {
        let part = |amount| {
            let new = new(HoldReason::Dispute, one(1), None);
            Hold::follow(&samples::case(), new, samples::uuid(9), Some(eur(amount))).0
        };
        let holds = [part("10.00"), part("5.00")];
        assert_eq!(bears(&holds, 1), Bearing::Part(eur("15.00")));
        assert_eq!(bears(&holds, 2), Bearing::Free);
        assert_eq!(contact_held(&holds, &[invoice_id(1)], TODAY), None);
        let whole = [placed(HoldReason::Promise, one(1), None)];
        assert_eq!(contact_held(&whole, &[invoice_id(2)], TODAY), None);
        let about = [invoice_id(2), invoice_id(1)];
        assert_eq!(
            contact_held(&whole, &about, TODAY),
            Some(HoldReason::Promise)
        );
    }

    #[test]
    fn a_hold_ends_after_its_last_day_even_before_anybody_notes_it() {
        let case = samples::case();
        let mut hold = placed(HoldReason::Manual, HoldScope::Case, Some(TODAY));
        let tomorrow = TODAY.tomorrow().unwrap();
        assert!(hold.in_force(TODAY) && !hold.in_force(tomorrow));
        assert_eq!(hold.free_from(), Some(tomorrow));
        assert_eq!(hold.expire(&case, TODAY, Timestamp::UNIX_EPOCH), None);
        let event = hold.expire(&case, tomorrow, Timestamp::UNIX_EPOCH);
        assert!(matches!(event, Some(DomainEvent::HoldReleased { .. })));
        assert_eq!(hold.state, HoldState::Expired);
        assert_eq!(hold.expire(&case, tomorrow, Timestamp::UNIX_EPOCH), None);
    }

    #[test]
    fn people_release_what_people_may_place_once() {
        let case = samples::case();
        let ended = || Ended {
            time: Timestamp::UNIX_EPOCH,
            by: "bob".to_owned(),
            note: "settled".to_owned(),
        };
        let mut promise = placed(HoldReason::Promise, one(1), None);
        assert_eq!(
            promise.release_by_person(&case, ended()),
            Err(HoldError::FollowsFacts(HoldReason::Promise))
        );
        assert!(promise.end_with_facts(&case, ended()).is_some());
        assert!(promise.end_with_facts(&case, ended()).is_none());
        let mut manual = placed(HoldReason::Manual, one(1), None);
        let event = manual.release_by_person(&case, ended()).unwrap();
        let DomainEvent::HoldReleased {
            released_by,
            released_invoice_ids,
            ..
        } = event
        else {
            panic!("{event:?}");
        };
        assert_eq!(
            (released_by.as_str(), released_invoice_ids),
            ("bob", vec![invoice_id(1)])
        );
        assert_eq!(
            manual.release_by_person(&case, ended()),
            Err(HoldError::NotActive)
        );
    }
}
