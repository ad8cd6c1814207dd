//! CreateStrategyVersion: another draft; what is in force stays in force.

use std::sync::Arc;

use contracts::reminders::{CreateStrategyVersionRequest, CreateStrategyVersionResponse};
use postgres::idempotency::{self, Begun};
use postgres::{audit, retried};
use prost::Message as _;
use runtime::{Answer, Call, Refusal, Violations};
use serde_json::json;

use crate::app::App;
use crate::domain::id::StrategyId;
use crate::domain::strategy::NewVersion;
use crate::rpc::error;
use crate::rpc::wire::field;
use crate::rpc::wire::strategy::{definition_from_wire, strategy_to_wire, version_to_wire};
use crate::store;

/// 1. Parse; 2. take the request id, or answer as the first time; 3. lock the strategy, compare the
///    etag, write the version.
pub async fn handle(
    app: Arc<App>,
    call: Call,
    request: CreateStrategyVersionRequest,
) -> Result<Answer<CreateStrategyVersionResponse>, Refusal> {
    let (strategy_id, new) = parsed(&app, &call, &request)?;
    let key = call.key(&request)?;
    let (tenant, now) = (call.tenant(), new.at);
    retried(|| async {
        let mut tx = app.db.begin(&call).await?;
        let begun = match idempotency::begin_in_tx(&mut tx, &key).await? {
            Begun::Replay(stored) => return Ok(Answer::replayed(stored)),
            Begun::First(begun) => begun,
        };
        let strategy = store::strategy::lock_in_tx(&mut tx, tenant, strategy_id).await?;
        let mut strategy = strategy.ok_or_else(|| error::strategy::not_found(strategy_id))?;
        error::check_etag(&request.etag, strategy.revision)?;
        let written = strategy.write(new.clone());
        let version = written.map_err(|refused| error::strategy::refused(&refused))?;
        store::strategy::update_in_tx(&mut tx, tenant, &strategy).await?;
        store::strategy_version::insert_in_tx(&mut tx, tenant, &version).await?;
        let facts = json!({ "version": version.version });
        let entry = call.audit(format!("strategy/{strategy_id}"), facts, now);
        audit::record_in_tx(&mut tx, &entry).await?;
        let answer = CreateStrategyVersionResponse {
            strategy: Some(strategy_to_wire(&strategy)),
            strategy_version: Some(version_to_wire(&version)),
        };
        begun.finish_in_tx(&mut tx, &answer.encode_to_vec()).await?;
        tx.commit().await?;
        Ok(Answer::new(answer))
    })
    .await
}

fn parsed(
    app: &App,
    call: &Call,
    request: &CreateStrategyVersionRequest,
) -> Result<(StrategyId, NewVersion), Refusal> {
    let mut violations = Violations::new();
    let id = &request.strategy_id;
    let id = field::id(&mut violations, "strategy_id", id, StrategyId::new);
    field::required_etag(&mut violations, &request.etag);
    let definition = definition_from_wire(&mut violations, request.definition.as_ref());
    let note = field::note(&mut violations, "change_note", &request.change_note, 1000);
    let (id, definition, change_note) = violations.complete((id, definition, note))?;
    let new = NewVersion {
        definition,
        change_note,
        by: call.actor().to_owned(),
        at: app.clock.now(),
    };
    Ok((id, new))
}
