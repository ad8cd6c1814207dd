//! `recoup.reminders.v1.HoldService`.

mod get_hold;
mod list_holds;
mod place_manual_hold;
mod release_manual_hold;

use std::sync::Arc;

use contracts::reminders::hold_service_server::HoldService;
use contracts::reminders::{
    GetHoldRequest, GetHoldResponse, ListHoldsRequest, ListHoldsResponse, PlaceManualHoldRequest,
    PlaceManualHoldResponse, ReleaseManualHoldRequest, ReleaseManualHoldResponse,
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
impl HoldService for Rpc {
    async fn place_manual_hold(
        &self,
        request: Request<PlaceManualHoldRequest>,
    ) -> Result<Response<PlaceManualHoldResponse>, Status> {
        let app = Arc::clone(&self.app);
        let handler = |call, request| place_manual_hold::handle(app, call, request);
        self.runner.run_to_end(request, handler).await
    }

    async fn release_manual_hold(
        &self,
        request: Request<ReleaseManualHoldRequest>,
    ) -> Result<Response<ReleaseManualHoldResponse>, Status> {
        let app = Arc::clone(&self.app);
        let handler = |call, request| release_manual_hold::handle(app, call, request);
        self.runner.run_to_end(request, handler).await
    }

    async fn get_hold(
        &self,
        request: Request<GetHoldRequest>,
    ) -> Result<Response<GetHoldResponse>, Status> {
        let handler = |call, request| get_hold::handle(&self.app, call, request);
        self.runner.read(request, handler).await
    }

    async fn list_holds(
        &self,
        request: Request<ListHoldsRequest>,
    ) -> Result<Response<ListHoldsResponse>, Status> {
        let handler = |call, request| list_holds::handle(&self.app, call, request);
        self.runner.read(request, handler).await
    }
}
