//! GetProposalRun: state, progress, counts and sums.

use contracts::agency::{GetProposalRunRequest, GetProposalRunResponse};
use runtime::{Call, Refusal};

use crate::app::App;
use crate::domain::identity::ProposalRunId;
use crate::rpc::error;
use crate::rpc::wire::field;
use crate::rpc::wire::proposal_run::run_to_wire;
use crate::store;

/// One read transaction.
pub async fn handle(
    app: &App,
    call: Call,
    request: GetProposalRunRequest,
) -> Result<GetProposalRunResponse, Refusal> {
    let id = ProposalRunId::new(field::only_id("proposal_run_id", &request.proposal_run_id)?);
    let mut tx = app.db.begin_read(&call).await?;
    let found = store::proposal_run::find_in_tx(&mut tx, call.tenant(), id).await?;
    tx.commit().await?;
    let stored = found.ok_or_else(|| error::proposal_run::not_found(id))?;
    Ok(GetProposalRunResponse {
        proposal_run: Some(run_to_wire(&stored.run)),
    })
}
