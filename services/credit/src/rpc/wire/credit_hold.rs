//! Holds.

use contracts::convert::{date_to_wire, instant_to_wire};
use contracts::credit as wire;

use super::decision::decision_to_wire;
use super::field;
use crate::domain::{CreditHold, CreditHoldKind, CreditHoldState, HoldOverride};

/// A hold for the wire.
#[must_use]
pub fn hold_to_wire(hold: &CreditHold) -> wire::CreditHold {
    let release = hold.release.as_ref();
    let text = |value: Option<&String>| value.cloned().unwrap_or_default();
    wire::CreditHold {
        credit_hold_id: hold.credit_hold_id.0.to_string(),
        customer_id: hold.customer_id.0.to_string(),
        kind: kind_to_wire(hold.kind).into(),
        state: state_to_wire(hold.state).into(),
        reason: hold.reason.clone(),
        end_date: hold.end_date.map(date_to_wire),
        decision: hold.decision.as_ref().map(decision_to_wire),
        placed_by: hold.placed_by.clone(),
        placed_time: Some(instant_to_wire(hold.placed_time)),
        hold_override: hold.hold_override.as_ref().map(override_to_wire),
        released_by: text(release.map(|release| &release.released_by)),
        release_reason: text(release.map(|release| &release.reason)),
        released_time: release.map(|release| instant_to_wire(release.released_time)),
        etag: field::etag(hold.version),
    }
}

fn override_to_wire(pass: &HoldOverride) -> wire::CreditHoldOverride {
    wire::CreditHoldOverride {
        reason: pass.reason.clone(),
        until_date: Some(date_to_wire(pass.until_date)),
        overridden_by: pass.overridden_by.clone(),
        overridden_time: Some(instant_to_wire(pass.overridden_time)),
    }
}

const fn kind_to_wire(kind: CreditHoldKind) -> wire::CreditHoldKind {
    match kind {
        CreditHoldKind::Overdue => wire::CreditHoldKind::Overdue,
        CreditHoldKind::OverLimit => wire::CreditHoldKind::OverLimit,
        CreditHoldKind::Manual => wire::CreditHoldKind::Manual,
    }
}

const fn state_to_wire(state: CreditHoldState) -> wire::CreditHoldState {
    match state {
        CreditHoldState::Active => wire::CreditHoldState::Active,
        CreditHoldState::Overridden => wire::CreditHoldState::Overridden,
        CreditHoldState::Released => wire::CreditHoldState::Released,
    }
}
