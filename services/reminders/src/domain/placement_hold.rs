//! Owns how debts are taken out of our hands for an agency and given back (P19). Both raise the epoch
//! of the case, under the lock that every sender takes, so that whoever claimed a message before is
//! fenced off; what may still be on its way was handed off before, and ends with its lease.
//!
//! Must not know agencies, and must not decide whether a debt may be placed.

use std::collections::BTreeSet;

use calendar::Timestamp;

use crate::domain::case::Case;
use crate::domain::event::DomainEvent;
use crate::domain::hold::{Ended, Hold, HoldReason, HoldScope, HoldState, NewHold};
use crate::domain::id::{HoldId, InvoiceId, PlacementId};
use crate::domain::message::Message;

/// What agency asks to hold.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PlaceHold {
    /// The identity of the hold, should it be placed.
    pub hold_id: HoldId,
    /// The placement; the hold is keyed by it.
    pub placement_id: PlacementId,
    /// The invoices it takes.
    pub invoice_ids: BTreeSet<InvoiceId>,
    /// Who asks.
    pub by: String,
    /// When.
    pub at: Timestamp,
}

/// Why debts were not placed or not given back.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PlacementHoldError {
    /// INVOICE_PLACED: another placement holds one of the invoices.
    #[error("another placement holds invoice {0}")]
    InvoicePlaced(InvoiceId),
    /// PLACEMENT_HOLD_ENDED: the hold of this placement has been released.
    #[error("the hold of this placement has ended")]
    Ended,
    /// PLACEMENT_CHANGED: the placement holds other invoices than those named.
    #[error("the placement holds other invoices than those named")]
    Changed,
    /// INVOICE_NOT_YET_KNOWN: the feed has not brought one of them.
    #[error("invoice {0} is not known yet")]
    InvoiceNotYetKnown(InvoiceId),
    /// INVOICE_NOT_IN_PLACEMENT: the hold never had it.
    #[error("the placement never held invoice {0}")]
    InvoiceNotInPlacement(InvoiceId),
    /// SUCCESSOR_NOT_ALLOWED: a reason that follows facts, or that needs an end.
    #[error("a hold for {0} cannot take the place of a placement")]
    SuccessorNotAllowed(HoldReason),
}

/// What became of a request to hold.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HoldPlacement {
    /// The hold.
    pub hold: Hold,
    /// What is announced; none where the placement had its hold already.
    pub event: Option<DomainEvent>,
}

/// When nothing about a case can leave any more.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Quiet {
    /// The latest end of a lease under which a message may still be on its way, in real time; none:
    /// quiet now.
    pub quiet_time: Option<Timestamp>,
    /// How many messages are on their way under such a lease.
    pub in_flight_count: u32,
}

/// What agency gives back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReleaseHold {
    /// The invoices; none: all that the placement still holds.
    pub invoice_ids: BTreeSet<InvoiceId>,
    /// Hold them on for this reason, under this identity.
    pub successor: Option<(HoldId, HoldReason)>,
    /// How it ended, for the hold and its successor.
    pub ended: Ended,
}

/// What became of a release.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HoldRelease {
    /// The hold that took its place.
    pub successor: Option<Hold>,
    /// What is announced; nothing where the invoices had been released before.
    pub events: Vec<DomainEvent>,
}

