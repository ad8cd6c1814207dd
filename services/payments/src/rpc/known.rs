//! What a call needs to know from the feeds: the tenant's day, the customer. Where it is not known
//! yet the call waits a moment for the feed to catch up, then asks the caller to come again.
//!
//! A call that names hundreds of customers and invoices cannot come again for each: it waits for
//! the feeds before it looks, so that what its caller was told of is known here.

use std::time::Duration;

use jiff::civil::Date;
use postgres::{TenantId, Tx};
use runtime::{Call, Refusal};
use tokio::time::{Instant, sleep};

use super::error;
use crate::app::App;
use crate::domain::CustomerId;
use crate::store;

/// How long a call waits for the feed.
const PATIENCE: Duration = Duration::from_secs(1);

/// Time between two looks.
const PAUSE: Duration = Duration::from_millis(25);

/// Does `work`, and again while it needs what the feed has not brought yet. `work` must leave
/// nothing behind then: it is one transaction.
///
/// # Errors
/// Whatever `work` was refused with at last.
pub async fn until_known<T, Fut>(mut work: impl FnMut() -> Fut) -> Result<T, Refusal>
where
    Fut: Future<Output = Result<T, Refusal>>,
{
    let until = Instant::now() + PATIENCE;
    loop {
        match work().await {
            Err(refusal) if error::waits_for_feed(&refusal) && Instant::now() < until => {
                sleep(PAUSE).await;
            }
            outcome => return outcome,
        }
    }
}

/// Waits until everything that credit and invoicing have told by now has acted here. Where that
/// cannot be had, the call goes by what is known.
pub async fn caught_up(app: &App, call: &Call) {
    let (credit, invoicing) = tokio::join!(
        events::caught_up(&app.db, &app.credit, call),
        events::caught_up(&app.db, &app.invoicing, call),
    );
    for behind in [credit, invoicing].into_iter().filter_map(Result::err) {
        tracing::warn!(%behind, "a call goes by what is known");
    }
}

/// Today in the tenant's zone.
///
/// # Errors
/// UNAVAILABLE (TENANT_NOT_YET_KNOWN), or the database's.
pub async fn today_in_tx(app: &App, tx: &mut Tx, tenant: TenantId) -> Result<Date, Refusal> {
    let known = store::tenant::find_in_tx(tx, tenant).await?;
    let known = known.ok_or_else(|| error::tenant_not_yet_known(tenant))?;
    Ok(app.clock.today_in(&known.zone))
}

/// Refuses a customer that credit has not announced.
///
/// # Errors
/// UNAVAILABLE (CUSTOMER_NOT_YET_KNOWN), or the database's.
pub async fn customer_in_tx(
    tx: &mut Tx,
    tenant: TenantId,
    customer_id: CustomerId,
) -> Result<(), Refusal> {
    let known = store::customer::find_in_tx(tx, tenant, customer_id).await?;
    known
        .map(|_| ())
        .ok_or_else(|| error::customer_not_yet_known(customer_id))
}
