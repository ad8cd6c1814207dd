//! GetReservation: one reservation.

use contracts::credit::{GetReservationRequest, GetReservationResponse};
use runtime::{Call, Refusal};

use crate::app::App;
use crate::domain::ReservationId;
use crate::rpc::error;
use crate::rpc::wire::field;
use crate::rpc::wire::reservation::reservation_to_wire;
use crate::store;

/// One read transaction.
pub async fn handle(
    app: &App,
    call: Call,
    request: GetReservationRequest,
) -> Result<GetReservationResponse, Refusal> {
    let id = field::only_id("reservation_id", &request.reservation_id)?;
    let mut tx = app.db.begin_read(&call).await?;
    let found = store::reservation::find_in_tx(&mut tx, call.tenant(), ReservationId(id)).await?;
    tx.commit().await?;
    let reservation = found.ok_or_else(|| error::reservation_not_found(id))?;
    Ok(GetReservationResponse {
        reservation: Some(reservation_to_wire(&reservation)),
    })
}
