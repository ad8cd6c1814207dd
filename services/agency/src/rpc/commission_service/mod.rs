//! `recoup.agency.v1.CommissionService`.

mod get_commission;
mod list_commissions;

use std::sync::Arc;

use contracts::agency::commission_service_server::CommissionService;
use contracts::agency::{
    GetCommissionRequest, GetCommissionResponse, ListCommissionsRequest, ListCommissionsResponse,
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
impl CommissionService for Rpc {
    async fn get_commission(
        &self,
        request: Request<GetCommissionRequest>,
    ) -> Result<Response<GetCommissionResponse>, Status> {
        let handler = |call, request| get_commission::handle(&self.app, call, request);
        self.runner.read(request, handler).await
    }

    async fn list_commissions(
        &self,
        request: Request<ListCommissionsRequest>,
    ) -> Result<Response<ListCommissionsResponse>, Status> {
        let handler = |call, request| list_commissions::handle(&self.app, call, request);
        self.runner.read(request, handler).await
    }
}
