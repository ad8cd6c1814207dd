//! A reservation, with the exposure of its customer locked around it: what every change begins with.

use postgres::{TenantId, Tx};
use runtime::Refusal;

use crate::domain::{Reservation, ReservationId};
use crate::rpc::error;
use crate::store;
use crate::store::exposure::Locked;

/// Finds whose it is, locks their exposure, and reads it again as it is then.
///
/// # Errors
/// NOT_FOUND (RESERVATION_NOT_FOUND), or the database's.
pub(super) async fn lock_in_tx(
    tx: &mut Tx,
    tenant: TenantId,
    reservation_id: ReservationId,
) -> Result<(Reservation, Locked), Refusal> {
    let not_found = || error::reservation_not_found(reservation_id.0);
    let seen = store::reservation::find_in_tx(tx, tenant, reservation_id).await?;
    let customer_id = seen.ok_or_else(not_found)?.customer_id;
    let locked = store::exposure::lock_in_tx(tx, tenant, customer_id).await?;
    let reservation = store::reservation::find_in_tx(tx, tenant, reservation_id).await?;
    reservation.zip(locked).ok_or_else(not_found)
}

/// Stores the changed reservation, on the condition that the exposure is the one that was locked.
///
/// # Errors
/// ABORTED (LOST_RACE), or the database's.
pub(super) async fn save_in_tx(
    tx: &mut Tx,
    tenant: TenantId,
    reservation: &Reservation,
    locked: Locked,
) -> Result<(), Refusal> {
    let customer_id = reservation.customer_id;
    if !store::exposure::raise_in_tx(tx, tenant, customer_id, locked).await? {
        return Err(Refusal::stale("LOST_RACE"));
    }
    Ok(store::reservation::update_in_tx(tx, tenant, reservation).await?)
}
