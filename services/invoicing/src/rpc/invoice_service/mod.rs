//! `recoup.invoicing.v1.InvoiceService`.

mod create_invoice;
mod get_invoice;
mod import_customers;
mod import_invoices;
mod import_issue;
mod import_judge;
mod import_receive;
mod import_rows;
mod issue_invoice;
mod known;
mod list_invoice_entries;
mod list_invoices;
mod update_invoice;
mod void_invoice;

use std::sync::Arc;

use contracts::invoicing::invoice_service_server::InvoiceService;
use contracts::invoicing::{
    CreateInvoiceRequest, CreateInvoiceResponse, GetInvoiceRequest, GetInvoiceResponse,
    ImportInvoicesRequest, ImportInvoicesResponse, IssueInvoiceRequest, IssueInvoiceResponse,
    ListInvoiceEntriesRequest, ListInvoiceEntriesResponse, ListInvoicesRequest,
    ListInvoicesResponse, UpdateInvoiceRequest, UpdateInvoiceResponse, VoidInvoiceRequest,
    VoidInvoiceResponse,
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
impl InvoiceService for Rpc {
    async fn create_invoice(
        &self,
        request: Request<CreateInvoiceRequest>,
    ) -> Result<Response<CreateInvoiceResponse>, Status> {
        let app = Arc::clone(&self.app);
        let handler = |call, request| create_invoice::handle(app, call, request);
        self.runner.run_to_end(request, handler).await
    }

    async fn update_invoice(
        &self,
        request: Request<UpdateInvoiceRequest>,
    ) -> Result<Response<UpdateInvoiceResponse>, Status> {
        let app = Arc::clone(&self.app);
        let handler = |call, request| update_invoice::handle(app, call, request);
        self.runner.run_to_end(request, handler).await
    }

    async fn issue_invoice(
        &self,
        request: Request<IssueInvoiceRequest>,
    ) -> Result<Response<IssueInvoiceResponse>, Status> {
        let app = Arc::clone(&self.app);
        let handler = |call, request| issue_invoice::handle(app, call, request);
        self.runner.run_to_end(request, handler).await
    }

    async fn void_invoice(
        &self,
        request: Request<VoidInvoiceRequest>,
    ) -> Result<Response<VoidInvoiceResponse>, Status> {
        let app = Arc::clone(&self.app);
        let handler = |call, request| void_invoice::handle(app, call, request);
        self.runner.run_to_end(request, handler).await
    }

    async fn get_invoice(
        &self,
        request: Request<GetInvoiceRequest>,
    ) -> Result<Response<GetInvoiceResponse>, Status> {
        let handler = |call, request| get_invoice::handle(&self.app, call, request);
        self.runner.read(request, handler).await
    }

    async fn list_invoices(
        &self,
        request: Request<ListInvoicesRequest>,
    ) -> Result<Response<ListInvoicesResponse>, Status> {
        let handler = |call, request| list_invoices::handle(&self.app, call, request);
        self.runner.read(request, handler).await
    }

    async fn list_invoice_entries(
        &self,
        request: Request<ListInvoiceEntriesRequest>,
    ) -> Result<Response<ListInvoiceEntriesResponse>, Status> {
        let handler = |call, request| list_invoice_entries::handle(&self.app, call, request);
        self.runner.read(request, handler).await
    }

    async fn import_invoices(
        &self,
        request: Request<Streaming<ImportInvoicesRequest>>,
    ) -> Result<Response<ImportInvoicesResponse>, Status> {
        let app = Arc::clone(&self.app);
        let handler = |call, rows| import_invoices::handle(app, call, rows);
        self.runner.import_to_end(request, handler).await
    }
}
