//! Holds: their reasons and states.

use contracts::reminders as wire;

use crate::domain::hold::{HoldReason, HoldState};

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
