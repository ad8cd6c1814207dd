//! `recoup.credit.v1.ExchangeRateService`.

mod get_exchange_rate;
mod list_exchange_rates;
mod record_exchange_rates;

use std::sync::Arc;

use contracts::credit::exchange_rate_service_server::ExchangeRateService;
use contracts::credit::{
    GetExchangeRateRequest, GetExchangeRateResponse, ListExchangeRatesRequest,
    ListExchangeRatesResponse, RecordExchangeRatesRequest, RecordExchangeRatesResponse,
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
impl ExchangeRateService for Rpc {
    async fn record_exchange_rates(
        &self,
        request: Request<RecordExchangeRatesRequest>,
    ) -> Result<Response<RecordExchangeRatesResponse>, Status> {
        let app = Arc::clone(&self.app);
        let handler = |call, request| record_exchange_rates::handle(app, call, request);
        self.runner.run_to_end(request, handler).await
    }

    async fn get_exchange_rate(
        &self,
        request: Request<GetExchangeRateRequest>,
    ) -> Result<Response<GetExchangeRateResponse>, Status> {
        let handler = |call, request| get_exchange_rate::handle(&self.app, call, request);
        self.runner.read(request, handler).await
    }

    async fn list_exchange_rates(
        &self,
        request: Request<ListExchangeRatesRequest>,
    ) -> Result<Response<ListExchangeRatesResponse>, Status> {
        let handler = |call, request| list_exchange_rates::handle(&self.app, call, request);
        self.runner.read(request, handler).await
    }
}
