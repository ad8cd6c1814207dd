//! `recoup.invoicing.v1.ApplicationService`: money meets invoices.
//!
//! The items of a batch are decided one after the other on one locked book and committed together.
//! Each is protected by an id of its own: its answer, a refusal too, is stored for ever and given
//! again, whatever batch and request it comes in ([`answered`]).

mod answered;
mod apply_credits;
mod get_application;
mod list_applications;
mod reverse_applications;

use std::sync::Arc;

use contracts::invoicing::application_service_server::ApplicationService;
use contracts::invoicing::{
    ApplyCreditsRequest, ApplyCreditsResponse, GetApplicationRequest, GetApplicationResponse,
    ListApplicationsRequest, ListApplicationsResponse, ReverseApplicationsRequest,
    ReverseApplicationsResponse,
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
impl ApplicationService for Rpc {
    async fn apply_credits(
        &self,
        request: Request<ApplyCreditsRequest>,
    ) -> Result<Response<ApplyCreditsResponse>, Status> {
        let app = Arc::clone(&self.app);
        let handler = |call, request| apply_credits::handle(app, call, request);
        self.runner.run_to_end(request, handler).await
    }

    async fn reverse_applications(
        &self,
        request: Request<ReverseApplicationsRequest>,
    ) -> Result<Response<ReverseApplicationsResponse>, Status> {
        let app = Arc::clone(&self.app);
        let handler = |call, request| reverse_applications::handle(app, call, request);
        self.runner.run_to_end(request, handler).await
    }

    async fn get_application(
        &self,
        request: Request<GetApplicationRequest>,
    ) -> Result<Response<GetApplicationResponse>, Status> {
        let handler = |call, request| get_application::handle(&self.app, call, request);
        self.runner.read(request, handler).await
    }

    async fn list_applications(
        &self,
        request: Request<ListApplicationsRequest>,
    ) -> Result<Response<ListApplicationsResponse>, Status> {
        let handler = |call, request| list_applications::handle(&self.app, call, request);
        self.runner.read(request, handler).await
    }
}
