//! CheckCredit: decides whether an order gets credit and sets its amount aside, in one step (EX-6,
//! P11).

use std::sync::Arc;

use contracts::convert::money_to_wire;
use contracts::credit::{CheckCreditRequest, CheckCreditResponse};
use events::append_in_tx;
use jiff::Timestamp;
use opentelemetry::KeyValue;
use postgres::idempotency::{self, Begun};
use postgres::{TenantId, Tx, audit, retried};
use prost::Message as _;
use runtime::{Answer, Call, Refusal, fault};
use serde_json::json;

use crate::app::App;
use crate::domain::granted_terms::in_force_on;
use crate::domain::reservation::expiry;
use crate::domain::{
    Coded as _, CreditCheck, CreditCheckOutcome, CreditEvent, Exposure, Reservation, ReservationId,
    ReservationState, Standing, credit_check,
};
use crate::events::outbound::announce;
use crate::jobs::expire_reservation;
use crate::rpc::wire::decision::decision_to_wire;
use crate::rpc::wire::exposure::exposure_to_wire;
use crate::rpc::wire::reservation::{Order, order_from_wire, outcome_to_wire, reservation_to_wire};
use crate::rpc::{error, standing};
use crate::store;
use crate::store::exposure::Locked;

/// 1. Parse; 2. take the request id, or answer as the first time; 3. lock the customer's exposure:
///    two orders that fit only one by one meet here; 4. decide on what is read after that; 5. store
///    the decision, and the reservation if there is one, on the condition that the exposure is the
///    one that was decided on; 6. tell it.
pub async fn handle(
    app: Arc<App>,
    call: Call,
    request: CheckCreditRequest,
) -> Result<Answer<CheckCreditResponse>, Refusal> {
    let now = app.clock.now();
    let tenant = call.tenant();
    let order = order_from_wire(&request)?;
    let key = call.key(&request)?;
    retried(|| async {
        let mut tx = app.db.begin(&call).await?;
        let first = match idempotency::begin_in_tx(&mut tx, &key).await? {
            Begun::Replay(stored) => return Ok(Answer::replayed(stored)),
            Begun::First(first) => first,
        };
        let Decided {
            check,
            exposure,
            expires,
            locked,
        } = decide_in_tx(&app, &mut tx, tenant, &order, now).await?;
        let customer_id = order.customer_id;
        let reservation = match check.outcome {
            CreditCheckOutcome::Approved if !request.validate_only => {
                let fresh = || app.stamped(|stamp| ReservationId(stamp.id()));
                let reservation_id = order.reservation_id.unwrap_or_else(fresh);
                Some(set_aside(&order, reservation_id, &check, expires, now))
            }
            _ => None,
        };
        let kept = (&order, &check, reservation.as_ref());
        keep_in_tx(&mut tx, tenant, kept, locked).await?;
        let ends = match &reservation {
            Some(one) => {
                let id = one.reservation_id;
                Some(expire_reservation::plan_in_tx(&mut tx, tenant, id, expires).await?)
            }
            None => None,
        };
        if !request.validate_only {
            let told = [announce(
                tenant,
                now,
                &told(&order, &check, reservation.as_ref()),
            )];
            append_in_tx(&mut tx, tenant, call.traceparent(), &told).await?;
        }
        let facts =
            json!({ "outcome": check.outcome.code(), "decision_id": check.decision.decision_id });
        let entry = call.audit(format!("customer/{}", customer_id.0), facts, now);
        audit::record_in_tx(&mut tx, &entry).await?;
        let answer = CheckCreditResponse {
            outcome: outcome_to_wire(check.outcome).into(),
            decision: Some(decision_to_wire(&check.decision)),
            reservation: reservation.as_ref().map(reservation_to_wire),
            exposure_before: Some(exposure_to_wire(&exposure)),
            available_amount_before: check.available_before.map(money_to_wire),
        };
        first.finish_in_tx(&mut tx, &answer.encode_to_vec()).await?;
        tx.commit().await?;
        fault::point("credit.check.committed");
        app.wakeups.announce(ends);
        let outcome = KeyValue::new("outcome", check.outcome.code());
        app.metrics.credit_checks.add(1, &[outcome]);
        Ok(Answer::new(answer))
    })
    .await
}

