//! `recoup.payments.v1.BankStatementService`.

mod get_bank_line;
mod get_bank_statement_import;
mod import_bank_statement;
mod list_bank_lines;
mod list_bank_statement_imports;
mod resolve_bank_line;

use std::sync::Arc;

use contracts::payments::bank_statement_service_server::BankStatementService;
use contracts::payments::{
    GetBankLineRequest, GetBankLineResponse, GetBankStatementImportRequest,
    GetBankStatementImportResponse, ImportBankStatementRequest, ImportBankStatementResponse,
    ListBankLinesRequest, ListBankLinesResponse, ListBankStatementImportsRequest,
    ListBankStatementImportsResponse, ResolveBankLineRequest, ResolveBankLineResponse,
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
impl BankStatementService for Rpc {
    async fn import_bank_statement(
        &self,
        request: Request<Streaming<ImportBankStatementRequest>>,
    ) -> Result<Response<ImportBankStatementResponse>, Status> {
        let app = Arc::clone(&self.app);
        let handler = |call, file| import_bank_statement::handle(app, call, file);
        self.runner.import_to_end(request, handler).await
    }

    async fn get_bank_statement_import(
        &self,
        request: Request<GetBankStatementImportRequest>,
    ) -> Result<Response<GetBankStatementImportResponse>, Status> {
        let handler = |call, request| get_bank_statement_import::handle(&self.app, call, request);
        self.runner.read(request, handler).await
    }

    async fn list_bank_statement_imports(
        &self,
        request: Request<ListBankStatementImportsRequest>,
    ) -> Result<Response<ListBankStatementImportsResponse>, Status> {
        let handler = |call, request| list_bank_statement_imports::handle(&self.app, call, request);
        self.runner.read(request, handler).await
    }

    async fn get_bank_line(
        &self,
        request: Request<GetBankLineRequest>,
    ) -> Result<Response<GetBankLineResponse>, Status> {
        let handler = |call, request| get_bank_line::handle(&self.app, call, request);
        self.runner.read(request, handler).await
    }

    async fn list_bank_lines(
        &self,
        request: Request<ListBankLinesRequest>,
    ) -> Result<Response<ListBankLinesResponse>, Status> {
        let handler = |call, request| list_bank_lines::handle(&self.app, call, request);
        self.runner.read(request, handler).await
    }

    async fn resolve_bank_line(
        &self,
        request: Request<ResolveBankLineRequest>,
    ) -> Result<Response<ResolveBankLineResponse>, Status> {
        let app = Arc::clone(&self.app);
        let handler = |call, request| resolve_bank_line::handle(app, call, request);
        self.runner.run_to_end(request, handler).await
    }
}
