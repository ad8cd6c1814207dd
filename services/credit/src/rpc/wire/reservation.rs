//! Reservations and orders.

use contracts::convert::{date_to_wire, instant_to_wire, money_to_wire};
use contracts::credit as wire;
use jiff::Timestamp;
use jiff::civil::Date;
use money::Money;
use runtime::{Refusal, Violations};

use super::field;
use crate::domain::{
    CreditCheckOutcome, CustomerId, Reservation, ReservationId, ReservationState, ReservationUse,
};
use crate::store::reservation::Filter;

/// The longest reference of an order.
const ORDER_REFERENCE_CHARS: usize = 64;

/// An order to check.
#[derive(Debug, Clone)]
pub struct Order {
    /// The identity for the reservation, if the caller chose one.
    pub reservation_id: Option<ReservationId>,
    /// The customer.
    pub customer_id: CustomerId,
    /// The order, as the caller knows it.
    pub order_reference: String,
    /// What it will come to, above 0.
    pub amount: Money,
    /// When it will be invoiced, as far as known.
    pub expected_invoice_date: Option<Date>,
    /// When the reservation is to end.
    pub expires_time: Option<Timestamp>,
}

/// The order of a request.
///
/// # Errors
/// INVALID_ARGUMENT with the fields at fault.
pub fn order_from_wire(request: &wire::CheckCreditRequest) -> Result<Order, Refusal> {
    let mut violations = Violations::new();
    let violated = &mut violations;
    let reservation_id = field::new_id(violated, "reservation_id", &request.reservation_id);
    let customer_id = field::id(violated, "customer_id", &request.customer_id);
    let reference = &request.order_reference;
    let reference = field::text(
        violated,
        "order_reference",
        reference,
        ORDER_REFERENCE_CHARS,
    );
    let amount = field::positive_money(violated, "amount", request.amount.as_ref());
    let expected = request.expected_invoice_date.as_ref();
    let expected = field::optional_date(violated, "expected_invoice_date", expected);
    let expires = request.expires_time.as_ref();
    let expires = field::optional_instant(violated, "expires_time", expires);
    let values = (
        reservation_id,
        customer_id,
        reference,
        amount,
        expected,
        expires,
    );
    let (reservation_id, customer_id, order_reference, amount, expected, expires) =
        violations.complete(values)?;
    Ok(Order {
        reservation_id: reservation_id.map(ReservationId),
        customer_id: CustomerId(customer_id),
        order_reference,
        amount,
        expected_invoice_date: expected,
        expires_time: expires,
    })
}

/// What narrows a listing.
///
/// # Errors
/// INVALID_ARGUMENT with the fields at fault.
pub fn filter_from_wire(request: &wire::ListReservationsRequest) -> Result<Filter, Refusal> {
    let mut violations = Violations::new();
    let customer_id = request.customer_id.as_deref();
    let customer_id =
        customer_id.map(|id| field::id(&mut violations, "customer_id", id).map(CustomerId));
    let reference = request.order_reference.as_deref().map(|reference| {
        field::text(
            &mut violations,
            "order_reference",
            reference,
            ORDER_REFERENCE_CHARS,
        )
    });
    let mut states = Vec::new();
    // Not by the accessor, which leaves out what is no state.
    for (index, number) in request.states.iter().enumerate() {
        let state = wire::ReservationState::try_from(*number).ok();
        let path = format!("states[{index}]");
        states.extend(violations.required(path, state.and_then(state_from_wire)));
    }
    violations.finish()?;
    Ok(Filter {
        customer_id: customer_id.flatten(),
        states,
        order_reference: reference.flatten(),
    })
}

const fn state_from_wire(state: wire::ReservationState) -> Option<ReservationState> {
    match state {
        wire::ReservationState::Unspecified => None,
        wire::ReservationState::Reserved => Some(ReservationState::Reserved),
        wire::ReservationState::Confirmed => Some(ReservationState::Confirmed),
        wire::ReservationState::Consumed => Some(ReservationState::Consumed),
        wire::ReservationState::Released => Some(ReservationState::Released),
        wire::ReservationState::Expired => Some(ReservationState::Expired),
    }
}

const fn state_to_wire(state: ReservationState) -> wire::ReservationState {
    match state {
        ReservationState::Reserved => wire::ReservationState::Reserved,
        ReservationState::Confirmed => wire::ReservationState::Confirmed,
        ReservationState::Consumed => wire::ReservationState::Consumed,
        ReservationState::Released => wire::ReservationState::Released,
        ReservationState::Expired => wire::ReservationState::Expired,
    }
}

/// An outcome for the wire.
#[must_use]
pub const fn outcome_to_wire(outcome: CreditCheckOutcome) -> wire::CreditCheckOutcome {
    match outcome {
        CreditCheckOutcome::Approved => wire::CreditCheckOutcome::Approved,
        CreditCheckOutcome::OnHold => wire::CreditCheckOutcome::OnHold,
        CreditCheckOutcome::OverLimit => wire::CreditCheckOutcome::OverLimit,
        CreditCheckOutcome::PrepayOnly => wire::CreditCheckOutcome::PrepayOnly,
    }
}

/// A reservation for the wire.
#[must_use]
pub fn reservation_to_wire(reservation: &Reservation) -> wire::Reservation {
    wire::Reservation {
        reservation_id: reservation.reservation_id.0.to_string(),
        customer_id: reservation.customer_id.0.to_string(),
        order_reference: reservation.order_reference.clone(),
        state: state_to_wire(reservation.state).into(),
        amount: Some(money_to_wire(reservation.amount)),
        remaining_amount: Some(money_to_wire(reservation.remaining_amount)),
        expected_invoice_date: reservation.expected_invoice_date.map(date_to_wire),
        expires_time: reservation.expires_time.map(instant_to_wire),
        uses: reservation.uses.iter().map(use_to_wire).collect(),
        decision_id: reservation.decision_id.0.to_string(),
        created_time: Some(instant_to_wire(reservation.created_time)),
        ended_time: reservation.ended_time.map(instant_to_wire),
        etag: field::etag(reservation.version),
    }
}

/// A use of a reservation for the wire.
#[must_use]
pub fn use_to_wire(used: &ReservationUse) -> wire::ReservationUse {
    wire::ReservationUse {
        invoice_id: used.invoice_id.0.to_string(),
        invoice_number: used.invoice_number.clone(),
        amount: Some(money_to_wire(used.amount)),
    }
}
