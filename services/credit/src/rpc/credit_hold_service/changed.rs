//! A hold that a person changes: what the three ways to do so have in common.

use events::append_in_tx;
use jiff::Timestamp;
use jiff::civil::Date;
use postgres::{TenantId, Tx, audit};
use runtime::{Call, Refusal};
use serde_json::json;

use crate::app::App;
use crate::domain::{CreditEvent, CreditHold, CreditHoldId, CustomerId};
use crate::events::outbound::announce;
use crate::jobs::review_holds;
use crate::rpc::error;
use crate::store;

/// The holds of a customer, their exposure locked around them.
pub(super) struct Locked {
    /// The day in the tenant's zone.
    pub today: Date,
    /// All that are not released.
    pub standing: Vec<CreditHold>,
}

/// Locks the exposure of a customer and reads their holds after it.
///
/// # Errors
/// NOT_FOUND (TENANT_PROFILE_NOT_FOUND, CUSTOMER_NOT_FOUND), or the database's.
pub(super) async fn lock_in_tx(
    tx: &mut Tx,
    tenant: TenantId,
    customer_id: CustomerId,
    now: Timestamp,
) -> Result<Locked, Refusal> {
    let profile = store::tenant_profile::find_in_tx(tx, tenant).await?;
    let profile = profile.ok_or_else(|| error::profile_not_found(tenant))?;
    let locked = store::exposure::lock_in_tx(tx, tenant, customer_id).await?;
    locked.ok_or_else(|| error::customer_not_found(customer_id.0))?;
    Ok(Locked {
        today: profile.day_of(now),
        standing: store::credit_hold::standing_in_tx(tx, tenant, customer_id).await?,
    })
}

/// A hold, its customer's exposure locked around it.
///
/// # Errors
/// NOT_FOUND (CREDIT_HOLD_NOT_FOUND), or the database's.
pub(super) async fn lock_one_in_tx(
    tx: &mut Tx,
    tenant: TenantId,
    credit_hold_id: CreditHoldId,
    now: Timestamp,
) -> Result<(CreditHold, Locked), Refusal> {
    let not_found = || error::credit_hold_not_found(credit_hold_id.0);
    let seen = store::credit_hold::find_in_tx(tx, tenant, credit_hold_id).await?;
    let customer_id = seen.ok_or_else(not_found)?.customer_id;
    let locked = lock_in_tx(tx, tenant, customer_id, now).await?;
    let hold = store::credit_hold::find_in_tx(tx, tenant, credit_hold_id).await?;
    Ok((hold.ok_or_else(not_found)?, locked))
}

/// Whether anything but `hold` stops orders.
pub(super) fn stopped_otherwise(standing: &[CreditHold], hold: &CreditHold, today: Date) -> bool {
    let mut others = standing
        .iter()
        .filter(|other| other.credit_hold_id != hold.credit_hold_id);
    others.any(|other| other.stops_orders(today))
}

/// Stores the hold, tells what happened, plans the next review, and leaves an audit entry.
///
/// # Errors
/// The database's.
pub(super) async fn keep_in_tx(
    app: &App,
    tx: &mut Tx,
    call: &Call,
    (hold, event): (&CreditHold, &CreditEvent),
    now: Timestamp,
) -> Result<(), Refusal> {
    let tenant = call.tenant();
    store::credit_hold::save_in_tx(tx, tenant, hold).await?;
    let told = [announce(tenant, now, event)];
    append_in_tx(tx, tenant, call.traceparent(), &told).await?;
    let (customer_id, trace) = (hold.customer_id, call.traceparent());
    let next = review_holds::review_in_tx(app, tx, tenant, customer_id, trace).await?;
    app.wakeups.announce(next);
    let facts = json!({ "customer_id": hold.customer_id });
    let entry = call.audit(format!("credit_hold/{}", hold.credit_hold_id.0), facts, now);
    Ok(audit::record_in_tx(tx, &entry).await?)
}
