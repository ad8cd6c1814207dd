//! `recoup.credit.v1.TenantProfileService`.

mod create_tenant_profile;
mod get_tenant_profile;
mod update_tenant_profile;

use std::sync::Arc;

use contracts::credit::tenant_profile_service_server::TenantProfileService;
use contracts::credit::{
    CreateTenantProfileRequest, CreateTenantProfileResponse, GetTenantProfileRequest,
    GetTenantProfileResponse, UpdateTenantProfileRequest, UpdateTenantProfileResponse,
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
impl TenantProfileService for Rpc {
    async fn create_tenant_profile(
        &self,
        request: Request<CreateTenantProfileRequest>,
    ) -> Result<Response<CreateTenantProfileResponse>, Status> {
        let app = Arc::clone(&self.app);
        let handler = |call, request| create_tenant_profile::handle(app, call, request);
        self.runner.run_to_end(request, handler).await
    }

    async fn update_tenant_profile(
        &self,
        request: Request<UpdateTenantProfileRequest>,
    ) -> Result<Response<UpdateTenantProfileResponse>, Status> {
        let app = Arc::clone(&self.app);
        let handler = |call, request| update_tenant_profile::handle(app, call, request);
        self.runner.run_to_end(request, handler).await
    }

    async fn get_tenant_profile(
        &self,
        request: Request<GetTenantProfileRequest>,
    ) -> Result<Response<GetTenantProfileResponse>, Status> {
        let handler = |call, request| get_tenant_profile::handle(&self.app, call, request);
        self.runner.read(request, handler).await
    }
}
