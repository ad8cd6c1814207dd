//! `recoup.credit.v1.CreditHoldService`.

mod changed;
mod get_credit_hold;
mod list_credit_holds;
mod override_credit_hold;
mod place_credit_hold;
mod release_credit_hold;

use std::sync::Arc;

use contracts::credit::credit_hold_service_server::CreditHoldService;
use contracts::credit::{
    GetCreditHoldRequest, GetCreditHoldResponse, ListCreditHoldsRequest, ListCreditHoldsResponse,
    OverrideCreditHoldRequest, OverrideCreditHoldResponse, PlaceCreditHoldRequest,
    PlaceCreditHoldResponse, ReleaseCreditHoldRequest, ReleaseCreditHoldResponse,
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
impl CreditHoldService for Rpc {
    async fn place_credit_hold(
        &self,
        request: Request<PlaceCreditHoldRequest>,
    ) -> Result<Response<PlaceCreditHoldResponse>, Status> {
        let app = Arc::clone(&self.app);
        let handler = |call, request| place_credit_hold::handle(app, call, request);
        self.runner.run_to_end(request, handler).await
    }

    async fn release_credit_hold(
        &self,
        request: Request<ReleaseCreditHoldRequest>,
    ) -> Result<Response<ReleaseCreditHoldResponse>, Status> {
        let app = Arc::clone(&self.app);
        let handler = |call, request| release_credit_hold::handle(app, call, request);
        self.runner.run_to_end(request, handler).await
    }

    async fn override_credit_hold(
        &self,
        request: Request<OverrideCreditHoldRequest>,
    ) -> Result<Response<OverrideCreditHoldResponse>, Status> {
        let app = Arc::clone(&self.app);
        let handler = |call, request| override_credit_hold::handle(app, call, request);
        self.runner.run_to_end(request, handler).await
    }

    async fn get_credit_hold(
        &self,
        request: Request<GetCreditHoldRequest>,
    ) -> Result<Response<GetCreditHoldResponse>, Status> {
        let handler = |call, request| get_credit_hold::handle(&self.app, call, request);
        self.runner.read(request, handler).await
    }

    async fn list_credit_holds(
        &self,
        request: Request<ListCreditHoldsRequest>,
    ) -> Result<Response<ListCreditHoldsResponse>, Status> {
        let handler = |call, request| list_credit_holds::handle(&self.app, call, request);
        self.runner.read(request, handler).await
    }
}
