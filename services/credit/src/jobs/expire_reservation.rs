//! Ends a reservation that nobody confirmed in time. An invoice that uses it may be under way: it
//! counts if it was announced before the end acts (architecture, "An order against a limit").

use std::sync::Arc;

use events::append_in_tx;
use jiff::Timestamp;
use postgres::{DbError, TenantId, Tx, retried};
use timers::{Claim, JobError, Scheduled, Settled, finish_in_tx, schedule_in_tx};

use crate::app::App;
use crate::domain::{CreditEvent, ReservationId};
use crate::events::outbound::announce;
use crate::jobs::{caught_up, review_holds};
use crate::store;

/// The kind of timer.
pub const KIND: &str = "expire_reservation";

/// Schedules the end of a reservation.
///
/// # Errors
/// [`DbError`] of the statement.
pub async fn plan_in_tx(
    tx: &mut Tx,
    tenant: TenantId,
    reservation_id: ReservationId,
    expires: Timestamp,
) -> Result<Scheduled, DbError> {
    schedule_in_tx(tx, tenant, KIND, reservation_id.0, expires).await
}

/// 1. Know what invoicing has announced; 2. lock the exposure, end the reservation if it is still to
///    end, tell it, review the customer's holds.
///
/// # Errors
/// [`JobError`].
pub async fn run(app: Arc<App>, claim: Claim) -> Result<Settled, JobError> {
    caught_up(&app, &[&app.invoicing]).await?;
    retried(|| async {
        let (tenant, reservation_id) = (claim.tenant, ReservationId(claim.subject_id));
        let now = app.clock.now();
        let mut tx = app.db.begin(tenant).await?;
        let seen = store::reservation::find_in_tx(&mut tx, tenant, reservation_id).await?;
        let seen = seen.ok_or_else(|| JobError::failed("there is no such reservation"))?;
        store::exposure::lock_in_tx(&mut tx, tenant, seen.customer_id).await?;
        let found = store::reservation::find_in_tx(&mut tx, tenant, reservation_id).await?;
        if let Some(mut reservation) = found
            && let Some(released_amount) = reservation.expire(now)
        {
            store::reservation::update_in_tx(&mut tx, tenant, &reservation).await?;
            let told = CreditEvent::ReservationExpired {
                reservation: Box::new(reservation),
                released_amount,
            };
            append_in_tx(&mut tx, tenant, "", &[announce(tenant, now, &told)]).await?;
            review_holds::review_in_tx(&app, &mut tx, tenant, seen.customer_id, "").await?;
        }
        let settled = finish_in_tx(&mut tx, &claim).await?;
        tx.commit().await?;
        Ok::<_, JobError>(settled)
    })
    .await
}
