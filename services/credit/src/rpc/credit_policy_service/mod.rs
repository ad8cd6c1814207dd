//! `recoup.credit.v1.CreditPolicyService`.

mod get_credit_policy;
mod list_credit_policies;
mod publish_credit_policy;

use std::sync::Arc;

use contracts::credit::credit_policy_service_server::CreditPolicyService;
use contracts::credit::{
    GetCreditPolicyRequest, GetCreditPolicyResponse, ListCreditPoliciesRequest,
    ListCreditPoliciesResponse, PublishCreditPolicyRequest, PublishCreditPolicyResponse,
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
impl CreditPolicyService for Rpc {
    async fn publish_credit_policy(
        &self,
        request: Request<PublishCreditPolicyRequest>,
    ) -> Result<Response<PublishCreditPolicyResponse>, Status> {
        let app = Arc::clone(&self.app);
        let handler = |call, request| publish_credit_policy::handle(app, call, request);
        self.runner.run_to_end(request, handler).await
    }

    async fn get_credit_policy(
        &self,
        request: Request<GetCreditPolicyRequest>,
    ) -> Result<Response<GetCreditPolicyResponse>, Status> {
        let handler = |call, request| get_credit_policy::handle(&self.app, call, request);
        self.runner.read(request, handler).await
    }

    async fn list_credit_policies(
        &self,
        request: Request<ListCreditPoliciesRequest>,
    ) -> Result<Response<ListCreditPoliciesResponse>, Status> {
        let handler = |call, request| list_credit_policies::handle(&self.app, call, request);
        self.runner.read(request, handler).await
    }
}
