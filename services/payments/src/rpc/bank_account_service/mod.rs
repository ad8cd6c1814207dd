//! `recoup.payments.v1.BankAccountService`.

mod create_bank_account;
mod get_bank_account;
mod list_bank_accounts;
mod update_bank_account;

use std::sync::Arc;

use contracts::payments::bank_account_service_server::BankAccountService;
use contracts::payments::{
    CreateBankAccountRequest, CreateBankAccountResponse, GetBankAccountRequest,
    GetBankAccountResponse, ListBankAccountsRequest, ListBankAccountsResponse,
    UpdateBankAccountRequest, UpdateBankAccountResponse,
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
impl BankAccountService for Rpc {
    async fn create_bank_account(
        &self,
        request: Request<CreateBankAccountRequest>,
    ) -> Result<Response<CreateBankAccountResponse>, Status> {
        let app = Arc::clone(&self.app);
        let handler = |call, request| create_bank_account::handle(app, call, request);
        self.runner.run_to_end(request, handler).await
    }

    async fn update_bank_account(
        &self,
        request: Request<UpdateBankAccountRequest>,
    ) -> Result<Response<UpdateBankAccountResponse>, Status> {
        let app = Arc::clone(&self.app);
        let handler = |call, request| update_bank_account::handle(app, call, request);
        self.runner.run_to_end(request, handler).await
    }

    async fn get_bank_account(
        &self,
        request: Request<GetBankAccountRequest>,
    ) -> Result<Response<GetBankAccountResponse>, Status> {
        let handler = |call, request| get_bank_account::handle(&self.app, call, request);
        self.runner.read(request, handler).await
    }

    async fn list_bank_accounts(
        &self,
        request: Request<ListBankAccountsRequest>,
    ) -> Result<Response<ListBankAccountsResponse>, Status> {
        let handler = |call, request| list_bank_accounts::handle(&self.app, call, request);
        self.runner.read(request, handler).await
    }
}
