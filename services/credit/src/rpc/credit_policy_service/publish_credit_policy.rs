//! PublishCreditPolicy: the next version of a policy, told at once with every customer's terms.

use std::collections::BTreeMap;
use std::sync::Arc;

use contracts::credit::{
    CreditPolicyImpact, PublishCreditPolicyRequest, PublishCreditPolicyResponse,
};
use events::append_in_tx;
use jiff::Timestamp;
use jiff::civil::Date;
use postgres::idempotency::{self, Begun};
use postgres::{TenantId, Tx, audit, retried};
use prost::Message as _;
use runtime::{Answer, Call, Refusal};
use serde_json::json;
use timers::{Scheduled, schedule_all_in_tx};
use uuid::Uuid;

use crate::app::App;
use crate::domain::granted_terms::in_force_on;
use crate::domain::{CreditEvent, CreditPolicy, CustomerFacts, PolicyImpact, TenantProfile};
use crate::events::outbound::announce_all;
use crate::jobs::review_holds;
use crate::rpc::wire::credit_policy::{draft_from_wire, policy_to_wire};
use crate::rpc::{error, standing};
use crate::store;

/// 1. Parse; 2. take the request id, or answer as the first time; 3. alone under the tenant's lock,
///    make the version; 4. with `validate_only` count what it would change; else store it and tell
///    it and every customer's terms.
pub async fn handle(
    app: Arc<App>,
    call: Call,
    request: PublishCreditPolicyRequest,
) -> Result<Answer<PublishCreditPolicyResponse>, Refusal> {
    let now = app.clock.now();
    let tenant = call.tenant();
    let draft = draft_from_wire(&request)?;
    let key = call.key(&request)?;
    retried(|| async {
        let mut tx = app.db.begin(&call).await?;
        let first = match idempotency::begin_in_tx(&mut tx, &key).await? {
            Begun::Replay(stored) => return Ok(Answer::replayed(stored)),
            Begun::First(first) => first,
        };
        let profile = store::tenant_profile::lock_in_tx(&mut tx, tenant).await?;
        let profile = profile.ok_or_else(|| error::profile_not_found(tenant))?;
        let today = profile.day_of(now);
        let code = &draft.policy_code;
        let versions = store::credit_policy::versions_in_tx(&mut tx, tenant, code).await?;
        let by = call.actor().to_owned();
        let policy = CreditPolicy::publish(draft.clone(), versions.last(), by, now, today)
            .map_err(|refused| error::publish_refused(&refused))?;
        let mut answer = PublishCreditPolicyResponse {
            credit_policy: Some(policy_to_wire(&policy)),
            impact: None,
        };
        let mut reviews = Vec::new();
        if request.validate_only {
            let before = in_force_on(&versions, today);
            let impact = impact_in_tx(&mut tx, tenant, &profile, before, &policy, today).await?;
            answer.impact = Some(impact_to_wire(impact));
        } else {
            store::credit_policy::insert_in_tx(&mut tx, tenant, &policy).await?;
            let told = tell_in_tx(&mut tx, tenant, &profile, &policy).await?;
            reviews = review_all_in_tx(&mut tx, tenant, &told, now).await?;
            let told = announce_all(tenant, now, &told);
            append_in_tx(&mut tx, tenant, call.traceparent(), &told).await?;
            let facts = json!({ "valid_from_date": policy.valid_from_date });
            let entry = call.audit(policy.name(), facts, now);
            audit::record_in_tx(&mut tx, &entry).await?;
        }
        first.finish_in_tx(&mut tx, &answer.encode_to_vec()).await?;
        tx.commit().await?;
        app.wakeups.announce(reviews);
        Ok(Answer::new(answer))
    })
    .await
}

/// The policy, and what each customer under it is granted.
async fn tell_in_tx(
    tx: &mut Tx,
    tenant: TenantId,
    profile: &TenantProfile,
    policy: &CreditPolicy,
) -> Result<Vec<CreditEvent>, Refusal> {
    let mut told = vec![CreditEvent::CreditPolicyPublished {
        tenant_version: profile.version,
        credit_policy: Box::new(policy.clone()),
    }];
    let code = &policy.policy_code;
    let customers = store::customer::raise_under_policy_in_tx(tx, tenant, code).await?;
    told.extend(customers.into_iter().map(|customer| {
        let granted = policy.grant(customer.segment.as_ref(), Date::MIN);
        CreditEvent::TermsGranted {
            customer_id: customer.customer_id,
            customer_version: customer.version,
            granted_terms: Box::new(granted),
        }
    }));
    Ok(told)
}

/// Schedules a review of the holds of everybody who was told other terms: they also learn from which
/// day on the version holds.
async fn review_all_in_tx(
    tx: &mut Tx,
    tenant: TenantId,
    told: &[CreditEvent],
    now: Timestamp,
) -> Result<Vec<Scheduled>, Refusal> {
    let reviews: BTreeMap<Uuid, Timestamp> = told
        .iter()
        .filter_map(|event| match event {
            CreditEvent::TermsGranted { customer_id, .. } => Some((customer_id.0, now)),
            _ => None,
        })
        .collect();
    Ok(schedule_all_in_tx(tx, tenant, review_holds::KIND, &reviews).await?)
}

async fn impact_in_tx(
    tx: &mut Tx,
    tenant: TenantId,
    profile: &TenantProfile,
    before: Option<&CreditPolicy>,
    after: &CreditPolicy,
    today: Date,
) -> Result<PolicyImpact, Refusal> {
    let rates = store::exchange_rate::table_in_tx(tx, tenant, profile, today).await?;
    let mut impact = PolicyImpact::default();
    for customer in store::customer::under_policy_in_tx(tx, tenant, &after.policy_code).await? {
        let segment = customer.details.segment.as_ref();
        let (_, entry) = after.segments.entry_for(segment);
        let standing = standing::read_in_tx(tx, tenant, &customer, entry, &rates, today).await?;
        let customer_id = customer.customer_id;
        let facts = CustomerFacts {
            own_limit: standing.own_limit.as_ref(),
            exposure: standing.exposure.total_amount,
            oldest_due_date: store::exposure::oldest_due_date_in_tx(tx, tenant, customer_id)
                .await?,
            holds: &standing.holds,
        };
        let before = before.map(|before| before.segments.entry_for(segment).1);
        impact
            .count(before, entry, facts, today)
            .map_err(Refusal::internal)?;
    }
    Ok(impact)
}

fn impact_to_wire(impact: PolicyImpact) -> CreditPolicyImpact {
    CreditPolicyImpact {
        customer_count: impact.customer_count,
        terms_changed_count: impact.terms_changed_count,
        limit_changed_count: impact.limit_changed_count,
        newly_held_count: impact.newly_held_count,
        no_longer_held_count: impact.no_longer_held_count,
    }
}
