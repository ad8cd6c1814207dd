//! `recoup.payments.v1.ColumnMappingService`.

mod create_column_mapping;
mod get_column_mapping;
mod list_column_mappings;
mod update_column_mapping;

use std::sync::Arc;

use contracts::payments::column_mapping_service_server::ColumnMappingService;
use contracts::payments::{
    CreateColumnMappingRequest, CreateColumnMappingResponse, GetColumnMappingRequest,
    GetColumnMappingResponse, ListColumnMappingsRequest, ListColumnMappingsResponse,
    UpdateColumnMappingRequest, UpdateColumnMappingResponse,
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
impl ColumnMappingService for Rpc {
    async fn create_column_mapping(
        &self,
        request: Request<CreateColumnMappingRequest>,
    ) -> Result<Response<CreateColumnMappingResponse>, Status> {
        let app = Arc::clone(&self.app);
        let handler = |call, request| create_column_mapping::handle(app, call, request);
        self.runner.run_to_end(request, handler).await
    }

    async fn update_column_mapping(
        &self,
        request: Request<UpdateColumnMappingRequest>,
    ) -> Result<Response<UpdateColumnMappingResponse>, Status> {
        let app = Arc::clone(&self.app);
        let handler = |call, request| update_column_mapping::handle(app, call, request);
        self.runner.run_to_end(request, handler).await
    }

    async fn get_column_mapping(
        &self,
        request: Request<GetColumnMappingRequest>,
    ) -> Result<Response<GetColumnMappingResponse>, Status> {
        let handler = |call, request| get_column_mapping::handle(&self.app, call, request);
        self.runner.read(request, handler).await
    }

    async fn list_column_mappings(
        &self,
        request: Request<ListColumnMappingsRequest>,
    ) -> Result<Response<ListColumnMappingsResponse>, Status> {
        let handler = |call, request| list_column_mappings::handle(&self.app, call, request);
        self.runner.read(request, handler).await
    }
}
