//! `recoup.agency.v1.RemittanceService`.

mod get_remittance;
mod import_remittance;
mod import_rows;
mod list_remittance_lines;
mod list_remittances;
mod retry_remittance_line;

use std::sync::Arc;

use contracts::agency::remittance_service_server::RemittanceService;
use contracts::agency::{
    GetRemittanceRequest, GetRemittanceResponse, ImportRemittanceRequest, ImportRemittanceResponse,
    ListRemittanceLinesRequest, ListRemittanceLinesResponse, ListRemittancesRequest,
    ListRemittancesResponse, RetryRemittanceLineRequest, RetryRemittanceLineResponse,
};
use runtime::Runner;
use tonic::{Request, Response, Status, Streaming};

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
impl RemittanceService for Rpc {
    async fn import_remittance(
        &self,
        request: Request<Streaming<ImportRemittanceRequest>>,
    ) -> Result<Response<ImportRemittanceResponse>, Status> {
        let app = Arc::clone(&self.app);
        let handler = |call, request| import_remittance::handle(app, call, request);
        self.runner.import_to_end(request, handler).await
    }

    async fn retry_remittance_line(
        &self,
        request: Request<RetryRemittanceLineRequest>,
    ) -> Result<Response<RetryRemittanceLineResponse>, Status> {
        let app = Arc::clone(&self.app);
        let handler = |call, request| retry_remittance_line::handle(app, call, request);
        self.runner.run_to_end(request, handler).await
    }

    async fn get_remittance(
        &self,
        request: Request<GetRemittanceRequest>,
    ) -> Result<Response<GetRemittanceResponse>, Status> {
        let handler = |call, request| get_remittance::handle(&self.app, call, request);
        self.runner.read(request, handler).await
    }

    async fn list_remittances(
        &self,
        request: Request<ListRemittancesRequest>,
    ) -> Result<Response<ListRemittancesResponse>, Status> {
        let handler = |call, request| list_remittances::handle(&self.app, call, request);
        self.runner.read(request, handler).await
    }

    async fn list_remittance_lines(
        &self,
        request: Request<ListRemittanceLinesRequest>,
    ) -> Result<Response<ListRemittanceLinesResponse>, Status> {
        let handler = |call, request| list_remittance_lines::handle(&self.app, call, request);
        self.runner.read(request, handler).await
    }
}
