//! `recoup.agency.v1.ResultService`.

mod get_agency_results;

use std::sync::Arc;

use contracts::agency::result_service_server::ResultService;
use contracts::agency::{GetAgencyResultsRequest, GetAgencyResultsResponse};
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
impl ResultService for Rpc {
    async fn get_agency_results(
        &self,
        request: Request<GetAgencyResultsRequest>,
    ) -> Result<Response<GetAgencyResultsResponse>, Status> {
        let handler = |call, request| get_agency_results::handle(&self.app, call, request);
        self.runner.read(request, handler).await
    }
}
