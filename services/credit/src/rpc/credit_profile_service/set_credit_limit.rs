//! SetCreditLimit: a limit for one customer in place of the policy's, or back to the policy's.

use std::sync::Arc;

use contracts::credit::{SetCreditLimitRequest, SetCreditLimitResponse};
use events::append_in_tx;
use jiff::Timestamp;
use jiff::civil::Date;
use postgres::idempotency::{self, Begun};
use postgres::{TenantId, Tx, audit, retried};
use prost::Message as _;
use runtime::{Answer, Call, Refusal};
use serde_json::json;

use super::profile;
use crate::app::App;
use crate::domain::granted_terms::in_force_on;
use crate::domain::{CreditEvent, CreditLimit, Customer, CustomerId, CustomerLimit, LimitInForce};
use crate::events::outbound::announce;
use crate::jobs::review_holds;
use crate::rpc::error;
use crate::rpc::wire::credit_profile::{Setting, setting_from_wire};
use crate::rpc::wire::field;
use crate::store;
use crate::store::customer_limit;

/// 1. Parse; 2. take the request id, or answer as the first time; 3. lock the customer and their
///    exposure, compare the etag; 4. store the limit, tell it, review the holds: confirmed
///    reservations stand (EX-5); 5. answer where they stand now.
pub async fn handle(
    app: Arc<App>,
    call: Call,
    request: SetCreditLimitRequest,
) -> Result<Answer<SetCreditLimitResponse>, Refusal> {
    let now = app.clock.now();
    let tenant = call.tenant();
    let setting = setting_from_wire(&request)?;
    let key = call.key(&request)?;
    retried(|| async {
        let mut tx = app.db.begin(&call).await?;
        let first = match idempotency::begin_in_tx(&mut tx, &key).await? {
            Begun::Replay(stored) => return Ok(Answer::replayed(stored)),
            Begun::First(first) => first,
        };
        let (customer, version) = lock_in_tx(&mut tx, tenant, setting.customer_id).await?;
        error::check_etag(&request.etag, &field::etag(version))?;
        let event = set_in_tx(&mut tx, &call, &setting, (customer.clone(), version), now).await?;
        let told = [announce(tenant, now, &event)];
        append_in_tx(&mut tx, tenant, call.traceparent(), &told).await?;
        let (customer_id, trace) = (setting.customer_id, call.traceparent());
        let next = review_holds::review_in_tx(&app, &mut tx, tenant, customer_id, trace).await?;
        let credit_profile = profile::read_in_tx(&mut tx, tenant, &customer, now).await?;
        let facts = json!({ "by_policy": setting.limit.is_none() });
        let entry = call.audit(format!("customer/{}", customer_id.0), facts, now);
        audit::record_in_tx(&mut tx, &entry).await?;
        let answer = SetCreditLimitResponse {
            credit_profile: Some(credit_profile),
        };
        first.finish_in_tx(&mut tx, &answer.encode_to_vec()).await?;
        tx.commit().await?;
        app.wakeups.announce(next);
        Ok(Answer::new(answer))
    })
    .await
}

/// Locks the exposure, then the customer; answers them and how often a limit was set.
async fn lock_in_tx(
    tx: &mut Tx,
    tenant: TenantId,
    customer_id: CustomerId,
) -> Result<(Customer, i64), Refusal> {
    let not_found = || error::customer_not_found(customer_id.0);
    let locked = store::exposure::lock_in_tx(tx, tenant, customer_id).await?;
    locked.ok_or_else(not_found)?;
    let customer = store::customer::lock_in_tx(tx, tenant, customer_id).await?;
    let version = customer_limit::version_in_tx(tx, tenant, customer_id).await?;
    Ok((customer.ok_or_else(not_found)?, version))
}

/// Stores the limit and answers what is told of it.
async fn set_in_tx(
    tx: &mut Tx,
    call: &Call,
    setting: &Setting,
    (mut customer, version): (Customer, i64),
    now: Timestamp,
) -> Result<CreditEvent, Refusal> {
    let (tenant, customer_id) = (call.tenant(), setting.customer_id);
    let tenant_profile = store::tenant_profile::find_in_tx(tx, tenant).await?;
    let today = tenant_profile
        .ok_or_else(|| error::profile_not_found(tenant))?
        .day_of(now);
    let own = setting
        .limit
        .map(|(credit_limit, valid_until_date)| CustomerLimit {
            credit_limit,
            valid_until_date,
            reason: setting.reason.clone(),
            set_by: call.actor().to_owned(),
            set_time: now,
        });
    if let Some(own) = &own {
        own.check(today)
            .map_err(|refused| error::limit_refused(&refused))?;
    }
    let kept = customer_limit::Setting {
        limit: own.as_ref(),
        reason: &setting.reason,
        set_by: call.actor(),
        set_time: now,
    };
    let next_version = version.saturating_add(1);
    customer_limit::insert_in_tx(tx, tenant, customer_id, next_version, &kept).await?;
    customer.version = customer.version.saturating_add(1);
    store::customer::update_in_tx(tx, tenant, &customer).await?;
    let credit_limit = in_force_in_tx(tx, tenant, &customer, own.as_ref(), today).await?;
    Ok(CreditEvent::CreditLimitSet {
        customer_id,
        customer_version: customer.version,
        credit_limit,
        by_policy: own.is_none(),
        valid_until_date: own.and_then(|own| own.valid_until_date),
    })
}

async fn in_force_in_tx(
    tx: &mut Tx,
    tenant: TenantId,
    customer: &Customer,
    own: Option<&CustomerLimit>,
    today: Date,
) -> Result<CreditLimit, Refusal> {
    let code = customer.details.policy_code();
    let versions = store::credit_policy::versions_in_tx(tx, tenant, &code).await?;
    let Some(policy) = in_force_on(&versions, today) else {
        return Ok(own.map_or(CreditLimit::NoLimit, |own| own.credit_limit));
    };
    let (_, entry) = policy.segments.entry_for(customer.details.segment.as_ref());
    let limit = LimitInForce::on(today, own, entry.credit_limit, entry.limit_tolerance_ratio);
    Ok(limit.credit_limit)
}
