//! `recoup.reminders.v1.PromiseService`.

mod cancel_promise;
mod create_promise;
mod get_promise;
mod list_promises;

use std::sync::Arc;

use contracts::reminders::promise_service_server::PromiseService;
use contracts::reminders::{
    CancelPromiseRequest, CancelPromiseResponse, CreatePromiseRequest, CreatePromiseResponse,
    GetPromiseRequest, GetPromiseResponse, ListPromisesRequest, ListPromisesResponse,
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
impl PromiseService for Rpc {
    async fn create_promise(
        &self,
        request: Request<CreatePromiseRequest>,
    ) -> Result<Response<CreatePromiseResponse>, Status> {
        let app = Arc::clone(&self.app);
        let handler = |call, request| create_promise::handle(app, call, request);
        self.runner.run_to_end(request, handler).await
    }

    async fn cancel_promise(
        &self,
        request: Request<CancelPromiseRequest>,
    ) -> Result<Response<CancelPromiseResponse>, Status> {
        let app = Arc::clone(&self.app);
        let handler = |call, request| cancel_promise::handle(app, call, request);
        self.runner.run_to_end(request, handler).await
    }

    async fn get_promise(
        &self,
        request: Request<GetPromiseRequest>,
    ) -> Result<Response<GetPromiseResponse>, Status> {
        let handler = |call, request| get_promise::handle(&self.app, call, request);
        self.runner.read(request, handler).await
    }

    async fn list_promises(
        &self,
        request: Request<ListPromisesRequest>,
    ) -> Result<Response<ListPromisesResponse>, Status> {
        let handler = |call, request| list_promises::handle(&self.app, call, request);
        self.runner.read(request, handler).await
    }
}
