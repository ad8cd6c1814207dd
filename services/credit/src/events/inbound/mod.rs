//! What others announce to us, one producer a file. Every event carries complete facts and a version;
//! an older version never replaces a newer one (P24). Events that are of no use here are passed over.

pub mod invoicing;
pub mod payments;

use std::collections::BTreeMap;

use contracts::common::{Event, Money as WireMoney};
use contracts::convert::money_from_wire;
use events::{Apply, ApplyError};
use money::Money;
use postgres::{DbError, TenantId, Tx};
use prost::{Message, Name};
use uuid::Uuid;

use crate::app::App;
use crate::domain::CustomerId;
use crate::jobs::review_holds;
use crate::store;

/// The handler of a producer's feed; `None`: we do not read it.
#[must_use]
pub fn handler(source: &str) -> Option<Apply<App>> {
    match source {
        "invoicing" => Some(Apply::Run(invoicing::apply)),
        "payments" => Some(Apply::Run(payments::apply)),
        _ => None,
    }
}

/// Locks what customers use of their limits: everything that changes it begins here (P11).
async fn lock_in_tx(
    tx: &mut Tx,
    tenant: TenantId,
    changed: &Changed<'_>,
) -> Result<(), ApplyError> {
    let asked = changed.keys().copied();
    let locked = store::exposure::lock_all_in_tx(tx, tenant, asked).await?;
    match locked.len() == changed.len() {
        true => Ok(()),
        false => Err(poison("a customer that is not known here")),
    }
}

/// The customers of whom a run of events told something, each with the trace context of the last that
/// did.
type Changed<'a> = BTreeMap<CustomerId, &'a str>;

/// Once the facts are kept: counts anew what follows from them, and looks at the customers' holds, once
/// however often the facts changed.
async fn review_in_tx(
    app: &App,
    tx: &mut Tx,
    tenant: TenantId,
    changed: &Changed<'_>,
) -> Result<(), DbError> {
    store::exposure::recount_in_tx(tx, tenant, changed.keys().copied()).await?;
    let next = review_holds::review_all_in_tx(app, tx, tenant, changed).await?;
    app.wakeups.announce(next);
    Ok(())
}

fn facts<M: Message + Default + Name>(event: &Event) -> Result<M, ApplyError> {
    let data = event.data.as_ref().ok_or_else(|| missing("data"))?;
    M::decode(data.value.as_slice()).map_err(|error| poison(format!("{}: {error}", M::NAME)))
}

/// The tenant of a run of events, all of them the same one's.
fn tenant(events: &[&Event]) -> Result<TenantId, ApplyError> {
    let first = events.first().ok_or_else(|| poison("a run of no events"))?;
    Ok(TenantId::new(id(&first.tenant_id, "tenant_id")?))
}

fn customer(text: &str) -> Result<CustomerId, ApplyError> {
    id(text, "customer_id").map(CustomerId)
}

fn id(text: &str, field: &str) -> Result<Uuid, ApplyError> {
    text.parse()
        .map_err(|_| poison(format!("{field} is malformed")))
}

fn money(amount: Option<&WireMoney>, field: &str) -> Result<Money, ApplyError> {
    let amount = amount.ok_or_else(|| missing(field))?;
    money_from_wire(amount).map_err(|error| poison(format!("{field}: {error}")))
}

fn missing(field: &str) -> ApplyError {
    poison(format!("{field} is missing"))
}

fn poison(reason: impl Into<String>) -> ApplyError {
    ApplyError::Poison(reason.into())
}
