//! `recoup.agency.v1.PlacementBatchService`.

mod acknowledge_placement_batch;
mod create_placement_batch;
mod get_placement_batch;
mod get_placement_batch_file;
mod list_placement_batches;

use std::sync::Arc;

use contracts::agency::placement_batch_service_server::PlacementBatchService;
use contracts::agency::{
    AcknowledgePlacementBatchRequest, AcknowledgePlacementBatchResponse,
    CreatePlacementBatchRequest, CreatePlacementBatchResponse, GetPlacementBatchFileRequest,
    GetPlacementBatchFileResponse, GetPlacementBatchRequest, GetPlacementBatchResponse,
    ListPlacementBatchesRequest, ListPlacementBatchesResponse,
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
impl PlacementBatchService for Rpc {
    async fn create_placement_batch(
        &self,
        request: Request<CreatePlacementBatchRequest>,
    ) -> Result<Response<CreatePlacementBatchResponse>, Status> {
        let app = Arc::clone(&self.app);
        let handler = |call, request| create_placement_batch::handle(app, call, request);
        self.runner.run_to_end(request, handler).await
    }

    async fn get_placement_batch(
        &self,
        request: Request<GetPlacementBatchRequest>,
    ) -> Result<Response<GetPlacementBatchResponse>, Status> {
        let handler = |call, request| get_placement_batch::handle(&self.app, call, request);
        self.runner.read(request, handler).await
    }

    async fn list_placement_batches(
        &self,
        request: Request<ListPlacementBatchesRequest>,
    ) -> Result<Response<ListPlacementBatchesResponse>, Status> {
        let handler = |call, request| list_placement_batches::handle(&self.app, call, request);
        self.runner.read(request, handler).await
    }

    async fn get_placement_batch_file(
        &self,
        request: Request<GetPlacementBatchFileRequest>,
    ) -> Result<Response<GetPlacementBatchFileResponse>, Status> {
        let handler = |call, request| get_placement_batch_file::handle(&self.app, call, request);
        self.runner.read(request, handler).await
    }

    async fn acknowledge_placement_batch(
        &self,
        request: Request<AcknowledgePlacementBatchRequest>,
    ) -> Result<Response<AcknowledgePlacementBatchResponse>, Status> {
        let app = Arc::clone(&self.app);
        let handler = |call, request| acknowledge_placement_batch::handle(app, call, request);
        self.runner.run_to_end(request, handler).await
    }
}
