//! `recoup.payments.v1.ReceiptService`.

mod assign_receipt;
mod get_receipt;
mod get_unapplied_cash;
mod import_receipts;
mod import_rows;
mod list_receipts;
mod record_receipt;
mod refund_unapplied_cash;
mod reverse_receipt;

use std::sync::Arc;

use contracts::payments::receipt_service_server::ReceiptService;
use contracts::payments::{
    AssignReceiptRequest, AssignReceiptResponse, GetReceiptRequest, GetReceiptResponse,
    GetUnappliedCashRequest, GetUnappliedCashResponse, ImportReceiptsRequest,
    ImportReceiptsResponse, ListReceiptsRequest, ListReceiptsResponse, RecordReceiptRequest,
    RecordReceiptResponse, RefundUnappliedCashRequest, RefundUnappliedCashResponse,
    ReverseReceiptRequest, ReverseReceiptResponse,
};
use runtime::Runner;
use tonic::{Request, Response, Status, Streaming};

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
impl ReceiptService for Rpc {
    async fn record_receipt(
        &self,
        request: Request<RecordReceiptRequest>,
    ) -> Result<Response<RecordReceiptResponse>, Status> {
        let app = Arc::clone(&self.app);
        let handler = |call, request| record_receipt::handle(app, call, request);
        self.runner.run_to_end(request, handler).await
    }

    async fn assign_receipt(
        &self,
        request: Request<AssignReceiptRequest>,
    ) -> Result<Response<AssignReceiptResponse>, Status> {
        let app = Arc::clone(&self.app);
        let handler = |call, request| assign_receipt::handle(app, call, request);
        self.runner.run_to_end(request, handler).await
    }

    async fn reverse_receipt(
        &self,
        request: Request<ReverseReceiptRequest>,
    ) -> Result<Response<ReverseReceiptResponse>, Status> {
        let app = Arc::clone(&self.app);
        let handler = |call, request| reverse_receipt::handle(app, call, request);
        self.runner.run_to_end(request, handler).await
    }

    async fn refund_unapplied_cash(
        &self,
        request: Request<RefundUnappliedCashRequest>,
    ) -> Result<Response<RefundUnappliedCashResponse>, Status> {
        let app = Arc::clone(&self.app);
        let handler = |call, request| refund_unapplied_cash::handle(app, call, request);
        self.runner.run_to_end(request, handler).await
    }

    async fn get_receipt(
        &self,
        request: Request<GetReceiptRequest>,
    ) -> Result<Response<GetReceiptResponse>, Status> {
        let handler = |call, request| get_receipt::handle(&self.app, call, request);
        self.runner.read(request, handler).await
    }

    async fn list_receipts(
        &self,
        request: Request<ListReceiptsRequest>,
    ) -> Result<Response<ListReceiptsResponse>, Status> {
        let handler = |call, request| list_receipts::handle(&self.app, call, request);
        self.runner.read(request, handler).await
    }

    async fn get_unapplied_cash(
        &self,
        request: Request<GetUnappliedCashRequest>,
    ) -> Result<Response<GetUnappliedCashResponse>, Status> {
        let handler = |call, request| get_unapplied_cash::handle(&self.app, call, request);
        self.runner.read(request, handler).await
    }

    async fn import_receipts(
        &self,
        request: Request<Streaming<ImportReceiptsRequest>>,
    ) -> Result<Response<ImportReceiptsResponse>, Status> {
        let app = Arc::clone(&self.app);
        let handler = |call, rows| import_receipts::handle(app, call, rows);
        self.runner.import_to_end(request, handler).await
    }
}
