//! `recoup.invoicing.v1.WriteOffService`.

mod get_write_off;
mod list_write_offs;
mod reverse_write_off;
mod write_off_invoice;

use std::sync::Arc;

use contracts::invoicing::write_off_service_server::WriteOffService;
use contracts::invoicing::{
    GetWriteOffRequest, GetWriteOffResponse, ListWriteOffsRequest, ListWriteOffsResponse,
    ReverseWriteOffRequest, ReverseWriteOffResponse, WriteOffInvoiceRequest,
    WriteOffInvoiceResponse,
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
impl WriteOffService for Rpc {
    async fn write_off_invoice(
        &self,
        request: Request<WriteOffInvoiceRequest>,
    ) -> Result<Response<WriteOffInvoiceResponse>, Status> {
        let app = Arc::clone(&self.app);
        let handler = |call, request| write_off_invoice::handle(app, call, request);
        self.runner.run_to_end(request, handler).await
    }

    async fn reverse_write_off(
        &self,
        request: Request<ReverseWriteOffRequest>,
    ) -> Result<Response<ReverseWriteOffResponse>, Status> {
        let app = Arc::clone(&self.app);
        let handler = |call, request| reverse_write_off::handle(app, call, request);
        self.runner.run_to_end(request, handler).await
    }

    async fn get_write_off(
        &self,
        request: Request<GetWriteOffRequest>,
    ) -> Result<Response<GetWriteOffResponse>, Status> {
        let handler = |call, request| get_write_off::handle(&self.app, call, request);
        self.runner.read(request, handler).await
    }

    async fn list_write_offs(
        &self,
        request: Request<ListWriteOffsRequest>,
    ) -> Result<Response<ListWriteOffsResponse>, Status> {
        let handler = |call, request| list_write_offs::handle(&self.app, call, request);
        self.runner.read(request, handler).await
    }
}
