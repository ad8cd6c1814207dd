//! `recoup.credit.v1.CustomerService`.

mod brought;
mod create_customer;
mod get_customer;
mod import_customers;
mod import_rows;
mod list_customers;
mod update_customer;

use std::sync::Arc;

use contracts::credit::customer_service_server::CustomerService;
use contracts::credit::{
    CreateCustomerRequest, CreateCustomerResponse, GetCustomerRequest, GetCustomerResponse,
    ImportCustomersRequest, ImportCustomersResponse, ListCustomersRequest, ListCustomersResponse,
    UpdateCustomerRequest, UpdateCustomerResponse,
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
impl CustomerService for Rpc {
    async fn create_customer(
        &self,
        request: Request<CreateCustomerRequest>,
    ) -> Result<Response<CreateCustomerResponse>, Status> {
        let app = Arc::clone(&self.app);
        let handler = |call, request| create_customer::handle(app, call, request);
        self.runner.run_to_end(request, handler).await
    }

    async fn update_customer(
        &self,
        request: Request<UpdateCustomerRequest>,
    ) -> Result<Response<UpdateCustomerResponse>, Status> {
        let app = Arc::clone(&self.app);
        let handler = |call, request| update_customer::handle(app, call, request);
        self.runner.run_to_end(request, handler).await
    }

    async fn get_customer(
        &self,
        request: Request<GetCustomerRequest>,
    ) -> Result<Response<GetCustomerResponse>, Status> {
        let handler = |call, request| get_customer::handle(&self.app, call, request);
        self.runner.read(request, handler).await
    }

    async fn list_customers(
        &self,
        request: Request<ListCustomersRequest>,
    ) -> Result<Response<ListCustomersResponse>, Status> {
        let handler = |call, request| list_customers::handle(&self.app, call, request);
        self.runner.read(request, handler).await
    }

    async fn import_customers(
        &self,
        request: Request<tonic::Streaming<ImportCustomersRequest>>,
    ) -> Result<Response<ImportCustomersResponse>, Status> {
        let app = Arc::clone(&self.app);
        let handler = |call, rows| import_customers::handle(app, call, rows);
        self.runner.import_to_end(request, handler).await
    }
}
