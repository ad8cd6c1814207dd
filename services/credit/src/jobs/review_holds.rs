//! Reviews the holds of a customer: after every change of the facts, in the change's own transaction,
//! and by timer on the days on which time alone decides otherwise (EX-5).

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use events::append_in_tx;
use jiff::Timestamp;
use jiff::civil::Date;
use postgres::{DbError, TenantId, Tx, retried};
use timers::{
    Claim, JobError, Scheduled, Settled, cancel_all_in_tx, finish_in_tx, reschedule_in_tx,
    schedule_all_in_tx,
};
use uuid::Uuid;

use crate::app::App;
use crate::domain::exposure::last_day_of_horizon;
use crate::domain::granted_terms::in_force_on;
use crate::domain::hold_review::{HoldChange, ReviewFacts, next_day, review};
use crate::domain::{
    ConvertError, CreditDecisionKind, CreditHold, CreditHoldState, CreditPolicy, Customer,
    CustomerId, Exposure, LimitInForce, PolicyCode, Position, RateTable, TenantProfile,
};
use crate::events::outbound::announce;
use crate::jobs::caught_up;
use crate::store;

/// The kind of timer.
pub const KIND: &str = "review_holds";

/// Reviews the holds of a customer whose exposure the caller has locked, stores and tells what
/// changed, and schedules the next review. Of a customer that is not known it does nothing.
///
/// # Errors
/// [`DbError`] of the statements.
pub async fn review_in_tx(
    app: &App,
    tx: &mut Tx,
    tenant: TenantId,
    customer_id: CustomerId,
    traceparent: &str,
) -> Result<Option<Scheduled>, DbError> {
    let one = BTreeMap::from([(customer_id, traceparent)]);
    Ok(review_all_in_tx(app, tx, tenant, &one).await?.pop())
}

/// As [`review_in_tx`], of several customers, each with the trace context of the cause.
///
/// # Errors
/// [`DbError`] of the statements.
pub async fn review_all_in_tx(
    app: &App,
    tx: &mut Tx,
    tenant: TenantId,
    customers: &BTreeMap<CustomerId, &str>,
) -> Result<Vec<Scheduled>, DbError> {
    if customers.is_empty() {
        return Ok(Vec::new());
    }
    let next = reviewed_in_tx(app, tx, tenant, customers).await?;
    let ids = customers.keys().map(|customer_id| customer_id.0);
    let ended: Vec<Uuid> = ids.filter(|id| !next.contains_key(id)).collect();
    cancel_all_in_tx(tx, tenant, KIND, &ended).await?;
    schedule_all_in_tx(tx, tenant, KIND, &next).await
}

/// 1. Know what invoicing and payments have announced; 2. lock the exposure and review.
///
/// # Errors
/// [`JobError`].
pub async fn run(app: Arc<App>, claim: Claim) -> Result<Settled, JobError> {
    caught_up(&app, &[&app.invoicing, &app.payments]).await?;
    retried(|| async {
        let (tenant, customer_id) = (claim.tenant, CustomerId(claim.subject_id));
        let mut tx = app.db.begin(tenant).await?;
        store::exposure::lock_in_tx(&mut tx, tenant, customer_id).await?;
        let one = BTreeMap::from([(customer_id, "")]);
        let next = reviewed_in_tx(&app, &mut tx, tenant, &one).await?;
        let settled = match next.into_values().next() {
            Some(next) => reschedule_in_tx(&mut tx, &claim, next).await?,
            None => finish_in_tx(&mut tx, &claim).await?,
        };
        tx.commit().await?;
        Ok::<_, JobError>(settled)
    })
    .await
}

/// Reviews, stores, tells; answers when whose next review is due.
async fn reviewed_in_tx(
    app: &App,
    tx: &mut Tx,
    tenant: TenantId,
    customers: &BTreeMap<CustomerId, &str>,
) -> Result<BTreeMap<Uuid, Timestamp>, DbError> {
    let mut due = BTreeMap::new();
    // Without a profile there is no day of the tenant yet.
    let Some(profile) = store::tenant_profile::find_in_tx(tx, tenant).await? else {
        return Ok(due);
    };
    let now = app.clock.now();
    let today = profile.day_of(now);
    let ids = || customers.keys().copied();
    let facts = facts_in_tx(tx, tenant, &profile, today, ids()).await?;
    let mut standing = store::credit_hold::standing_of_all_in_tx(tx, tenant, ids()).await?;
    for (customer_id, Known { facts, other_days }) in facts {
        let mut holds = standing.remove(&customer_id).unwrap_or_default();
        let changes =
            app.stamped(|stamp| review(customer_id, &mut holds, facts.as_ref(), today, stamp));
        for change in &changes {
            save_in_tx(tx, tenant, change).await?;
        }
        let told: Vec<_> = changes
            .iter()
            .map(|change| announce(tenant, now, &change.event))
            .collect();
        let traceparent = customers.get(&customer_id).copied().unwrap_or_default();
        append_in_tx(tx, tenant, traceparent, &told).await?;
        let next = next_day(&holds, facts.as_ref(), &other_days, today);
        let next = next.and_then(|day| profile.zone.start_of_day(day).ok());
        due.extend(next.map(|next| (customer_id.0, next)));
    }
    Ok(due)
}