/// Holds invoices for a placement and raises the epoch; asked again for the same placement, answers
/// its hold and changes nothing. `holds` are those of the case for placements, ended ones of this
/// placement included; `original` the invoices this placement's hold was placed with; `known` the
/// invoices of the case.
///
/// # Errors
/// [`PlacementHoldError`].
pub fn place(
    case: &mut Case,
    asked: PlaceHold,
    holds: &[Hold],
    original: &BTreeSet<InvoiceId>,
    known: &BTreeSet<InvoiceId>,
) -> Result<HoldPlacement, PlacementHoldError> {
    let subject = asked.placement_id.uuid();
    if let Some(own) = holds.iter().find(|hold| hold.subject_id == Some(subject)) {
        return own_hold(own, &asked, original);
    }
    if let Some(unknown) = asked.invoice_ids.iter().find(|id| !known.contains(id)) {
        return Err(PlacementHoldError::InvoiceNotYetKnown(*unknown));
    }
    let taken = |id: &&InvoiceId| {
        let holds_it = |hold: &Hold| is_placement(hold) && hold.scope.covers(**id);
        holds.iter().any(holds_it)
    };
    if let Some(placed) = asked.invoice_ids.iter().find(taken) {
        return Err(PlacementHoldError::InvoicePlaced(*placed));
    }
    case.raise_epoch();
    let new = NewHold {
        hold_id: asked.hold_id,
        scope: HoldScope::Invoices(asked.invoice_ids),
        reason: HoldReason::Placement,
        end_date: None,
        note: String::new(),
        by: asked.by,
        at: asked.at,
    };
    let (hold, event) = Hold::place(case, new, Some(subject), None);
    Ok(HoldPlacement {
        hold,
        event: Some(event),
    })
}

/// The hold that a placement has already.
fn own_hold(
    own: &Hold,
    asked: &PlaceHold,
    original: &BTreeSet<InvoiceId>,
) -> Result<HoldPlacement, PlacementHoldError> {
    if *original != asked.invoice_ids {
        return Err(PlacementHoldError::Changed);
    }
    if own.state != HoldState::Active {
        return Err(PlacementHoldError::Ended);
    }
    Ok(HoldPlacement {
        hold: own.clone(),
        event: None,
    })
}

fn is_placement(hold: &Hold) -> bool {
    hold.reason == HoldReason::Placement && hold.state == HoldState::Active
}

/// When it is quiet, by the messages of the case. Claimed messages need no waiting for: the epoch
/// keeps them from being handed off.
#[must_use]
pub fn quiet(messages: &[Message], now_real: Timestamp) -> Quiet {
    let in_flight = messages
        .iter()
        .filter(|message| message.in_flight(now_real));
    let leases: Vec<Timestamp> = in_flight.map(|message| message.lease.until).collect();
    Quiet {
        quiet_time: leases.iter().max().copied(),
        in_flight_count: u32::try_from(leases.len()).unwrap_or(u32::MAX),
    }
}

/// Gives invoices back and raises the epoch; those released before are passed over. `original` are
/// the invoices the hold was placed with.
///
/// # Errors
/// [`PlacementHoldError::InvoiceNotInPlacement`], [`PlacementHoldError::SuccessorNotAllowed`].
pub fn release(
    case: &mut Case,
    hold: &mut Hold,
    asked: ReleaseHold,
    original: &BTreeSet<InvoiceId>,
) -> Result<HoldRelease, PlacementHoldError> {
    if let Some(stranger) = asked.invoice_ids.iter().find(|id| !original.contains(id)) {
        return Err(PlacementHoldError::InvoiceNotInPlacement(*stranger));
    }
    if let Some((_, reason)) = asked.successor
        && (reason.follows_facts() || reason.needs_end())
    {
        return Err(PlacementHoldError::SuccessorNotAllowed(reason));
    }
    let held: BTreeSet<InvoiceId> = match hold.state {
        HoldState::Active => hold.scope.invoice_ids().into_iter().collect(),
        HoldState::Released | HoldState::Expired => BTreeSet::new(),
    };
    let released: BTreeSet<InvoiceId> = if asked.invoice_ids.is_empty() {
        held.clone()
    } else {
        held.intersection(&asked.invoice_ids).copied().collect()
    };
    if released.is_empty() {
        return Ok(HoldRelease {
            successor: None,
            events: Vec::new(),
        });
    }
    case.raise_epoch();
    Ok(give_back(case, hold, &held, released, asked))
}

