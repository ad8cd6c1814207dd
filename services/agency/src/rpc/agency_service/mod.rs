//! `recoup.agency.v1.AgencyService`.

mod create_agency;
mod get_agency;
mod list_agencies;
mod reinstate_agency;
mod suspend_agency;
mod update_agency;

use std::sync::Arc;

use contracts::agency::agency_service_server::AgencyService;
use contracts::agency::{
    CreateAgencyRequest, CreateAgencyResponse, GetAgencyRequest, GetAgencyResponse,
    ListAgenciesRequest, ListAgenciesResponse, ReinstateAgencyRequest, ReinstateAgencyResponse,
    SuspendAgencyRequest, SuspendAgencyResponse, UpdateAgencyRequest, UpdateAgencyResponse,
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
impl AgencyService for Rpc {
    async fn create_agency(
        &self,
        request: Request<CreateAgencyRequest>,
    ) -> Result<Response<CreateAgencyResponse>, Status> {
        let app = Arc::clone(&self.app);
        let handler = |call, request| create_agency::handle(app, call, request);
        self.runner.run_to_end(request, handler).await
    }

    async fn get_agency(
        &self,
        request: Request<GetAgencyRequest>,
    ) -> Result<Response<GetAgencyResponse>, Status> {
        let handler = |call, request| get_agency::handle(&self.app, call, request);
        self.runner.read(request, handler).await
    }

    async fn list_agencies(
        &self,
        request: Request<ListAgenciesRequest>,
    ) -> Result<Response<ListAgenciesResponse>, Status> {
        let handler = |call, request| list_agencies::handle(&self.app, call, request);
        self.runner.read(request, handler).await
    }

    async fn update_agency(
        &self,
        request: Request<UpdateAgencyRequest>,
    ) -> Result<Response<UpdateAgencyResponse>, Status> {
        let app = Arc::clone(&self.app);
        let handler = |call, request| update_agency::handle(app, call, request);
        self.runner.run_to_end(request, handler).await
    }

    async fn suspend_agency(
        &self,
        request: Request<SuspendAgencyRequest>,
    ) -> Result<Response<SuspendAgencyResponse>, Status> {
        let app = Arc::clone(&self.app);
        let handler = |call, request| suspend_agency::handle(app, call, request);
        self.runner.run_to_end(request, handler).await
    }

    async fn reinstate_agency(
        &self,
        request: Request<ReinstateAgencyRequest>,
    ) -> Result<Response<ReinstateAgencyResponse>, Status> {
        let app = Arc::clone(&self.app);
        let handler = |call, request| reinstate_agency::handle(app, call, request);
        self.runner.run_to_end(request, handler).await
    }
}
