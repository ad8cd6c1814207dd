//! GetStrategy: a strategy with the version in force.

use contracts::reminders::get_strategy_request::Key;
use contracts::reminders::{GetStrategyRequest, GetStrategyResponse};
use runtime::{Call, Refusal, Violations};

use crate::app::App;
use crate::domain::code::Code;
use crate::domain::id::StrategyId;
use crate::rpc::error;
use crate::rpc::wire::field;
use crate::rpc::wire::strategy::{strategy_to_wire, version_to_wire};
use crate::store;

/// One read transaction.
pub async fn handle(
    app: &App,
    call: Call,
    request: GetStrategyRequest,
) -> Result<GetStrategyResponse, Refusal> {
    let tenant = call.tenant();
    let (key, told) = key(&request)?;
    let mut tx = app.db.begin_read(&call).await?;
    let found = store::strategy::find_in_tx(&mut tx, tenant, &key).await?;
    let strategy = found.ok_or_else(|| error::strategy::not_found(told))?;
    let active = match strategy.active_version {
        Some(version) => {
            let id = strategy.strategy_id;
            store::strategy_version::find_in_tx(&mut tx, tenant, id, version).await?
        }
        None => None,
    };
    tx.commit().await?;
    Ok(GetStrategyResponse {
        strategy: Some(strategy_to_wire(&strategy)),
        active_version: active.as_ref().map(version_to_wire),
    })
}

/// How it is asked for, and in the caller's words.
fn key(request: &GetStrategyRequest) -> Result<(store::strategy::Key, String), Refusal> {
    let mut violations = Violations::new();
    let key = violations.required("key", request.key.as_ref());
    let key = key.and_then(|key| match key {
        Key::StrategyId(id) => {
            let parsed = field::id(&mut violations, "strategy_id", id, StrategyId::new);
            parsed.map(|parsed| (store::strategy::Key::Id(parsed), id.clone()))
        }
        Key::StrategyCode(code) => {
            let parsed = field::typed(&mut violations, "strategy_code", code, str::parse::<Code>);
            parsed.map(|parsed| (store::strategy::Key::Code(parsed), code.clone()))
        }
    });
    violations.complete((key,)).map(|(key,)| key)
}
