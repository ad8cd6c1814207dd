//! `recoup.reminders.v1.CaseService`.

mod get_case;
mod list_case_invoices;
mod list_cases;

use std::sync::Arc;

use contracts::reminders::case_service_server::CaseService;
use contracts::reminders::{
    GetCaseRequest, GetCaseResponse, ListCaseInvoicesRequest, ListCaseInvoicesResponse,
    ListCasesRequest, ListCasesResponse,
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
impl CaseService for Rpc {
    async fn get_case(
        &self,
        request: Request<GetCaseRequest>,
    ) -> Result<Response<GetCaseResponse>, Status> {
        let handler = |call, request| get_case::handle(&self.app, call, request);
        self.runner.read(request, handler).await
    }

    async fn list_cases(
        &self,
        request: Request<ListCasesRequest>,
    ) -> Result<Response<ListCasesResponse>, Status> {
        let handler = |call, request| list_cases::handle(&self.app, call, request);
        self.runner.read(request, handler).await
    }

    async fn list_case_invoices(
        &self,
        request: Request<ListCaseInvoicesRequest>,
    ) -> Result<Response<ListCaseInvoicesResponse>, Status> {
        let handler = |call, request| list_case_invoices::handle(&self.app, call, request);
        self.runner.read(request, handler).await
    }
}
