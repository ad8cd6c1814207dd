//! `recoup.credit.v1.CreditProfileService`.

mod get_credit_profile;
mod get_payment_behaviour;
mod profile;
mod set_credit_limit;

use std::sync::Arc;

use contracts::credit::credit_profile_service_server::CreditProfileService;
use contracts::credit::{
    GetCreditProfileRequest, GetCreditProfileResponse, GetPaymentBehaviourRequest,
    GetPaymentBehaviourResponse, SetCreditLimitRequest, SetCreditLimitResponse,
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
impl CreditProfileService for Rpc {
    async fn get_credit_profile(
        &self,
        request: Request<GetCreditProfileRequest>,
    ) -> Result<Response<GetCreditProfileResponse>, Status> {
        let handler = |call, request| get_credit_profile::handle(&self.app, call, request);
        self.runner.read(request, handler).await
    }

    async fn set_credit_limit(
        &self,
        request: Request<SetCreditLimitRequest>,
    ) -> Result<Response<SetCreditLimitResponse>, Status> {
        let app = Arc::clone(&self.app);
        let handler = |call, request| set_credit_limit::handle(app, call, request);
        self.runner.run_to_end(request, handler).await
    }

    async fn get_payment_behaviour(
        &self,
        request: Request<GetPaymentBehaviourRequest>,
    ) -> Result<Response<GetPaymentBehaviourResponse>, Status> {
        let handler = |call, request| get_payment_behaviour::handle(&self.app, call, request);
        self.runner.read(request, handler).await
    }
}
