//! ActivateStrategyVersion: another version is in force, and every case is planned anew by it; or what
//! would change, and nothing does.

use std::sync::Arc;

use contracts::reminders::{ActivateStrategyVersionRequest, ActivateStrategyVersionResponse};
use events::append_in_tx;
use postgres::idempotency::{self, Begun};
use postgres::{TenantId, Tx, audit, retried};
use prost::Message as _;
use runtime::{Answer, Call, Refusal, Violations};
use serde_json::json;
use timers::Scheduled;

use super::impact::impact_in_tx;
use crate::app::App;
use crate::domain::event::DomainEvent;
use crate::domain::id::StrategyId;
use crate::domain::strategy::{Strategy, StrategyVersion};
use crate::events::outbound::announce;
use crate::rpc::error;
use crate::rpc::wire::field;
use crate::rpc::wire::strategy::{impact_to_wire, strategy_to_wire, version_to_wire};
use crate::store;
use crate::store::case_file::look_at_all_in_tx;

/// 1. Parse; 2. take the request id, or answer as the first time; 3. lock the strategy, compare the
///    etag, check the version against the others and the templates; 4. tell the impact; 5. unless it
///    is only asked for, put the version in force and have every case looked at again.
pub async fn handle(
    app: Arc<App>,
    call: Call,
    request: ActivateStrategyVersionRequest,
) -> Result<Answer<ActivateStrategyVersionResponse>, Refusal> {
    let strategy_id = parsed(&request)?;
    let key = call.key(&request)?;
    let (tenant, now) = (call.tenant(), app.clock.now());
    let done = retried(|| async {
        let mut tx = app.db.begin(&call).await?;
        let begun = match idempotency::begin_in_tx(&mut tx, &key).await? {
            Begun::Replay(stored) => return Ok((Answer::replayed(stored), Vec::new())),
            Begun::First(begun) => begun,
        };
        let missing = || error::strategy::version_not_found(strategy_id, request.version);
        let strategy = store::strategy::lock_in_tx(&mut tx, tenant, strategy_id).await?;
        let mut strategy = strategy.ok_or_else(missing)?;
        let version = request.version;
        let found = store::strategy_version::find_in_tx(&mut tx, tenant, strategy_id, version);
        let mut version = found.await?.ok_or_else(missing)?;
        error::check_etag(&request.etag, strategy.revision)?;
        let active = check_in_tx(&mut tx, tenant, &strategy, &version).await?;
        let impact = impact_in_tx(&mut tx, tenant, &active, &version, now).await?;
        let mut scheduled = Vec::new();
        if !request.validate_only {
            let event =
                activate_in_tx(&mut tx, &call, &mut strategy, &mut version, &active, now).await?;
            let told = announce(strategy.revision, now, &event);
            append_in_tx(&mut tx, tenant, call.traceparent(), &[told]).await?;
            scheduled = look_at_all_in_tx(&mut tx, tenant, now).await?;
        }
        let answer = ActivateStrategyVersionResponse {
            strategy: Some(strategy_to_wire(&strategy)),
            strategy_version: Some(version_to_wire(&version)),
            impact: Some(impact_to_wire(&impact)),
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

fn parsed(request: &ActivateStrategyVersionRequest) -> Result<StrategyId, Refusal> {
    let mut violations = Violations::new();
    let id = &request.strategy_id;
    let id = field::id(&mut violations, "strategy_id", id, StrategyId::new);
    violations.check(request.version > 0, "version", "counts from 1");
    field::required_etag(&mut violations, &request.etag);
    violations.complete((id,)).map(|(id,)| id)
}

/// Whether the version may be put in force; the versions that are.
async fn check_in_tx(
    tx: &mut Tx,
    tenant: TenantId,
    strategy: &Strategy,
    version: &StrategyVersion,
) -> Result<Vec<StrategyVersion>, Refusal> {
    let active = store::strategy_version::active_in_tx(tx, tenant).await?;
    let templates = store::template::active_channels_in_tx(tx, tenant).await?;
    let checked = strategy.check_activation(version, &active, &templates);
    checked.map_err(|refused| error::strategy::refused(&refused))?;
    Ok(active)
}

async fn activate_in_tx(
    tx: &mut Tx,
    call: &Call,
    strategy: &mut Strategy,
    version: &mut StrategyVersion,
    active: &[StrategyVersion],
    now: calendar::Timestamp,
) -> Result<DomainEvent, Refusal> {
    let tenant = call.tenant();
    let own = |other: &&StrategyVersion| other.strategy_id == strategy.strategy_id;
    let mut previous = active.iter().find(own).cloned();
    let event = strategy.activate(version, previous.as_mut(), call.actor(), now);
    // The one that was goes first: only one may be in force at any moment.
    if let Some(previous) = &previous {
        store::strategy_version::update_in_tx(tx, tenant, previous).await?;
    }
    store::strategy_version::update_in_tx(tx, tenant, version).await?;
    store::strategy::update_in_tx(tx, tenant, strategy).await?;
    if !store::strategy_version::take_segments_in_tx(tx, tenant, version).await? {
        // Somebody put another one in force since we looked; who, is seen by looking again.
        return Err(Refusal::stale("STALE_ETAG"));
    }
    let facts = json!({ "version": version.version });
    let entry = call.audit(format!("strategy/{}", strategy.strategy_id), facts, now);
    audit::record_in_tx(tx, &entry).await?;
    Ok(event)
}
