//! Holds.

use contracts::convert::{date_to_wire, instant_to_wire};
use contracts::credit as wire;

use runtime::{Refusal, Violations};

use super::decision::decision_to_wire;
use super::field;
use crate::domain::{CreditHold, CreditHoldKind, CreditHoldState, CustomerId, HoldOverride};
use crate::store::credit_hold::Filter;

/// The longest reason a person gives.
pub const REASON_CHARS: usize = 2000;

/// What narrows a listing.
///
/// # Errors
/// INVALID_ARGUMENT with the fields at fault.
pub fn filter_from_wire(request: &wire::ListCreditHoldsRequest) -> Result<Filter, Refusal> {
    let mut violations = Violations::new();
    let customer_id = request.customer_id.as_deref();
    let customer_id =
        customer_id.and_then(|id| field::id(&mut violations, "customer_id", id).map(CustomerId));
    let kind = request.kind.and_then(|kind| {
        let kind = wire::CreditHoldKind::try_from(kind)
            .ok()
            .and_then(kind_from_wire);
        violations.required("kind", kind)
    });
    let mut states = Vec::new();
    // Not by the accessor, which leaves out what is no state.
    for (index, number) in request.states.iter().enumerate() {
        let state = wire::CreditHoldState::try_from(*number).ok();
        let path = format!("states[{index}]");
        states.extend(violations.required(path, state.and_then(state_from_wire)));
    }
    violations.finish()?;
    Ok(Filter {
        customer_id,
        kind,
        states,
    })
}

const fn kind_from_wire(kind: wire::CreditHoldKind) -> Option<CreditHoldKind> {
    match kind {
        wire::CreditHoldKind::Unspecified => None,
        wire::CreditHoldKind::Overdue => Some(CreditHoldKind::Overdue),
        wire::CreditHoldKind::OverLimit => Some(CreditHoldKind::OverLimit),
        wire::CreditHoldKind::Manual => Some(CreditHoldKind::Manual),
    }
}

const fn state_from_wire(state: wire::CreditHoldState) -> Option<CreditHoldState> {
    match state {
        wire::CreditHoldState::Unspecified => None,
        wire::CreditHoldState::Active => Some(CreditHoldState::Active),
        wire::CreditHoldState::Overridden => Some(CreditHoldState::Overridden),
        wire::CreditHoldState::Released => Some(CreditHoldState::Released),
    }
}

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
