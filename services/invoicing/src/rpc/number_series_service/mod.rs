//! `recoup.invoicing.v1.NumberSeriesService`.

mod create_number_series;
mod list_number_series;

use std::sync::Arc;

use contracts::invoicing::number_series_service_server::NumberSeriesService;
use contracts::invoicing::{
    CreateNumberSeriesRequest, CreateNumberSeriesResponse, ListNumberSeriesRequest,
    ListNumberSeriesResponse,
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
impl NumberSeriesService for Rpc {
    async fn create_number_series(
        &self,
        request: Request<CreateNumberSeriesRequest>,
    ) -> Result<Response<CreateNumberSeriesResponse>, Status> {
        let app = Arc::clone(&self.app);
        let handler = |call, request| create_number_series::handle(app, call, request);
        self.runner.run_to_end(request, handler).await
    }

    async fn list_number_series(
        &self,
        request: Request<ListNumberSeriesRequest>,
    ) -> Result<Response<ListNumberSeriesResponse>, Status> {
        let handler = |call, request| list_number_series::handle(&self.app, call, request);
        self.runner.read(request, handler).await
    }
}
