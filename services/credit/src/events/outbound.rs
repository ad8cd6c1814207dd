//! What credit announces: each event of the domain becomes one event of the contract, in one
//! exhaustive match. Full facts, so that no consumer calls back; etags and the words people gave as
//! reasons are left out.

use contracts::convert::{date_to_wire, money_to_wire};
use contracts::credit as wire;
use events::NewEvent;
use jiff::Timestamp;
use postgres::TenantId;
use prost::{Message, Name};

use crate::domain::{CreditEvent, CreditHold, Customer, GrantedTerms, Reservation, TenantProfile};
use crate::rpc::wire::credit_hold::hold_to_wire;
use crate::rpc::wire::credit_policy::{limit_to_wire, policy_to_wire};
use crate::rpc::wire::customer::customer_to_wire;
use crate::rpc::wire::exchange_rate::rate_to_wire;
use crate::rpc::wire::reservation::{reservation_to_wire, use_to_wire};
use crate::rpc::wire::tenant_profile::profile_to_wire;
use crate::rpc::wire::terms::granted_to_wire;

/// The announcement of what happened to `tenant` at `time`. A table in the form of a match: an event
/// that is not in it does not compile.
#[must_use]
pub fn announce(tenant: TenantId, time: Timestamp, event: &CreditEvent) -> NewEvent {
    use CreditEvent as E;
    match event {
        E::TenantProfileChanged(profile) => {
            let data = tenant_profile_changed(profile);
            NewEvent::new(tenant, profile.version, time, &data)
        }
        E::ExchangeRatesRecorded {
            tenant_version,
            home_currency,
            rates,
        } => {
            let data = wire::ExchangeRatesRecorded {
                home_currency_code: home_currency.to_string(),
                rates: rates.iter().map(rate_to_wire).collect(),
            };
            NewEvent::new(tenant, *tenant_version, time, &data)
        }
        E::CreditPolicyPublished {
            tenant_version,
            credit_policy,
        } => {
            let credit_policy = wire::CreditPolicy {
                note: String::new(),
                ..policy_to_wire(credit_policy)
            };
            let data = wire::CreditPolicyPublished {
                credit_policy: Some(credit_policy),
            };
            NewEvent::new(tenant, *tenant_version, time, &data)
        }
        E::CustomerCreated {
            customer,
            granted_terms,
        } => {
            let data = wire::CustomerCreated {
                customer: told(customer, granted_terms.as_deref()),
            };
            NewEvent::new(customer.customer_id.0, customer.version, time, &data)
        }
        E::CustomerUpdated {
            customer,
            granted_terms,
            changed_fields,
        } => {
            let data = wire::CustomerUpdated {
                customer: told(customer, granted_terms.as_deref()),
                changed_fields: changed_fields.iter().map(ToString::to_string).collect(),
            };
            NewEvent::new(customer.customer_id.0, customer.version, time, &data)
        }
        E::TermsGranted {
            customer_id,
            customer_version,
            granted_terms,
        } => {
            let data = wire::TermsGranted {
                customer_id: customer_id.0.to_string(),
                granted_terms: Some(granted_to_wire(granted_terms)),
            };
            NewEvent::new(customer_id.0, *customer_version, time, &data)
        }
        E::CreditLimitSet {
            customer_id,
            customer_version,
            credit_limit,
            by_policy,
            valid_until_date,
        } => {
            let data = wire::CreditLimitSet {
                customer_id: customer_id.0.to_string(),
                credit_limit: Some(limit_to_wire(*credit_limit)),
                by_policy: *by_policy,
                valid_until_date: valid_until_date.map(date_to_wire),
            };
            NewEvent::new(customer_id.0, *customer_version, time, &data)
        }
        E::CreditHoldPlaced {
            credit_hold,
            held_before,
        } => {
            let data = wire::CreditHoldPlaced {
                credit_hold: held(credit_hold),
                held_before: *held_before,
            };
            about_hold(credit_hold, time, &data)
        }
        E::CreditHoldOverridden {
            credit_hold,
            still_held,
        } => {
            let data = wire::CreditHoldOverridden {
                credit_hold: held(credit_hold),
                still_held: *still_held,
            };
            about_hold(credit_hold, time, &data)
        }
        E::CreditHoldOverrideEnded(credit_hold) => {
            let data = wire::CreditHoldOverrideEnded {
                credit_hold: held(credit_hold),
            };
            about_hold(credit_hold, time, &data)
        }
        E::CreditHoldReleased {
            credit_hold,
            still_held,
        } => {
            let data = wire::CreditHoldReleased {
                credit_hold: held(credit_hold),
                still_held: *still_held,
            };
            about_hold(credit_hold, time, &data)
        }
        E::CreditReserved(one) => about_reservation(
            one,
            time,
            &wire::CreditReserved {
                reservation: set_aside(one),
            },
        ),
        E::CreditRefused {
            decision,
            customer_id,
            order_reference,
            amount,
        } => {
            let data = wire::CreditRefused {
                decision_id: decision.decision_id.0.to_string(),
                outcome: decision.outcome.clone(),
                customer_id: customer_id.0.to_string(),
                order_reference: order_reference.clone(),
                amount: Some(money_to_wire(*amount)),
            };
            NewEvent::new(decision.decision_id.0, 1, time, &data)
        }
        E::ReservationConfirmed(one) => about_reservation(
            one,
            time,
            &wire::ReservationConfirmed {
                reservation: set_aside(one),
            },
        ),
        E::ReservationConsumed {
            reservation,
            reservation_use,
        } => {
            let data = wire::ReservationConsumed {
                reservation: set_aside(reservation),
                reservation_use: Some(use_to_wire(reservation_use)),
            };
            about_reservation(reservation, time, &data)
        }
        E::ReservationReleased {
            reservation,
            released_amount,
        } => {
            let data = wire::ReservationReleased {
                reservation: set_aside(reservation),
                released_amount: Some(money_to_wire(*released_amount)),
            };
            about_reservation(reservation, time, &data)
        }
        E::ReservationExpired {
            reservation,
            released_amount,
        } => {
            let data = wire::ReservationExpired {
                reservation: set_aside(reservation),
                released_amount: Some(money_to_wire(*released_amount)),
            };
            about_reservation(reservation, time, &data)
        }
    }
}

