//! `recoup.reminders.v1.StrategyService`.

mod activate_strategy_version;
mod create_strategy;
mod create_strategy_version;
mod get_strategy;
mod get_strategy_version;
mod impact;
mod list_strategies;
mod list_strategy_versions;

use std::sync::Arc;

use contracts::reminders::strategy_service_server::StrategyService;
use contracts::reminders::{
    ActivateStrategyVersionRequest, ActivateStrategyVersionResponse, CreateStrategyRequest,
    CreateStrategyResponse, CreateStrategyVersionRequest, CreateStrategyVersionResponse,
    GetStrategyRequest, GetStrategyResponse, GetStrategyVersionRequest, GetStrategyVersionResponse,
    ListStrategiesRequest, ListStrategiesResponse, ListStrategyVersionsRequest,
    ListStrategyVersionsResponse,
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
impl StrategyService for Rpc {
    async fn create_strategy(
        &self,
        request: Request<CreateStrategyRequest>,
    ) -> Result<Response<CreateStrategyResponse>, Status> {
        let app = Arc::clone(&self.app);
        let handler = |call, request| create_strategy::handle(app, call, request);
        self.runner.run_to_end(request, handler).await
    }

    async fn get_strategy(
        &self,
        request: Request<GetStrategyRequest>,
    ) -> Result<Response<GetStrategyResponse>, Status> {
        let handler = |call, request| get_strategy::handle(&self.app, call, request);
        self.runner.read(request, handler).await
    }

    async fn list_strategies(
        &self,
        request: Request<ListStrategiesRequest>,
    ) -> Result<Response<ListStrategiesResponse>, Status> {
        let handler = |call, request| list_strategies::handle(&self.app, call, request);
        self.runner.read(request, handler).await
    }

    async fn create_strategy_version(
        &self,
        request: Request<CreateStrategyVersionRequest>,
    ) -> Result<Response<CreateStrategyVersionResponse>, Status> {
        let app = Arc::clone(&self.app);
        let handler = |call, request| create_strategy_version::handle(app, call, request);
        self.runner.run_to_end(request, handler).await
    }

    async fn get_strategy_version(
        &self,
        request: Request<GetStrategyVersionRequest>,
    ) -> Result<Response<GetStrategyVersionResponse>, Status> {
        let handler = |call, request| get_strategy_version::handle(&self.app, call, request);
        self.runner.read(request, handler).await
    }

    async fn list_strategy_versions(
        &self,
        request: Request<ListStrategyVersionsRequest>,
    ) -> Result<Response<ListStrategyVersionsResponse>, Status> {
        let handler = |call, request| list_strategy_versions::handle(&self.app, call, request);
        self.runner.read(request, handler).await
    }

    async fn activate_strategy_version(
        &self,
        request: Request<ActivateStrategyVersionRequest>,
    ) -> Result<Response<ActivateStrategyVersionResponse>, Status> {
        let app = Arc::clone(&self.app);
        let handler = |call, request| activate_strategy_version::handle(app, call, request);
        self.runner.run_to_end(request, handler).await
    }
}
