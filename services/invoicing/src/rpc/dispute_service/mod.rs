//! `recoup.invoicing.v1.DisputeService`.

mod get_dispute;
mod list_disputes;
mod open_dispute;
mod resolve_dispute;

use std::sync::Arc;

use contracts::invoicing::dispute_service_server::DisputeService;
use contracts::invoicing::{
    GetDisputeRequest, GetDisputeResponse, ListDisputesRequest, ListDisputesResponse,
    OpenDisputeRequest, OpenDisputeResponse, ResolveDisputeRequest, ResolveDisputeResponse,
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
impl DisputeService for Rpc {
    async fn open_dispute(
        &self,
        request: Request<OpenDisputeRequest>,
    ) -> Result<Response<OpenDisputeResponse>, Status> {
        let app = Arc::clone(&self.app);
        let handler = |call, request| open_dispute::handle(app, call, request);
        self.runner.run_to_end(request, handler).await
    }

    async fn resolve_dispute(
        &self,
        request: Request<ResolveDisputeRequest>,
    ) -> Result<Response<ResolveDisputeResponse>, Status> {
        let app = Arc::clone(&self.app);
        let handler = |call, request| resolve_dispute::handle(app, call, request);
        self.runner.run_to_end(request, handler).await
    }

    async fn get_dispute(
        &self,
        request: Request<GetDisputeRequest>,
    ) -> Result<Response<GetDisputeResponse>, Status> {
        let handler = |call, request| get_dispute::handle(&self.app, call, request);
        self.runner.read(request, handler).await
    }

    async fn list_disputes(
        &self,
        request: Request<ListDisputesRequest>,
    ) -> Result<Response<ListDisputesResponse>, Status> {
        let handler = |call, request| list_disputes::handle(&self.app, call, request);
        self.runner.read(request, handler).await
    }
}