/// What is known of a customer.
struct Known {
    /// `None` where no policy is in force.
    facts: Option<ReviewFacts>,
    /// The days on which it changes by itself: the customer's own limit runs out, the next version of
    /// the policy begins.
    other_days: Vec<Option<Date>>,
}

/// What is known of customers, those there are.
async fn facts_in_tx(
    tx: &mut Tx,
    tenant: TenantId,
    profile: &TenantProfile,
    today: Date,
    ids: impl Iterator<Item = CustomerId> + Clone,
) -> Result<BTreeMap<CustomerId, Known>, DbError> {
    let customers = store::customer::find_all_in_tx(tx, tenant, ids.clone()).await?;
    let own_limits = store::customer_limit::find_all_in_tx(tx, tenant, ids.clone()).await?;
    let oldest = store::exposure::oldest_due_dates_in_tx(tx, tenant, ids).await?;
    let rates = store::exchange_rate::table_in_tx(tx, tenant, profile, today).await?;
    let policies = policies_in_tx(tx, tenant, &customers).await?;
    let in_force = |customer: &Customer| {
        let versions = policies.get(&customer.details.policy_code())?;
        let policy = in_force_on(versions, today)?;
        let (_, entry) = policy.segments.entry_for(customer.details.segment.as_ref());
        Some((policy, entry))
    };
    let horizons = customers.iter().filter_map(|customer| {
        let (_, entry) = in_force(customer)?;
        let horizon = last_day_of_horizon(entry.order_horizon_days, today);
        Some((customer.customer_id, horizon))
    });
    let horizons = horizons.collect();
    let positions = store::exposure::positions_of_all_in_tx(tx, tenant, &horizons).await?;

    let mut known = BTreeMap::new();
    for customer in &customers {
        let customer_id = customer.customer_id;
        let own_limit = own_limits.get(&customer_id);
        let versions = policies.get(&customer.details.policy_code());
        let begins = versions
            .into_iter()
            .flatten()
            .map(|version| version.valid_from_date);
        let next_version = begins.filter(|day| *day > today).min();
        let last_of_limit = own_limit.and_then(|limit| limit.valid_until_date);
        let after_limit = last_of_limit.and_then(|last| calendar::add_days(last, 1).ok());
        let facts = in_force(customer).map(|(policy, entry)| {
            let (policy_limit, tolerance) = (entry.credit_limit, entry.limit_tolerance_ratio);
            let limit = LimitInForce::on(today, own_limit, policy_limit, tolerance);
            let positions = positions.get(&customer_id).map_or(&[][..], Vec::as_slice);
            let exposure = exposure(positions, limit, &rates, today)?;
            let oldest = oldest.get(&customer_id).copied();
            let facts = ReviewFacts::under(policy.name(), entry, oldest, limit, exposure.as_ref());
            facts.map_err(|error| beyond(&error))
        });
        let facts = facts.transpose()?;
        let other_days = vec![next_version, after_limit];
        known.insert(customer_id, Known { facts, other_days });
    }
    Ok(known)
}

/// What a customer uses; `None` where a rate is missing that it takes to tell.
fn exposure(
    positions: &[Position],
    limit: LimitInForce,
    rates: &RateTable,
    today: Date,
) -> Result<Option<Exposure>, DbError> {
    match Exposure::measure(positions, limit.currency(rates.home()), rates, today) {
        Ok(exposure) => Ok(Some(exposure)),
        Err(ConvertError::RateMissing(_)) => Ok(None),
        Err(ConvertError::Money(error)) => Err(beyond(&error)),
    }
}

/// All versions of the policies that customers are under.
async fn policies_in_tx(
    tx: &mut Tx,
    tenant: TenantId,
    customers: &[Customer],
) -> Result<BTreeMap<PolicyCode, Vec<CreditPolicy>>, DbError> {
    let codes = customers
        .iter()
        .map(|customer| customer.details.policy_code());
    let codes: BTreeSet<PolicyCode> = codes.collect();
    let mut policies = BTreeMap::new();
    for code in codes {
        let versions = store::credit_policy::versions_in_tx(tx, tenant, &code).await?;
        policies.insert(code, versions);
    }
    Ok(policies)
}

/// Sums beyond what money holds: a fault of the stored data.
fn beyond(error: &money::MoneyError) -> DbError {
    sqlx::Error::Decode(error.to_string().into()).into()
}

/// A decision names the hold, and a hold by facts its decision: the decision comes first.
async fn save_in_tx(tx: &mut Tx, tenant: TenantId, change: &HoldChange) -> Result<(), DbError> {
    let hold: &CreditHold = &change.hold;
    if let Some(decision) = &change.decision {
        let kind = match hold.state {
            CreditHoldState::Released => CreditDecisionKind::HoldReleased,
            CreditHoldState::Active | CreditHoldState::Overridden => CreditDecisionKind::HoldPlaced,
        };
        let effect = (kind, hold.credit_hold_id);
        let customer_id = hold.customer_id;
        store::credit_decision::insert_hold_in_tx(tx, tenant, decision, effect, customer_id)
            .await?;
    }
    store::credit_hold::save_in_tx(tx, tenant, hold).await
}
