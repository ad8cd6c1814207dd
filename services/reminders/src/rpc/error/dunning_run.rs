//! Refusals about dunning runs.

use runtime::Refusal;

use crate::domain::dunning_run::DunningRunError;
use crate::domain::id::DunningRunId;

/// There is no such run.
pub fn not_found(dunning_run_id: DunningRunId) -> Refusal {
    Refusal::not_found("DUNNING_RUN_NOT_FOUND", "dunning run", dunning_run_id)
}

/// A run was not started or not carried out.
pub fn refused(error: DunningRunError) -> Refusal {
    let text = error.to_string();
    match error {
        DunningRunError::RunDateInTheFuture { today } => {
            Refusal::rule("RUN_DATE_IN_THE_FUTURE", "DATE", "run_date", text)
                .with_metadata("today", today)
        }
        DunningRunError::NotPreviewed(state) | DunningRunError::NotUnderWay(state) => {
            Refusal::rule("DUNNING_RUN_NOT_PREVIEWED", "STATE", "dunning_run", text)
                .with_metadata("state", state)
        }
    }
}
