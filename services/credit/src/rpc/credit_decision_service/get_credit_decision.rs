//! GetCreditDecision: one decision, explained.

use contracts::credit::{GetCreditDecisionRequest, GetCreditDecisionResponse};
use runtime::{Call, Refusal};

use crate::app::App;
use crate::domain::DecisionId;
use crate::rpc::error;
use crate::rpc::wire::decision::credit_decision_to_wire;
use crate::rpc::wire::field;
use crate::store;

/// One read transaction.
pub async fn handle(
    app: &App,
    call: Call,
    request: GetCreditDecisionRequest,
) -> Result<GetCreditDecisionResponse, Refusal> {
    let id = field::only_id("decision_id", &request.decision_id)?;
    let mut tx = app.db.begin_read(&call).await?;
    let found = store::credit_decision::find_in_tx(&mut tx, call.tenant(), DecisionId(id)).await?;
    tx.commit().await?;
    let decision = found.ok_or_else(|| error::decision_not_found(id))?;
    Ok(GetCreditDecisionResponse {
        credit_decision: Some(credit_decision_to_wire(&decision)),
    })
}
