//! `recoup.agency.v1.ProposalRunService`.

mod get_proposal_run;
mod list_proposal_items;
mod list_proposal_runs;
mod start_proposal_run;

use std::sync::Arc;

use contracts::agency::proposal_run_service_server::ProposalRunService;
use contracts::agency::{
    GetProposalRunRequest, GetProposalRunResponse, ListProposalItemsRequest,
    ListProposalItemsResponse, ListProposalRunsRequest, ListProposalRunsResponse,
    StartProposalRunRequest, StartProposalRunResponse,
};
use runtime::Runner;
use tonic::{Request, Response, Status};

use crate::app::App;

/// The service over the app.
#[derive(Debug)]
pub struct Rpc {
    app: Arc<App>,
    runner: Runner,
}

impl Rpc {
    /// Serves `app`.
    pub const fn new(app: Arc<App>, runner: Runner) -> Self {
        Self { app, runner }
    }
}

#[tonic::async_trait]
impl ProposalRunService for Rpc {
    async fn start_proposal_run(
        &self,
        request: Request<StartProposalRunRequest>,
    ) -> Result<Response<StartProposalRunResponse>, Status> {
        let app = Arc::clone(&self.app);
        let handler = |call, request| start_proposal_run::handle(app, call, request);
        self.runner.run_to_end(request, handler).await
    }

    async fn get_proposal_run(
        &self,
        request: Request<GetProposalRunRequest>,
    ) -> Result<Response<GetProposalRunResponse>, Status> {
        let handler = |call, request| get_proposal_run::handle(&self.app, call, request);
        self.runner.read(request, handler).await
    }

    async fn list_proposal_runs(
        &self,
        request: Request<ListProposalRunsRequest>,
    ) -> Result<Response<ListProposalRunsResponse>, Status> {
        let handler = |call, request| list_proposal_runs::handle(&self.app, call, request);
        self.runner.read(request, handler).await
    }

    async fn list_proposal_items(
        &self,
        request: Request<ListProposalItemsRequest>,
    ) -> Result<Response<ListProposalItemsResponse>, Status> {
        let handler = |call, request| list_proposal_items::handle(&self.app, call, request);
        self.runner.read(request, handler).await
    }
}