/// Several at once, in order.
#[must_use]
pub fn announce_all(tenant: TenantId, time: Timestamp, events: &[CreditEvent]) -> Vec<NewEvent> {
    let one = |event: &CreditEvent| announce(tenant, time, event);
    events.iter().map(one).collect()
}

fn tenant_profile_changed(profile: &TenantProfile) -> wire::TenantProfileChanged {
    let tenant_profile = wire::TenantProfile {
        etag: String::new(),
        ..profile_to_wire(profile)
    };
    wire::TenantProfileChanged {
        tenant_profile: Some(tenant_profile),
    }
}

fn told(customer: &Customer, granted: Option<&GrantedTerms>) -> Option<wire::Customer> {
    Some(wire::Customer {
        etag: String::new(),
        ..customer_to_wire(customer, granted)
    })
}

fn held(hold: &CreditHold) -> Option<wire::CreditHold> {
    let mut told = hold_to_wire(hold);
    told.etag.clear();
    told.reason.clear();
    told.release_reason.clear();
    if let Some(pass) = &mut told.hold_override {
        pass.reason.clear();
    }
    Some(told)
}

fn set_aside(reservation: &Reservation) -> Option<wire::Reservation> {
    Some(wire::Reservation {
        etag: String::new(),
        ..reservation_to_wire(reservation)
    })
}

fn about_hold<M: Message + Name>(hold: &CreditHold, time: Timestamp, data: &M) -> NewEvent {
    NewEvent::new(hold.credit_hold_id.0, hold.version, time, data)
}

fn about_reservation<M: Message + Name>(
    reservation: &Reservation,
    time: Timestamp,
    data: &M,
) -> NewEvent {
    NewEvent::new(
        reservation.reservation_id.0,
        reservation.version,
        time,
        data,
    )
}
