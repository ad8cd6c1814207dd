//! CreateStrategy: a name with its first version, a draft that reminds nobody.

use std::sync::Arc;

use contracts::reminders::{CreateStrategyRequest, CreateStrategyResponse};
use postgres::idempotency::{self, Begun};
use postgres::{audit, retried};
use prost::Message as _;
use runtime::{Answer, Call, Refusal, Violations};
use serde_json::json;
use uuid::Uuid;

use crate::app::App;
use crate::domain::code::Code;
use crate::domain::id::StrategyId;
use crate::domain::strategy::{NewVersion, Strategy};
use crate::rpc::error;
use crate::rpc::wire::field;
use crate::rpc::wire::strategy::{definition_from_wire, strategy_to_wire, version_to_wire};
use crate::store;

/// 1. Parse; 2. take the request id, or answer as the first time; 3. make name and version, and store
///    them unless the code is taken.
pub async fn handle(
    app: Arc<App>,
    call: Call,
    request: CreateStrategyRequest,
) -> Result<Answer<CreateStrategyResponse>, Refusal> {
    let (code, display_name, first) = parsed(&app, &call, &request)?;
    let key = call.key(&request)?;
    let (tenant, now) = (call.tenant(), first.at);
    retried(|| async {
        let mut tx = app.db.begin(&call).await?;
        let begun = match idempotency::begin_in_tx(&mut tx, &key).await? {
            Begun::Replay(stored) => return Ok(Answer::replayed(stored)),
            Begun::First(begun) => begun,
        };
        let id = StrategyId::new(Uuid::now_v7());
        let created = Strategy::create(id, code.clone(), display_name.clone(), first.clone());
        let (strategy, version) = created.map_err(|refused| error::strategy::refused(&refused))?;
        if !store::strategy::insert_in_tx(&mut tx, tenant, &strategy).await? {
            return Err(error::strategy::code_taken(&code));
        }
        store::strategy_version::insert_in_tx(&mut tx, tenant, &version).await?;
        let facts = json!({ "strategy_code": code.as_str() });
        let entry = call.audit(format!("strategy/{id}"), facts, now);
        audit::record_in_tx(&mut tx, &entry).await?;
        let answer = CreateStrategyResponse {
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
    request: &CreateStrategyRequest,
) -> Result<(Code, String, NewVersion), Refusal> {
    let mut violations = Violations::new();
    let code = &request.strategy_code;
    let code = field::typed(&mut violations, "strategy_code", code, str::parse::<Code>);
    let name = field::text(&mut violations, "display_name", &request.display_name, 200);
    let definition = definition_from_wire(&mut violations, request.definition.as_ref());
    let note = field::note(&mut violations, "change_note", &request.change_note, 1000);
    let values = (code, name, definition, note);
    let (code, name, definition, change_note) = violations.complete(values)?;
    let first = NewVersion {
        definition,
        change_note,
        by: call.actor().to_owned(),
        at: app.clock.now(),
    };
    Ok((code, name, first))
}
