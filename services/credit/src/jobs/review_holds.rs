//! Reviews the holds of a customer: after every change of the facts, in the change's own transaction,
//! and by timer on the days on which time alone decides otherwise (EX-5).

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::sync::Arc;

use events::append_in_tx;
use jiff::Timestamp;
use jiff::civil::Date;
use postgres::{DbError, TenantId, Tx, retried};
use timers::{
    Claim, JobError, Scheduled, Settled, cancel_in_tx, finish_in_tx, reschedule_in_tx,
    schedule_in_tx,
};

use crate::app::App;
use crate::domain::exposure::last_day_of_horizon;
use crate::domain::granted_terms::in_force_on;
use crate::domain::hold_review::{HoldChange, ReviewFacts, next_day, review};
use crate::domain::{
    ConvertError, CreditDecisionKind, CreditHold, CreditHoldState, CreditPolicy, Customer,
    CustomerId, Exposure, LimitInForce, PolicyCode, RateTable, TenantProfile,
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
    let mut scheduled = Vec::new();
    let mut ground = match customers.is_empty() {
        true => return Ok(scheduled),
        false => Ground::read_in_tx(app, tx, tenant).await?,
    };
    for (&customer_id, traceparent) in customers {
        let next = match &mut ground {
            Some(ground) => reviewed_in_tx(app, tx, ground, customer_id, traceparent).await?,
            None => None,
        };
        if let Some(next) = next {
            scheduled.push(schedule_in_tx(tx, tenant, KIND, customer_id.0, next).await?);
        } else {
            cancel_in_tx(tx, tenant, KIND, customer_id.0).await?;
        }
    }
    Ok(scheduled)
}

/// What a review needs whoever the customer is: read once for all that are reviewed together.
struct Ground {
    tenant: TenantId,
    profile: TenantProfile,
    today: Date,
    rates: RateTable,
    /// The policies that were needed so far, all versions of each.
    policies: BTreeMap<PolicyCode, Vec<CreditPolicy>>,
}

impl Ground {
    /// `None`: the tenant has no profile yet.
    async fn read_in_tx(app: &App, tx: &mut Tx, tenant: TenantId) -> Result<Option<Self>, DbError> {
        let Some(profile) = store::tenant_profile::find_in_tx(tx, tenant).await? else {
            return Ok(None);
        };
        let today = profile.day_of(app.clock.now());
        let rates = store::exchange_rate::table_in_tx(tx, tenant, &profile, today).await?;
        Ok(Some(Self {
            tenant,
            profile,
            today,
            rates,
            policies: BTreeMap::new(),
        }))
    }
}

/// All versions of a policy, read with the first customer under it.
async fn versions_in_tx<'a>(
    tx: &mut Tx,
    tenant: TenantId,
    known: &'a mut BTreeMap<PolicyCode, Vec<CreditPolicy>>,
    code: PolicyCode,
) -> Result<&'a [CreditPolicy], DbError> {
    match known.entry(code) {
        Entry::Occupied(known) => Ok(known.into_mut()),
        Entry::Vacant(place) => {
            let found = store::credit_policy::versions_in_tx(tx, tenant, place.key()).await?;
            Ok(place.insert(found))
        }
    }
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
        let ground = Ground::read_in_tx(&app, &mut tx, tenant).await?;
        let next = match ground {
            Some(mut ground) => reviewed_in_tx(&app, &mut tx, &mut ground, customer_id, "").await?,
            None => None,
        };
        let settled = match next {
            Some(next) => reschedule_in_tx(&mut tx, &claim, next).await?,
            None => finish_in_tx(&mut tx, &claim).await?,
        };
        tx.commit().await?;
        Ok::<_, JobError>(settled)
    })
    .await
}

/// Reviews, stores, tells; answers when the next review is due.
async fn reviewed_in_tx(
    app: &App,
    tx: &mut Tx,
    ground: &mut Ground,
    customer_id: CustomerId,
    traceparent: &str,
) -> Result<Option<Timestamp>, DbError> {
    let (now, tenant, today) = (app.clock.now(), ground.tenant, ground.today);
    let Some(customer) = store::customer::find_in_tx(tx, tenant, customer_id).await? else {
        return Ok(None);
    };
    let (facts, other_days) = facts_in_tx(tx, ground, &customer).await?;
    let mut holds = store::credit_hold::standing_in_tx(tx, tenant, customer_id).await?;
    let changes =
        app.stamped(|stamp| review(customer_id, &mut holds, facts.as_ref(), today, stamp));
    for change in &changes {
        save_in_tx(tx, tenant, change).await?;
    }
    let told: Vec<_> = changes
        .iter()
        .map(|change| announce(tenant, now, &change.event))
        .collect();
    append_in_tx(tx, tenant, traceparent, &told).await?;
    let next = next_day(&holds, facts.as_ref(), &other_days, today);
    Ok(next.and_then(|day| ground.profile.zone.start_of_day(day).ok()))
}

/// What is known, and the days on which it changes by itself: the customer's own limit runs out, the
/// next version of the policy begins.
async fn facts_in_tx(
    tx: &mut Tx,
    ground: &mut Ground,
    customer: &Customer,
) -> Result<(Option<ReviewFacts>, Vec<Option<Date>>), DbError> {
    let (tenant, today) = (ground.tenant, ground.today);
    let customer_id = customer.customer_id;
    let own_limit = store::customer_limit::find_in_tx(tx, tenant, customer_id).await?;
    let (code, rates) = (customer.details.policy_code(), &ground.rates);
    let versions = versions_in_tx(tx, tenant, &mut ground.policies, code).await?;
    let begins = versions.iter().map(|version| version.valid_from_date);
    let next_version = begins.filter(|day| *day > today).min();
    let last_of_limit = own_limit.as_ref().and_then(|limit| limit.valid_until_date);
    let after_limit = last_of_limit.and_then(|last| calendar::add_days(last, 1).ok());
    let days = vec![next_version, after_limit];
    let Some(policy) = in_force_on(versions, today) else {
        return Ok((None, days));
    };
    let (_, entry) = policy.segments.entry_for(customer.details.segment.as_ref());
    let (policy_limit, tolerance) = (entry.credit_limit, entry.limit_tolerance_ratio);
    let limit = LimitInForce::on(today, own_limit.as_ref(), policy_limit, tolerance);
    let horizon = last_day_of_horizon(entry.order_horizon_days, today);
    let positions = store::exposure::positions_in_tx(tx, tenant, customer_id, horizon).await?;
    let exposure = Exposure::measure(&positions, limit.currency(rates.home()), rates, today);
    let exposure = match exposure {
        Ok(exposure) => Some(exposure),
        Err(ConvertError::RateMissing(_)) => None,
        Err(ConvertError::Money(error)) => return Err(beyond(&error)),
    };
    let oldest = store::exposure::oldest_due_date_in_tx(tx, tenant, customer_id).await?;
    let facts = ReviewFacts::under(policy.name(), entry, oldest, limit, exposure.as_ref());
    facts
        .map(|facts| (Some(facts), days))
        .map_err(|error| beyond(&error))
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
