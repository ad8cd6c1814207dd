//! Where a customer stands, put together from what is known: read by GetCreditProfile, and the answer
//! of SetCreditLimit.

use contracts::convert::money_to_wire;
use contracts::credit as wire;
use jiff::Timestamp;
use jiff::civil::Date;
use money::Money;
use postgres::{TenantId, Tx};
use runtime::Refusal;

use crate::domain::exposure::last_day_of_horizon;
use crate::domain::granted_terms::{granted_on, in_force_on};
use crate::domain::{
    CreditHold, CreditLimit, CreditPolicy, Customer, Exposure, LimitInForce, PaymentBehaviour,
    TenantProfile,
};
use crate::rpc::error;
use crate::rpc::wire::credit_hold::hold_to_wire;
use crate::rpc::wire::credit_policy::limit_to_wire;
use crate::rpc::wire::credit_profile::{behaviour_to_wire, customer_limit_to_wire, origin_to_wire};
use crate::rpc::wire::exposure::exposure_to_wire;
use crate::rpc::wire::field;
use crate::rpc::wire::terms::granted_to_wire;
use crate::store;

/// Reads where `customer` stands now.
///
/// # Errors
/// NOT_FOUND (TENANT_PROFILE_NOT_FOUND), FAILED_PRECONDITION (RATE_MISSING), or the database's.
pub(super) async fn read_in_tx(
    tx: &mut Tx,
    tenant: TenantId,
    customer: &Customer,
    now: Timestamp,
) -> Result<wire::CreditProfile, Refusal> {
    let customer_id = customer.customer_id;
    let tenant_profile = store::tenant_profile::find_in_tx(tx, tenant).await?;
    let tenant_profile = tenant_profile.ok_or_else(|| error::profile_not_found(tenant))?;
    let today = tenant_profile.day_of(now);
    let code = customer.details.policy_code();
    let versions = store::credit_policy::versions_in_tx(tx, tenant, &code).await?;
    let policy = in_force_on(&versions, today);
    let own_limit = store::customer_limit::find_in_tx(tx, tenant, customer_id).await?;
    let limit_version = store::customer_limit::version_in_tx(tx, tenant, customer_id).await?;
    let limit = limit_in_force(customer, policy, own_limit.as_ref(), today);
    let exposure = exposure_in_tx(
        tx,
        tenant,
        (&tenant_profile, customer),
        policy,
        limit,
        today,
    );
    let exposure = exposure.await?;
    let holds = store::credit_hold::standing_in_tx(tx, tenant, customer_id).await?;
    let behaviour = behaviour_in_tx(tx, tenant, customer, today).await?;
    let capacity = limit.and_then(|limit| limit.capacity().transpose());
    let capacity = capacity.transpose().map_err(Refusal::internal)?;
    let available = capacity.map(|capacity: Money| capacity.checked_sub(exposure.total_amount));
    let available = available.transpose().map_err(Refusal::internal)?;
    let granted = granted_on(&versions, customer.details.segment.as_ref(), today);
    Ok(wire::CreditProfile {
        customer_id: customer_id.0.to_string(),
        policy_version: policy.map(CreditPolicy::name).unwrap_or_default(),
        credit_limit: limit.map(|limit| limit_to_wire(limit.credit_limit)),
        limit_origin: limit
            .map(|limit| origin_to_wire(limit.origin))
            .unwrap_or_default()
            .into(),
        customer_limit: own_limit.as_ref().map(customer_limit_to_wire),
        exposure: Some(exposure_to_wire(&exposure)),
        available_amount: available.map(money_to_wire),
        holds: holds.iter().map(hold_to_wire).collect(),
        held: holds
            .iter()
            .any(|hold: &CreditHold| hold.stops_orders(today)),
        granted_terms: granted.as_ref().map(granted_to_wire),
        payment_behaviour: Some(behaviour),
        etag: field::etag(limit_version),
    })
}

/// `None`: no policy is in force, and no limit was set for them.
fn limit_in_force(
    customer: &Customer,
    policy: Option<&CreditPolicy>,
    own: Option<&crate::domain::CustomerLimit>,
    today: Date,
) -> Option<LimitInForce> {
    let segment = customer.details.segment.as_ref();
    match policy {
        Some(policy) => {
            let (_, entry) = policy.segments.entry_for(segment);
            let tolerance = entry.limit_tolerance_ratio;
            Some(LimitInForce::on(today, own, entry.credit_limit, tolerance))
        }
        None => {
            let nothing = CreditLimit::NoLimit;
            own.map(|own| LimitInForce::on(today, Some(own), nothing, money::Rate::ZERO))
        }
    }
}

async fn exposure_in_tx(
    tx: &mut Tx,
    tenant: TenantId,
    (profile, customer): (&TenantProfile, &Customer),
    policy: Option<&CreditPolicy>,
    limit: Option<LimitInForce>,
    today: Date,
) -> Result<Exposure, Refusal> {
    let segment = customer.details.segment.as_ref();
    let horizon = policy.and_then(|policy| policy.segments.entry_for(segment).1.order_horizon_days);
    let horizon = last_day_of_horizon(horizon, today);
    let rates = store::exchange_rate::table_in_tx(tx, tenant, profile, today).await?;
    let positions = store::exposure::positions_in_tx(tx, tenant, customer.customer_id, horizon);
    let told_in = limit.map_or(rates.home(), |limit| limit.currency(rates.home()));
    Exposure::measure(&positions.await?, told_in, &rates, today)
        .map_err(|failed| error::convert_refused(&failed))
}

/// How they paid in the twelve months up to a day.
///
/// # Errors
/// INTERNAL for sums beyond what money holds, or the database's.
pub(super) async fn behaviour_in_tx(
    tx: &mut Tx,
    tenant: TenantId,
    customer: &Customer,
    to_date: Date,
) -> Result<wire::PaymentBehaviour, Refusal> {
    let customer_id = customer.customer_id;
    let settled = store::known_invoice::settled_in_tx(tx, tenant, customer_id, to_date).await?;
    let oldest = store::known_invoice::oldest_overdue_in_tx(tx, tenant, customer_id, to_date);
    let oldest_overdue_date = oldest.await?;
    let behaviour = PaymentBehaviour::measure(&settled, to_date).map_err(Refusal::internal)?;
    Ok(behaviour_to_wire(
        customer_id,
        &behaviour,
        oldest_overdue_date,
    ))
}
