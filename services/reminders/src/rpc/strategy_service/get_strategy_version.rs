//! GetStrategyVersion: one version, of any state.

use contracts::reminders::{GetStrategyVersionRequest, GetStrategyVersionResponse};
use runtime::{Call, Refusal, Violations};

use crate::app::App;
use crate::domain::id::StrategyId;
use crate::rpc::error;
use crate::rpc::wire::field;
use crate::rpc::wire::strategy::version_to_wire;
use crate::store;

/// One read transaction.
pub async fn handle(
    app: &App,
    call: Call,
    request: GetStrategyVersionRequest,
) -> Result<GetStrategyVersionResponse, Refusal> {
    let mut violations = Violations::new();
    let id = &request.strategy_id;
    let id = field::id(&mut violations, "strategy_id", id, StrategyId::new);
    violations.check(request.version > 0, "version", "counts from 1");
    let (id,) = violations.complete((id,))?;
    let mut tx = app.db.begin_read(&call).await?;
    let version = request.version;
    let found = store::strategy_version::find_in_tx(&mut tx, call.tenant(), id, version).await?;
    tx.commit().await?;
    let found = found.ok_or_else(|| error::strategy::version_not_found(id, version))?;
    Ok(GetStrategyVersionResponse {
        strategy_version: Some(version_to_wire(&found)),
    })
}