fn give_back(
    case: &Case,
    hold: &mut Hold,
    held: &BTreeSet<InvoiceId>,
    released: BTreeSet<InvoiceId>,
    asked: ReleaseHold,
) -> HoldRelease {
    let remaining: BTreeSet<InvoiceId> = held.difference(&released).copied().collect();
    let successor = asked.successor.map(|(hold_id, reason)| {
        let new = NewHold {
            hold_id,
            scope: HoldScope::Invoices(released.clone()),
            reason,
            end_date: None,
            note: asked.ended.note.clone(),
            by: asked.ended.by.clone(),
            at: asked.ended.time,
        };
        Hold::place(case, new, None, None)
    });
    hold.revision = hold.revision.saturating_add(1);
    let released_by = asked.ended.by.clone();
    if remaining.is_empty() {
        // It keeps telling what it held last.
        hold.state = HoldState::Released;
        hold.ended = Some(asked.ended);
    } else {
        hold.scope = HoldScope::Invoices(remaining);
    }
    let announced = DomainEvent::HoldReleased {
        case: case.reference(),
        released_invoice_ids: released.into_iter().collect(),
        hold: Box::new(hold.clone()),
        successor_hold_id: asked.successor.map(|(hold_id, _)| hold_id),
        released_by,
        case_epoch: case.epoch,
    };
    // The successor first: between the two nothing is ever free.
    let (successor, placed) = successor.unzip();
    HoldRelease {
        successor,
        events: placed.into_iter().chain([announced]).collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::message::MessageState;
    use crate::domain::samples::{self, instant, invoice_id};

    fn set(numbers: &[u128]) -> BTreeSet<InvoiceId> {
        numbers.iter().map(|number| invoice_id(*number)).collect()
    }

    fn asked(placement: u128, numbers: &[u128]) -> PlaceHold {
        PlaceHold {
            hold_id: HoldId::new(samples::uuid(70 + placement)),
            placement_id: PlacementId::new(samples::uuid(60 + placement)),
            invoice_ids: set(numbers),
            by: "agency".to_owned(),
            at: Timestamp::UNIX_EPOCH,
        }
    }

    fn placed(case: &mut Case, numbers: &[u128]) -> Hold {
        place(case, asked(1, numbers), &[], &set(&[]), &set(&[1, 2, 3]))
            .unwrap()
            .hold
    }

    fn back(numbers: &[u128], successor: Option<HoldReason>) -> ReleaseHold {
        ReleaseHold {
            invoice_ids: set(numbers),
            successor: successor.map(|reason| (HoldId::new(samples::uuid(99)), reason)),
            ended: Ended {
                time: Timestamp::UNIX_EPOCH,
                by: "agency".to_owned(),
                note: String::new(),
            },
        }
    }

    #[test]
    fn p19_a_placement_raises_the_epoch_once() {
        let mut case = samples::case();
        let hold = placed(&mut case, &[1, 2]);
        assert_eq!((case.epoch, hold.reason), (1, HoldReason::Placement));
        let again = place(
            &mut case,
            asked(1, &[1, 2]),
            &[hold],
            &set(&[1, 2]),
            &set(&[1, 2]),
        );
        let again = again.unwrap();
        assert_eq!((again.event, case.epoch), (None, 1));
    }

    #[test]
    fn p19_a_debt_is_placed_once_at_a_time() {
        let mut case = samples::case();
        let mut hold = placed(&mut case, &[1, 2]);
        let other = |case: &mut Case, holds: &[Hold]| {
            place(case, asked(2, &[2, 3]), holds, &set(&[]), &set(&[1, 2, 3]))
        };
        let refused = other(&mut case, std::slice::from_ref(&hold)).unwrap_err();
        assert_eq!(refused, PlacementHoldError::InvoicePlaced(invoice_id(2)));
        release(&mut case, &mut hold, back(&[], None), &set(&[1, 2])).unwrap();
        assert!(other(&mut case, &[hold]).is_ok());
    }

    #[test]
    fn a_placement_neither_changes_nor_comes_back() {
        let mut case = samples::case();
        let mut hold = placed(&mut case, &[1, 2]);
        let known = set(&[1, 2, 3]);
        let mut again = |numbers: &[u128], hold: &Hold| {
            let holds = std::slice::from_ref(hold);
            place(&mut case, asked(1, numbers), holds, &set(&[1, 2]), &known)
        };
        assert_eq!(
            again(&[1, 3], &hold).unwrap_err(),
            PlacementHoldError::Changed
        );
        let mut other_case = samples::case();
        release(&mut other_case, &mut hold, back(&[], None), &set(&[1, 2])).unwrap();
        assert_eq!(
            again(&[1, 2], &hold).unwrap_err(),
            PlacementHoldError::Ended
        );
    }

    #[test]
    fn an_invoice_that_the_feed_has_not_brought_is_waited_for() {
        let mut case = samples::case();
        let unknown = place(&mut case, asked(1, &[1, 9]), &[], &set(&[]), &set(&[1]));
        assert_eq!(
            unknown.unwrap_err(),
            PlacementHoldError::InvoiceNotYetKnown(invoice_id(9))
        );
        assert_eq!(case.epoch, 0);
    }

    #[test]
    fn p19_quiet_comes_with_the_last_lease_of_what_was_handed_off() {
        let case = samples::case();
        let now = instant("2026-03-10T09:00:00Z");
        let message = |state, until| {
            let mut message = samples::message(&case);
            message.state = state;
            message.lease.until = instant(until);
            message
        };
        let messages = [
            message(MessageState::Claimed, "2026-03-10T09:00:30Z"),
            message(MessageState::HandingOff, "2026-03-10T09:00:10Z"),
            message(MessageState::HandingOff, "2026-03-10T09:00:20Z"),
            message(MessageState::HandingOff, "2026-03-10T08:59:59Z"),
        ];
        let found = quiet(&messages, now);
        assert_eq!(found.quiet_time, Some(instant("2026-03-10T09:00:20Z")));
        assert_eq!(found.in_flight_count, 2);
        assert_eq!(quiet(&messages[..1], now).quiet_time, None);
    }

    #[test]
    fn p19_giving_back_is_the_mirror_image_and_done_once() {
        let mut case = samples::case();
        let mut hold = placed(&mut case, &[1, 2]);
        let original = set(&[1, 2]);
        let part = release(&mut case, &mut hold, back(&[2], None), &original).unwrap();
        assert_eq!((part.events.len(), case.epoch), (1, 2));
        assert_eq!(hold.state, HoldState::Active);
        assert!(hold.scope.covers(invoice_id(1)) && !hold.scope.covers(invoice_id(2)));
        let repeated = release(&mut case, &mut hold, back(&[2], None), &original).unwrap();
        assert!(repeated.events.is_empty());
        assert_eq!(case.epoch, 2);
        release(&mut case, &mut hold, back(&[], None), &original).unwrap();
        assert_eq!((hold.state, case.epoch), (HoldState::Released, 3));
        assert_eq!(hold.scope.invoice_ids(), [invoice_id(1)]);
        let stranger = release(&mut case, &mut hold, back(&[3], None), &original);
        assert_eq!(
            stranger.unwrap_err(),
            PlacementHoldError::InvoiceNotInPlacement(invoice_id(3))
        );
    }

    #[test]
    fn a_successor_takes_over_what_was_given_back() {
        let mut case = samples::case();
        let mut hold = placed(&mut case, &[1, 2]);
        let original = set(&[1, 2]);
        for reason in [HoldReason::Promise, HoldReason::BreathingSpace] {
            let refused = release(&mut case, &mut hold, back(&[], Some(reason)), &original);
            assert_eq!(
                refused.unwrap_err(),
                PlacementHoldError::SuccessorNotAllowed(reason)
            );
        }
        let asked = back(&[1], Some(HoldReason::Insolvency));
        let released = release(&mut case, &mut hold, asked, &original).unwrap();
        let successor = released.successor.unwrap();
        assert_eq!(successor.reason, HoldReason::Insolvency);
        assert!(successor.scope.covers(invoice_id(1)) && !successor.scope.covers(invoice_id(2)));
        assert!(matches!(
            released.events[..],
            [
                DomainEvent::HoldPlaced { .. },
                DomainEvent::HoldReleased { .. }
            ]
        ));
    }
}
