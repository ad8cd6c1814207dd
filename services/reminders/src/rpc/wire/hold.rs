//! Holds, their reasons and states.

use contracts::convert::{date_to_wire, instant_to_wire, money_to_wire};
use contracts::reminders as wire;

use super::field;
use crate::domain::hold::{Hold, HoldReason, HoldState};

/// A hold.
#[must_use]
pub fn hold_to_wire(hold: &Hold) -> wire::Hold {
    let ended = hold.ended.as_ref();
    let invoice_ids = hold.scope.invoice_ids();
    wire::Hold {
        hold_id: hold.hold_id.to_string(),
        case_id: hold.case_id.to_string(),
        customer_id: hold.customer_id.to_string(),
        invoice_ids: invoice_ids.iter().map(ToString::to_string).collect(),
        held_amount: hold.held_amount.map(money_to_wire),
        reason: reason_to_wire(hold.reason).into(),
        subject_id: hold.subject_id.map(|id| id.to_string()).unwrap_or_default(),
        state: state_to_wire(hold.state).into(),
        end_date: hold.end_date.map(date_to_wire),
        note: hold.note.clone(),
        placed_time: Some(instant_to_wire(hold.placed_time)),
        placed_by: hold.placed_by.clone(),
        ended_time: ended.map(|ended| instant_to_wire(ended.time)),
        ended_by: ended.map(|ended| ended.by.clone()).unwrap_or_default(),
        release_note: ended.map(|ended| ended.note.clone()).unwrap_or_default(),
        etag: field::etag(hold.revision),
    }
}

/// Whether a hold is in force; none where it is not stated.
#[must_use]
pub const fn state_from_wire(state: wire::HoldState) -> Option<HoldState> {
    match state {
        wire::HoldState::Unspecified => None,
        wire::HoldState::Active => Some(HoldState::Active),
        wire::HoldState::Released => Some(HoldState::Released),
        wire::HoldState::Expired => Some(HoldState::Expired),
    }
}

/// Why a debt may not be asked for; none where it is not stated.
#[must_use]
pub const fn reason_from_wire(reason: wire::HoldReason) -> Option<HoldReason> {
    match reason {
        wire::HoldReason::Unspecified => None,
        wire::HoldReason::Dispute => Some(HoldReason::Dispute),
        wire::HoldReason::Promise => Some(HoldReason::Promise),
        wire::HoldReason::PaymentPlan => Some(HoldReason::PaymentPlan),
        wire::HoldReason::Placement => Some(HoldReason::Placement),
        wire::HoldReason::Manual => Some(HoldReason::Manual),
        wire::HoldReason::Hardship => Some(HoldReason::Hardship),
        wire::HoldReason::BreathingSpace => Some(HoldReason::BreathingSpace),
        wire::HoldReason::Legal => Some(HoldReason::Legal),
        wire::HoldReason::Insolvency => Some(HoldReason::Insolvency),
        wire::HoldReason::Deceased => Some(HoldReason::Deceased),
        wire::HoldReason::CeaseRequest => Some(HoldReason::CeaseRequest),
        wire::HoldReason::Review => Some(HoldReason::Review),
    }
}

/// Why a debt may not be asked for.
#[must_use]
pub const fn reason_to_wire(reason: HoldReason) -> wire::HoldReason {
    match reason {
        HoldReason::Dispute => wire::HoldReason::Dispute,
        HoldReason::Promise => wire::HoldReason::Promise,
        HoldReason::PaymentPlan => wire::HoldReason::PaymentPlan,
        HoldReason::Placement => wire::HoldReason::Placement,
        HoldReason::Manual => wire::HoldReason::Manual,
        HoldReason::Hardship => wire::HoldReason::Hardship,
        HoldReason::BreathingSpace => wire::HoldReason::BreathingSpace,
        HoldReason::Legal => wire::HoldReason::Legal,
        HoldReason::Insolvency => wire::HoldReason::Insolvency,
        HoldReason::Deceased => wire::HoldReason::Deceased,
        HoldReason::CeaseRequest => wire::HoldReason::CeaseRequest,
        HoldReason::Review => wire::HoldReason::Review,
    }
}

/// Whether a hold is in force.
#[must_use]
pub const fn state_to_wire(state: HoldState) -> wire::HoldState {
    match state {
        HoldState::Active => wire::HoldState::Active,
        HoldState::Released => wire::HoldState::Released,
        HoldState::Expired => wire::HoldState::Expired,
    }
}
