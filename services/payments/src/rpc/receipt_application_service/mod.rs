//! `recoup.payments.v1.ReceiptApplicationService`.

mod apply_receipt;
mod get_receipt_application;
mod list_receipt_applications;
mod unapply_receipt;

use std::sync::Arc;

use contracts::payments::receipt_application_service_server::ReceiptApplicationService;
use contracts::payments::{
    ApplyReceiptRequest, ApplyReceiptResponse, GetReceiptApplicationRequest,
    GetReceiptApplicationResponse, ListReceiptApplicationsRequest, ListReceiptApplicationsResponse,
    UnapplyReceiptRequest, UnapplyReceiptResponse,
};
use runtime::Runner;
use tonic::{Request, Response, Status};

use crate::app::App;

/// The service over the app.
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
impl ReceiptApplicationService for Rpc {
    async fn apply_receipt(
        &self,
        request: Request<ApplyReceiptRequest>,
    ) -> Result<Response<ApplyReceiptResponse>, Status> {
        let app = Arc::clone(&self.app);
        let handler = |call, request| apply_receipt::handle(app, call, request);
        self.runner.run_to_end(request, handler).await
    }

    async fn unapply_receipt(
        &self,
        request: Request<UnapplyReceiptRequest>,
    ) -> Result<Response<UnapplyReceiptResponse>, Status> {
        let app = Arc::clone(&self.app);
        let handler = |call, request| unapply_receipt::handle(app, call, request);
        self.runner.run_to_end(request, handler).await
    }

    async fn get_receipt_application(
        &self,
        request: Request<GetReceiptApplicationRequest>,
    ) -> Result<Response<GetReceiptApplicationResponse>, Status> {
        let handler = |call, request| get_receipt_application::handle(&self.app, call, request);
        self.runner.read(request, handler).await
    }

    async fn list_receipt_applications(
        &self,
        request: Request<ListReceiptApplicationsRequest>,
    ) -> Result<Response<ListReceiptApplicationsResponse>, Status> {
        let handler = |call, request| list_receipt_applications::handle(&self.app, call, request);
        self.runner.read(request, handler).await
    }
}
