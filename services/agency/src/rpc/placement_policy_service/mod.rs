//! `recoup.agency.v1.PlacementPolicyService`.

mod activate_placement_policy_version;
mod create_placement_policy_version;
mod get_placement_policy;
mod get_placement_policy_version;
mod list_placement_policy_versions;

use std::sync::Arc;

use contracts::agency::placement_policy_service_server::PlacementPolicyService;
use contracts::agency::{
    ActivatePlacementPolicyVersionRequest, ActivatePlacementPolicyVersionResponse,
    CreatePlacementPolicyVersionRequest, CreatePlacementPolicyVersionResponse,
    GetPlacementPolicyRequest, GetPlacementPolicyResponse, GetPlacementPolicyVersionRequest,
    GetPlacementPolicyVersionResponse, ListPlacementPolicyVersionsRequest,
    ListPlacementPolicyVersionsResponse,
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
impl PlacementPolicyService for Rpc {
    async fn create_placement_policy_version(
        &self,
        request: Request<CreatePlacementPolicyVersionRequest>,
    ) -> Result<Response<CreatePlacementPolicyVersionResponse>, Status> {
        let app = Arc::clone(&self.app);
        let handler = |call, request| create_placement_policy_version::handle(app, call, request);
        self.runner.run_to_end(request, handler).await
    }

    async fn activate_placement_policy_version(
        &self,
        request: Request<ActivatePlacementPolicyVersionRequest>,
    ) -> Result<Response<ActivatePlacementPolicyVersionResponse>, Status> {
        let app = Arc::clone(&self.app);
        let handler = |call, request| activate_placement_policy_version::handle(app, call, request);
        self.runner.run_to_end(request, handler).await
    }

    async fn get_placement_policy(
        &self,
        request: Request<GetPlacementPolicyRequest>,
    ) -> Result<Response<GetPlacementPolicyResponse>, Status> {
        let handler = |call, request| get_placement_policy::handle(&self.app, call, request);
        self.runner.read(request, handler).await
    }

    async fn get_placement_policy_version(
        &self,
        request: Request<GetPlacementPolicyVersionRequest>,
    ) -> Result<Response<GetPlacementPolicyVersionResponse>, Status> {
        let handler =
            |call, request| get_placement_policy_version::handle(&self.app, call, request);
        self.runner.read(request, handler).await
    }

    async fn list_placement_policy_versions(
        &self,
        request: Request<ListPlacementPolicyVersionsRequest>,
    ) -> Result<Response<ListPlacementPolicyVersionsResponse>, Status> {
        let handler =
            |call, request| list_placement_policy_versions::handle(&self.app, call, request);
        self.runner.read(request, handler).await
    }
}