/// Stores the decision, and the reservation if there is one, on the condition that the exposure is
/// still the one that was decided on (P11).
async fn keep_in_tx(
    tx: &mut Tx,
    tenant: TenantId,
    (order, check, reservation): (&Order, &CreditCheck, Option<&Reservation>),
    locked: Locked,
) -> Result<(), Refusal> {
    let customer_id = order.customer_id;
    store::credit_decision::insert_check_in_tx(
        tx,
        tenant,
        &check.decision,
        customer_id,
        &order.order_reference,
        reservation.map(|reservation| reservation.reservation_id),
    )
    .await?;
    let Some(reservation) = reservation else {
        return Ok(());
    };
    if !store::exposure::raise_in_tx(tx, tenant, customer_id, locked).await? {
        return Err(Refusal::stale("LOST_RACE"));
    }
    if !store::reservation::insert_in_tx(tx, tenant, reservation).await? {
        return Err(error::reservation_exists(reservation.reservation_id));
    }
    Ok(())
}

/// An order that was judged.
struct Decided {
    check: CreditCheck,
    /// What was found.
    exposure: Exposure,
    /// When a reservation made now ends.
    expires: Timestamp,
    locked: Locked,
}

/// Locks the customer's exposure and decides on what is read after that.
async fn decide_in_tx(
    app: &App,
    tx: &mut Tx,
    tenant: TenantId,
    order: &Order,
    now: Timestamp,
) -> Result<Decided, Refusal> {
    let profile = store::tenant_profile::find_in_tx(tx, tenant).await?;
    let profile = profile.ok_or_else(|| error::profile_not_found(tenant))?;
    let today = profile.day_of(now);
    let not_found = || error::customer_not_found(order.customer_id.0);
    let locked = store::exposure::lock_in_tx(tx, tenant, order.customer_id).await?;
    let locked = locked.ok_or_else(not_found)?;
    let customer = store::customer::find_in_tx(tx, tenant, order.customer_id).await?;
    let customer = customer.ok_or_else(not_found)?;
    let code = customer.details.policy_code();
    let versions = store::credit_policy::versions_in_tx(tx, tenant, &code).await?;
    let policy = in_force_on(&versions, today);
    let policy = policy.ok_or_else(|| error::no_policy_in_force(&code))?;
    let (_, entry) = policy.segments.entry_for(customer.details.segment.as_ref());
    let expires = expiry(order.expires_time, entry.reservation_lifetime, now)
        .map_err(|refused| error::reservation_refused(&refused))?;
    let rates = store::exchange_rate::table_in_tx(tx, tenant, &profile, today).await?;
    let found = standing::read_in_tx(tx, tenant, &customer, entry, &rates, today).await?;
    let standing = Standing {
        policy_version: &policy.name(),
        limit: found.limit,
        exposure: &found.exposure,
        holds: &found.holds,
    };
    let check = app
        .stamped(|stamp| credit_check::check(order.amount, standing, &rates, today, stamp))
        .map_err(|failed| error::convert_refused(&failed))?;
    Ok(Decided {
        check,
        exposure: found.exposure,
        expires,
        locked,
    })
}

fn set_aside(
    order: &Order,
    reservation_id: ReservationId,
    check: &CreditCheck,
    expires: Timestamp,
    now: Timestamp,
) -> Reservation {
    Reservation {
        reservation_id,
        customer_id: order.customer_id,
        order_reference: order.order_reference.clone(),
        state: ReservationState::Reserved,
        amount: order.amount,
        remaining_amount: order.amount,
        expected_invoice_date: order.expected_invoice_date,
        expires_time: Some(expires),
        uses: Vec::new(),
        decision_id: check.decision.decision_id,
        created_time: now,
        ended_time: None,
        version: 1,
    }
}

fn told(order: &Order, check: &CreditCheck, reservation: Option<&Reservation>) -> CreditEvent {
    match reservation {
        Some(reservation) => CreditEvent::CreditReserved(Box::new(reservation.clone())),
        None => CreditEvent::CreditRefused {
            decision: Box::new(check.decision.clone()),
            customer_id: order.customer_id,
            order_reference: order.order_reference.clone(),
            amount: order.amount,
        },
    }
}
