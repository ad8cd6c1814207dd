//! `recoup.reminders.v1.PlacementHoldService`.

mod place_hold;
mod release_hold;

use std::sync::Arc;

use contracts::reminders::placement_hold_service_server::PlacementHoldService;
use contracts::reminders::{
    PlaceHoldRequest, PlaceHoldResponse, ReleaseHoldRequest, ReleaseHoldResponse,
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
impl PlacementHoldService for Rpc {
    async fn place_hold(
        &self,
        request: Request<PlaceHoldRequest>,
    ) -> Result<Response<PlaceHoldResponse>, Status> {
        let app = Arc::clone(&self.app);
        let handler = |call, request| place_hold::handle(app, call, request);
        self.runner.run_to_end(request, handler).await
    }

    async fn release_hold(
        &self,
        request: Request<ReleaseHoldRequest>,
    ) -> Result<Response<ReleaseHoldResponse>, Status> {
        let app = Arc::clone(&self.app);
        let handler = |call, request| release_hold::handle(app, call, request);
        self.runner.run_to_end(request, handler).await
    }
}
