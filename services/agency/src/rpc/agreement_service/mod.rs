//! `recoup.agency.v1.AgreementService`.

mod create_agreement;
mod get_agreement;
mod list_agreements;
mod terminate_agreement;

use std::sync::Arc;

use contracts::agency::agreement_service_server::AgreementService;
use contracts::agency::{
    CreateAgreementRequest, CreateAgreementResponse, GetAgreementRequest, GetAgreementResponse,
    ListAgreementsRequest, ListAgreementsResponse, TerminateAgreementRequest,
    TerminateAgreementResponse,
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
impl AgreementService for Rpc {
    async fn create_agreement(
        &self,
        request: Request<CreateAgreementRequest>,
    ) -> Result<Response<CreateAgreementResponse>, Status> {
        let app = Arc::clone(&self.app);
        let handler = |call, request| create_agreement::handle(app, call, request);
        self.runner.run_to_end(request, handler).await
    }

    async fn get_agreement(
        &self,
        request: Request<GetAgreementRequest>,
    ) -> Result<Response<GetAgreementResponse>, Status> {
        let handler = |call, request| get_agreement::handle(&self.app, call, request);
        self.runner.read(request, handler).await
    }

    async fn list_agreements(
        &self,
        request: Request<ListAgreementsRequest>,
    ) -> Result<Response<ListAgreementsResponse>, Status> {
        let handler = |call, request| list_agreements::handle(&self.app, call, request);
        self.runner.read(request, handler).await
    }

    async fn terminate_agreement(
        &self,
        request: Request<TerminateAgreementRequest>,
    ) -> Result<Response<TerminateAgreementResponse>, Status> {
        let app = Arc::clone(&self.app);
        let handler = |call, request| terminate_agreement::handle(app, call, request);
        self.runner.run_to_end(request, handler).await
    }
}
