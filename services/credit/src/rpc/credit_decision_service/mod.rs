//! `recoup.credit.v1.CreditDecisionService`.

mod get_credit_decision;
mod list_credit_decisions;

use std::sync::Arc;

use contracts::credit::credit_decision_service_server::CreditDecisionService;
use contracts::credit::{
    GetCreditDecisionRequest, GetCreditDecisionResponse, ListCreditDecisionsRequest,
    ListCreditDecisionsResponse,
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
impl CreditDecisionService for Rpc {
    async fn get_credit_decision(
        &self,
        request: Request<GetCreditDecisionRequest>,
    ) -> Result<Response<GetCreditDecisionResponse>, Status> {
        let handler = |call, request| get_credit_decision::handle(&self.app, call, request);
        self.runner.read(request, handler).await
    }

    async fn list_credit_decisions(
        &self,
        request: Request<ListCreditDecisionsRequest>,
    ) -> Result<Response<ListCreditDecisionsResponse>, Status> {
        let handler = |call, request| list_credit_decisions::handle(&self.app, call, request);
        self.runner.read(request, handler).await
    }
}
