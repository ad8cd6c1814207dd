//! RecordExchangeRates: all or none; what is there with the same value stays as it is.

use std::collections::BTreeMap;
use std::sync::Arc;

use contracts::credit::{RecordExchangeRatesRequest, RecordExchangeRatesResponse};
use events::append_in_tx;
use postgres::idempotency::{self, Begun};
use postgres::{audit, retried};
use prost::Message as _;
use runtime::{Answer, Call, Refusal};
use serde_json::json;

use crate::app::App;
use crate::domain::exchange_rate::new_rates;
use crate::domain::{CreditEvent, DatedRate};
use crate::events::outbound::announce;
use crate::rpc::error;
use crate::rpc::wire::exchange_rate::{rate_to_wire, rates_from_wire};
use crate::store;

/// 1. Parse; 2. take the request id, or answer as the first time; 3. alone under the tenant's lock,
///    find what is new and refuse what differs; 4. store and tell what is new.
pub async fn handle(
    app: Arc<App>,
    call: Call,
    request: RecordExchangeRatesRequest,
) -> Result<Answer<RecordExchangeRatesResponse>, Refusal> {
    let now = app.clock.now();
    let tenant = call.tenant();
    let wanted = rates_from_wire(&request.rates, now)?;
    let keys: Vec<_> = wanted
        .iter()
        .map(|rate| (rate.currency, rate.rate_date))
        .collect();
    let key = call.key(&request)?;
    retried(|| async {
        let mut tx = app.db.begin(&call).await?;
        let first = match idempotency::begin_in_tx(&mut tx, &key).await? {
            Begun::Replay(stored) => return Ok(Answer::replayed(stored)),
            Begun::First(first) => first,
        };
        // Locked, so that nobody records the same day between looking and writing.
        let profile = store::tenant_profile::lock_in_tx(&mut tx, tenant).await?;
        let profile = profile.ok_or_else(|| error::profile_not_found(tenant))?;
        let recorded = store::exchange_rate::find_in_tx(&mut tx, tenant, &keys).await?;
        let new = new_rates(profile.home_currency, &recorded, wanted.clone())
            .map_err(|refused| error::rate_refused(&refused))?;
        let answer = RecordExchangeRatesResponse {
            rates: in_order(&wanted, &recorded).map(rate_to_wire).collect(),
        };
        if !new.is_empty() {
            store::exchange_rate::insert_in_tx(&mut tx, tenant, &new).await?;
            let facts = json!({ "new_count": new.len() });
            let told = CreditEvent::ExchangeRatesRecorded {
                tenant_version: profile.version,
                home_currency: profile.home_currency,
                rates: new,
            };
            let told = [announce(tenant, now, &told)];
            append_in_tx(&mut tx, tenant, call.traceparent(), &told).await?;
            let entry = call.audit("exchange_rates", facts, now);
            audit::record_in_tx(&mut tx, &entry).await?;
        }
        first.finish_in_tx(&mut tx, &answer.encode_to_vec()).await?;
        tx.commit().await?;
        Ok(Answer::new(answer))
    })
    .await
}

/// The rates as they are now, in the order of the request: what was there before stays.
fn in_order<'a>(
    wanted: &'a [DatedRate],
    recorded: &'a [DatedRate],
) -> impl Iterator<Item = &'a DatedRate> {
    let key = |rate: &DatedRate| (rate.currency, rate.rate_date);
    let there: BTreeMap<_, _> = recorded.iter().map(|rate| (key(rate), rate)).collect();
    wanted
        .iter()
        .map(move |rate| there.get(&key(rate)).copied().unwrap_or(rate))
}
