//! `recoup.reminders.v1.DunningRunService`.

mod approve_dunning_run;
mod get_dunning_run;
mod list_dunning_run_items;
mod list_dunning_runs;
mod start_dunning_run;

use std::sync::Arc;

use calendar::{Date, Timestamp, Zone};
use contracts::reminders::dunning_run_service_server::DunningRunService;
use contracts::reminders::{
    ApproveDunningRunRequest, ApproveDunningRunResponse, GetDunningRunRequest,
    GetDunningRunResponse, ListDunningRunItemsRequest, ListDunningRunItemsResponse,
    ListDunningRunsRequest, ListDunningRunsResponse, StartDunningRunRequest,
    StartDunningRunResponse,
};
use postgres::{DbError, TenantId, Tx};
use runtime::Runner;
use tonic::{Request, Response, Status};

use crate::app::App;
use crate::store::tenant_profile;

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
impl DunningRunService for Rpc {
    async fn start_dunning_run(
        &self,
        request: Request<StartDunningRunRequest>,
    ) -> Result<Response<StartDunningRunResponse>, Status> {
        let app = Arc::clone(&self.app);
        let handler = |call, request| start_dunning_run::handle(app, call, request);
        self.runner.run_to_end(request, handler).await
    }

    async fn approve_dunning_run(
        &self,
        request: Request<ApproveDunningRunRequest>,
    ) -> Result<Response<ApproveDunningRunResponse>, Status> {
        let app = Arc::clone(&self.app);
        let handler = |call, request| approve_dunning_run::handle(app, call, request);
        self.runner.run_to_end(request, handler).await
    }

    async fn get_dunning_run(
        &self,
        request: Request<GetDunningRunRequest>,
    ) -> Result<Response<GetDunningRunResponse>, Status> {
        let handler = |call, request| get_dunning_run::handle(&self.app, call, request);
        self.runner.read(request, handler).await
    }

    async fn list_dunning_runs(
        &self,
        request: Request<ListDunningRunsRequest>,
    ) -> Result<Response<ListDunningRunsResponse>, Status> {
        let handler = |call, request| list_dunning_runs::handle(&self.app, call, request);
        self.runner.read(request, handler).await
    }

    async fn list_dunning_run_items(
        &self,
        request: Request<ListDunningRunItemsRequest>,
    ) -> Result<Response<ListDunningRunItemsResponse>, Status> {
        let handler = |call, request| list_dunning_run_items::handle(&self.app, call, request);
        self.runner.read(request, handler).await
    }
}

/// Today in the tenant's zone.
async fn today_in_tx(tx: &mut Tx, tenant: TenantId, now: Timestamp) -> Result<Date, DbError> {
    let profile = tenant_profile::find_in_tx(tx, tenant).await?;
    Ok(profile
        .map_or_else(Zone::utc, |one| one.zone)
        .local_date(now))
}
