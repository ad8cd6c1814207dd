//! CreateContactPolicy: rules from a day on. They never change; later ones take over.

use std::sync::Arc;

use contracts::reminders::{
    ContactPolicy as PolicyMessage, CreateContactPolicyRequest, CreateContactPolicyResponse,
};
use events::append_in_tx;
use postgres::idempotency::{self, Begun};
use postgres::{TenantId, Tx, audit, retried};
use prost::Message as _;
use runtime::{Answer, Call, Refusal, Violations};
use serde_json::json;
use timers::Scheduled;
use uuid::Uuid;

use calendar::{Date, Timestamp, Zone};

use crate::app::App;
use crate::domain::contact::{ContactPolicy, ContactPolicyDefinition, ContactPolicyError};
use crate::domain::event::DomainEvent;
use crate::domain::id::ContactPolicyId;
use crate::domain::reason::Reason;
use crate::events::outbound::announce;
use crate::rpc::error;
use crate::rpc::wire::contact_policy::{definition_from_wire, policy_to_wire};
use crate::store;
use crate::store::case_file::look_again_in_tx;

/// What a policy may set free: steps that were kept out for want of a permission.
const SETS_FREE: [Reason; 6] = [
    Reason::NoContactPolicy,
    Reason::NeverPermitted,
    Reason::CalendarNotCovered,
    Reason::ZoneUnknown,
    Reason::FrequencyCap,
    Reason::ConsentMissing,
];

/// 1. Parse; 2. take the request id, or answer as the first time; 3. make the policy beside those of
///    the same country and kind; 4. unless it is only asked about, store it, and have the cases looked
///    at again that waited for one, on its first day.
pub async fn handle(
    app: Arc<App>,
    call: Call,
    request: CreateContactPolicyRequest,
) -> Result<Answer<CreateContactPolicyResponse>, Refusal> {
    let mut violations = Violations::new();
    let definition = definition_from_wire(&mut violations, request.definition.as_ref());
    let (definition,) = violations.complete((definition,))?;
    let key = call.key(&request)?;
    let (tenant, now) = (call.tenant(), app.clock.now());
    let done = retried(|| async {
        let mut tx = app.db.begin(&call).await?;
        let begun = match idempotency::begin_in_tx(&mut tx, &key).await? {
            Begun::Replay(stored) => return Ok((Answer::replayed(stored), Vec::new())),
            Begun::First(begun) => begun,
        };
        let (policy, event, zone) = made_in_tx(&mut tx, &call, &definition, now).await?;
        let mut scheduled = Vec::new();
        let mut told = policy_to_wire(&policy);
        if request.validate_only {
            told = PolicyMessage {
                contact_policy_id: String::new(),
                ..told
            };
        } else {
            store_in_tx(&mut tx, tenant, &policy).await?;
            let event = announce(1, now, &event);
            append_in_tx(&mut tx, tenant, call.traceparent(), &[event]).await?;
            let from = first_instant(&zone, policy.definition.valid_from_date).max(now);
            scheduled = look_again_in_tx(&mut tx, tenant, &SETS_FREE, from).await?;
            let subject = format!("contact_policy/{}", policy.contact_policy_id);
            let entry = call.audit(subject, json!({}), now);
            audit::record_in_tx(&mut tx, &entry).await?;
        }
        let answer = CreateContactPolicyResponse {
            contact_policy: Some(told),
        };
        begun.finish_in_tx(&mut tx, &answer.encode_to_vec()).await?;
        tx.commit().await?;
        Ok::<_, Refusal>((Answer::new(answer), scheduled))
    })
    .await;
    let (answer, scheduled): (_, Vec<Scheduled>) = done?;
    app.wakeups.announce(scheduled);
    Ok(answer)
}

/// The policy, if it may be added today, with the tenant's zone.
async fn made_in_tx(
    tx: &mut Tx,
    call: &Call,
    definition: &ContactPolicyDefinition,
    now: Timestamp,
) -> Result<(ContactPolicy, DomainEvent, Zone), Refusal> {
    let tenant = call.tenant();
    let profile = store::tenant_profile::find_in_tx(tx, tenant).await?;
    let zone = profile.map_or_else(Zone::utc, |profile| profile.zone);
    let (country, kind) = (definition.country_code.as_deref(), definition.debtor_kind);
    let others = store::contact_policy::of_scope_in_tx(tx, tenant, country, kind).await?;
    let id = ContactPolicyId::new(Uuid::now_v7());
    let today = zone.local_date(now);
    let made = ContactPolicy::create(id, definition.clone(), &others, today, call.actor(), now);
    let (policy, event) = made.map_err(|refused| error::contact_policy::refused(&refused))?;
    Ok((policy, event, zone))
}

async fn store_in_tx(tx: &mut Tx, tenant: TenantId, policy: &ContactPolicy) -> Result<(), Refusal> {
    if store::contact_policy::insert_in_tx(tx, tenant, policy).await? {
        return Ok(());
    }
    // Somebody was faster; the other is there by now.
    let definition = &policy.definition;
    let (country, kind) = (definition.country_code.as_deref(), definition.debtor_kind);
    let others = store::contact_policy::of_scope_in_tx(tx, tenant, country, kind).await?;
    let same =
        |other: &&ContactPolicy| other.definition.valid_from_date == definition.valid_from_date;
    Err(match others.iter().find(same) {
        Some(other) => {
            error::contact_policy::refused(&ContactPolicyError::Exists(other.contact_policy_id))
        }
        None => Refusal::stale("LOST_RACE"),
    })
}

fn first_instant(zone: &Zone, day: Date) -> Timestamp {
    zone.start_of_day(day).unwrap_or(Timestamp::MIN)
}
