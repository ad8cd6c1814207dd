//! ReleaseReservation: the order fell through, or what is left of it.

use std::sync::Arc;

use contracts::credit::{ReleaseReservationRequest, ReleaseReservationResponse};
use events::append_in_tx;
use postgres::idempotency::{self, Begun};
use postgres::{audit, retried};
use prost::Message as _;
use runtime::{Answer, Call, Refusal};
use serde_json::json;
use timers::cancel_in_tx;

use super::locked::{lock_in_tx, save_in_tx};
use crate::app::App;
use crate::domain::{CreditEvent, ReservationId};
use crate::events::outbound::announce;
use crate::jobs::expire_reservation;
use crate::rpc::error;
use crate::rpc::wire::field;
use crate::rpc::wire::reservation::reservation_to_wire;

/// 1. Parse; 2. take the request id, or answer as the first time; 3. lock, compare the etag, release;
///    4. store and tell what became free.
pub async fn handle(
    app: Arc<App>,
    call: Call,
    request: ReleaseReservationRequest,
) -> Result<Answer<ReleaseReservationResponse>, Refusal> {
    let now = app.clock.now();
    let tenant = call.tenant();
    let reservation_id = field::only_id("reservation_id", &request.reservation_id)?;
    let reservation_id = ReservationId(reservation_id);
    let key = call.key(&request)?;
    retried(|| async {
        let mut tx = app.db.begin(&call).await?;
        let first = match idempotency::begin_in_tx(&mut tx, &key).await? {
            Begun::Replay(stored) => return Ok(Answer::replayed(stored)),
            Begun::First(first) => first,
        };
        let (mut reservation, locked) = lock_in_tx(&mut tx, tenant, reservation_id).await?;
        error::check_etag(&request.etag, &field::etag(reservation.version))?;
        let released = reservation.release(now);
        let released_amount = released.map_err(|refused| error::reservation_refused(&refused))?;
        save_in_tx(&mut tx, tenant, &reservation, locked).await?;
        cancel_in_tx(&mut tx, tenant, expire_reservation::KIND, reservation_id.0).await?;
        let told = CreditEvent::ReservationReleased {
            reservation: Box::new(reservation.clone()),
            released_amount,
        };
        let told = [announce(tenant, now, &told)];
        append_in_tx(&mut tx, tenant, call.traceparent(), &told).await?;
        let facts = json!({ "released_amount": released_amount });
        let entry = call.audit(format!("reservation/{}", reservation_id.0), facts, now);
        audit::record_in_tx(&mut tx, &entry).await?;
        let answer = ReleaseReservationResponse {
            reservation: Some(reservation_to_wire(&reservation)),
        };
        first.finish_in_tx(&mut tx, &answer.encode_to_vec()).await?;
        tx.commit().await?;
        Ok(Answer::new(answer))
    })
    .await
}
