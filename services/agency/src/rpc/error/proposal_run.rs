//! Refusals about proposal runs.

use runtime::Refusal;

use crate::domain::identity::ProposalRunId;

/// There is no such run.
pub fn not_found(proposal_run_id: ProposalRunId) -> Refusal {
    Refusal::not_found("PROPOSAL_RUN_NOT_FOUND", "proposal run", proposal_run_id)
}
