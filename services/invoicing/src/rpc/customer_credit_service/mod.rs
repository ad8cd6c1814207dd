//! `recoup.invoicing.v1.CustomerCreditService`.

mod apply_customer_credit;
mod list_customer_credits;

use std::sync::Arc;

use contracts::invoicing::customer_credit_service_server::CustomerCreditService;
use contracts::invoicing::{
    ApplyCustomerCreditRequest, ApplyCustomerCreditResponse, ListCustomerCreditsRequest,
    ListCustomerCreditsResponse,
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
impl CustomerCreditService for Rpc {
    async fn apply_customer_credit(
        &self,
        request: Request<ApplyCustomerCreditRequest>,
    ) -> Result<Response<ApplyCustomerCreditResponse>, Status> {
        let app = Arc::clone(&self.app);
        let handler = |call, request| apply_customer_credit::handle(app, call, request);
        self.runner.run_to_end(request, handler).await
    }

    async fn list_customer_credits(
        &self,
        request: Request<ListCustomerCreditsRequest>,
    ) -> Result<Response<ListCustomerCreditsResponse>, Status> {
        let handler = |call, request| list_customer_credits::handle(&self.app, call, request);
        self.runner.read(request, handler).await
    }
}
