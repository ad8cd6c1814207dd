//! `recoup.agency.v1.PlacementService`.

mod activate_placement;
mod approve_placement;
mod close_placement;
mod confirm_recall;
mod get_placement;
mod list_placements;
mod locked;
mod propose_placement;
mod recall_placement;
mod reject_placement;
mod set_agency_reference;

use std::sync::Arc;

use contracts::agency::placement_service_server::PlacementService;
use contracts::agency::{
    ActivatePlacementRequest, ActivatePlacementResponse, ApprovePlacementRequest,
    ApprovePlacementResponse, ClosePlacementRequest, ClosePlacementResponse, ConfirmRecallRequest,
    ConfirmRecallResponse, GetPlacementRequest, GetPlacementResponse, ListPlacementsRequest,
    ListPlacementsResponse, ProposePlacementRequest, ProposePlacementResponse,
    RecallPlacementRequest, RecallPlacementResponse, RejectPlacementRequest,
    RejectPlacementResponse, SetAgencyReferenceRequest, SetAgencyReferenceResponse,
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
impl PlacementService for Rpc {
    async fn propose_placement(
        &self,
        request: Request<ProposePlacementRequest>,
    ) -> Result<Response<ProposePlacementResponse>, Status> {
        let app = Arc::clone(&self.app);
        let handler = |call, request| propose_placement::handle(app, call, request);
        self.runner.run_to_end(request, handler).await
    }

    async fn approve_placement(
        &self,
        request: Request<ApprovePlacementRequest>,
    ) -> Result<Response<ApprovePlacementResponse>, Status> {
        let app = Arc::clone(&self.app);
        let handler = |call, request| approve_placement::handle(app, call, request);
        self.runner.run_to_end(request, handler).await
    }

    async fn reject_placement(
        &self,
        request: Request<RejectPlacementRequest>,
    ) -> Result<Response<RejectPlacementResponse>, Status> {
        let app = Arc::clone(&self.app);
        let handler = |call, request| reject_placement::handle(app, call, request);
        self.runner.run_to_end(request, handler).await
    }

    async fn activate_placement(
        &self,
        request: Request<ActivatePlacementRequest>,
    ) -> Result<Response<ActivatePlacementResponse>, Status> {
        let app = Arc::clone(&self.app);
        let handler = |call, request| activate_placement::handle(app, call, request);
        self.runner.run_to_end(request, handler).await
    }

    async fn recall_placement(
        &self,
        request: Request<RecallPlacementRequest>,
    ) -> Result<Response<RecallPlacementResponse>, Status> {
        let app = Arc::clone(&self.app);
        let handler = |call, request| recall_placement::handle(app, call, request);
        self.runner.run_to_end(request, handler).await
    }

    async fn confirm_recall(
        &self,
        request: Request<ConfirmRecallRequest>,
    ) -> Result<Response<ConfirmRecallResponse>, Status> {
        let app = Arc::clone(&self.app);
        let handler = |call, request| confirm_recall::handle(app, call, request);
        self.runner.run_to_end(request, handler).await
    }

    async fn close_placement(
        &self,
        request: Request<ClosePlacementRequest>,
    ) -> Result<Response<ClosePlacementResponse>, Status> {
        let app = Arc::clone(&self.app);
        let handler = |call, request| close_placement::handle(app, call, request);
        self.runner.run_to_end(request, handler).await
    }

    async fn set_agency_reference(
        &self,
        request: Request<SetAgencyReferenceRequest>,
    ) -> Result<Response<SetAgencyReferenceResponse>, Status> {
        let app = Arc::clone(&self.app);
        let handler = |call, request| set_agency_reference::handle(app, call, request);
        self.runner.run_to_end(request, handler).await
    }

    async fn get_placement(
        &self,
        request: Request<GetPlacementRequest>,
    ) -> Result<Response<GetPlacementResponse>, Status> {
        let handler = |call, request| get_placement::handle(&self.app, call, request);
        self.runner.read(request, handler).await
    }

    async fn list_placements(
        &self,
        request: Request<ListPlacementsRequest>,
    ) -> Result<Response<ListPlacementsResponse>, Status> {
        let handler = |call, request| list_placements::handle(&self.app, call, request);
        self.runner.read(request, handler).await
    }
}
