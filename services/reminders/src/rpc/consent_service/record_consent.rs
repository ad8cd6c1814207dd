//! RecordConsent: what a customer said of channels. It counts from the commit on: the last look before
//! a hand-off reads it (P18).

use std::collections::BTreeSet;
use std::sync::Arc;

use calendar::Timestamp;
use contracts::reminders::{RecordConsentRequest, RecordConsentResponse};
use events::{NewEvent, append_in_tx};
use postgres::idempotency::{self, Begun};
use postgres::{TenantId, Tx, audit, retried};
use prost::Message as _;
use runtime::{Answer, Call, Refusal, Violations};
use serde_json::json;
use uuid::Uuid;

use crate::app::App;
use crate::domain::consent::{Consent, ConsentState};
use crate::domain::debtor::Channel;
use crate::domain::id::{ConsentId, CustomerId};
use crate::events::outbound::announce;
use crate::rpc::error;
use crate::rpc::wire::consent::{consent_to_wire, state_from_wire};
use crate::rpc::wire::debtor::channel_from_wire;
use crate::rpc::wire::field;
use crate::store;
use crate::store::case_file::CaseFile;

/// What was said.
struct Said {
    customer_id: CustomerId,
    /// In the order of the request.
    channels: Vec<Channel>,
    state: ConsentState,
    effective_time: Timestamp,
    evidence: String,
}

/// 1. Parse; 2. take the request id, or answer as the first time; 3. lock the customer, and their
///    case where there is one; 4. add an entry a channel; 5. have the case looked at again.
pub async fn handle(
    app: Arc<App>,
    call: Call,
    request: RecordConsentRequest,
) -> Result<Answer<RecordConsentResponse>, Refusal> {
    let now = app.clock.now();
    let said = parsed(&request, now)?;
    let key = call.key(&request)?;
    let tenant = call.tenant();
    let done = retried(|| async {
        let mut tx = app.db.begin(&call).await?;
        let begun = match idempotency::begin_in_tx(&mut tx, &key).await? {
            Begun::Replay(stored) => return Ok((Answer::replayed(stored), None)),
            Begun::First(begun) => begun,
        };
        let customer_id = said.customer_id;
        // In the order in which the feed takes them: the customer, then the case.
        if !store::consent::lock_customer_in_tx(&mut tx, tenant, customer_id).await? {
            return Err(error::contact::customer_not_found(customer_id));
        }
        let file = CaseFile::lock_of_customer_in_tx(&mut tx, tenant, customer_id, now).await?;
        let entries = entered_in_tx(&mut tx, &call, &said, now).await?;
        let subject = format!("customer/{customer_id}");
        let entry = call.audit(subject, json!({ "state": said.state.name() }), now);
        audit::record_in_tx(&mut tx, &entry).await?;
        let scheduled = match file {
            Some(file) => file.save_in_tx(&mut tx, call.traceparent()).await?,
            None => None,
        };
        let mut consents = Vec::with_capacity(entries.len());
        for entry in &entries {
            let channel = entry.channel;
            let counts = store::consent::in_force_in_tx(&mut tx, tenant, customer_id, channel, now);
            let counts = counts.await?.map(|consent| consent.consent_id);
            consents.push(consent_to_wire(entry, counts == Some(entry.consent_id)));
        }
        let answer = RecordConsentResponse { consents };
        begun.finish_in_tx(&mut tx, &answer.encode_to_vec()).await?;
        tx.commit().await?;
        Ok::<_, Refusal>((Answer::new(answer), scheduled))
    })
    .await;
    let (answer, scheduled) = done?;
    app.wakeups.announce(scheduled);
    Ok(answer)
}

/// Adds an entry for each channel and announces it.
async fn entered_in_tx(
    tx: &mut Tx,
    call: &Call,
    said: &Said,
    now: Timestamp,
) -> Result<Vec<Consent>, Refusal> {
    let tenant: TenantId = call.tenant();
    let mut entries = Vec::with_capacity(said.channels.len());
    let mut told: Vec<NewEvent> = Vec::with_capacity(said.channels.len());
    for channel in &said.channels {
        let entry = Consent {
            consent_id: ConsentId::new(Uuid::now_v7()),
            customer_id: said.customer_id,
            channel: *channel,
            state: said.state,
            effective_time: said.effective_time,
            evidence: said.evidence.clone(),
            recorded_by: call.actor().to_owned(),
            recorded_time: now,
        };
        let recorded = entry.record();
        let (entry, event) = recorded
            .map_err(|refused| error::contact::time_in_the_future("effective_time", refused))?;
        store::consent::insert_in_tx(tx, tenant, &entry).await?;
        let count = store::consent::count_in_tx(tx, tenant, said.customer_id).await?;
        told.push(announce(count, now, &event));
        entries.push(entry);
    }
    append_in_tx(tx, tenant, call.traceparent(), &told).await?;
    Ok(entries)
}

fn parsed(request: &RecordConsentRequest, now: Timestamp) -> Result<Said, Refusal> {
    let mut violations = Violations::new();
    let customer = &request.customer_id;
    let customer = field::id(&mut violations, "customer_id", customer, CustomerId::new);
    let numbers = &request.channels;
    violations.check(!numbers.is_empty(), "channels", "is required");
    let once: Option<BTreeSet<Channel>> =
        field::stated_set(&mut violations, "channels", numbers, channel_from_wire);
    let state = violations.required("state", state_from_wire(request.state()));
    let from = request.effective_time.as_ref();
    let from = field::optional_instant(&mut violations, "effective_time", from);
    let evidence = field::text(&mut violations, "evidence", &request.evidence, 500);
    let values = (customer, once, state, from, evidence);
    let (customer_id, _, state, from, evidence) = violations.complete(values)?;
    let channels = request.channels().filter_map(channel_from_wire);
    Ok(Said {
        customer_id,
        channels: channels.collect(),
        state,
        effective_time: from.unwrap_or(now),
        evidence,
    })
}
