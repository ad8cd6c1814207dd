//! Where a customer stands: what a check, a policy's preview and a profile read together. Reads only;
//! whoever decides on it has locked the exposure before.

use jiff::civil::Date;
use postgres::{TenantId, Tx};
use runtime::Refusal;

use super::error;
use crate::domain::exposure::last_day_of_horizon;
use crate::domain::{
    CreditHold, Customer, CustomerLimit, Exposure, LimitInForce, RateTable, SegmentPolicy,
};
use crate::store;

/// Where a customer stands under an entry of a policy.
#[derive(Debug, Clone)]
pub struct CustomerStanding {
    /// The limit that was set for them.
    pub own_limit: Option<CustomerLimit>,
    /// The limit in force.
    pub limit: LimitInForce,
    /// What they use of it.
    pub exposure: Exposure,
    /// Their holds that are not released.
    pub holds: Vec<CreditHold>,
}

/// Reads where `customer` stands on `today` under `entry`.
///
/// # Errors
/// FAILED_PRECONDITION (RATE_MISSING), or the database's.
pub async fn read_in_tx(
    tx: &mut Tx,
    tenant: TenantId,
    customer: &Customer,
    entry: &SegmentPolicy,
    rates: &RateTable,
    today: Date,
) -> Result<CustomerStanding, Refusal> {
    let customer_id = customer.customer_id;
    let own_limit = store::customer_limit::find_in_tx(tx, tenant, customer_id).await?;
    let limit = LimitInForce::on(
        today,
        own_limit.as_ref(),
        entry.credit_limit,
        entry.limit_tolerance_ratio,
    );
    let horizon = last_day_of_horizon(entry.order_horizon_days, today);
    let positions = store::exposure::positions_in_tx(tx, tenant, customer_id, horizon).await?;
    let told_in = limit.currency(rates.home());
    let exposure = Exposure::measure(&positions, told_in, rates, today)
        .map_err(|failed| error::convert_refused(&failed))?;
    let holds = store::credit_hold::standing_in_tx(tx, tenant, customer_id).await?;
    Ok(CustomerStanding {
        own_limit,
        limit,
        exposure,
        holds,
    })
}
