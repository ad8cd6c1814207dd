//! `recoup.invoicing.v1.OpenItemService`.

mod get_collectability;
mod list_open_items;

use std::sync::Arc;

use contracts::invoicing::open_item_service_server::OpenItemService;
use contracts::invoicing::{
    GetCollectabilityRequest, GetCollectabilityResponse, ListOpenItemsRequest,
    ListOpenItemsResponse,
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
impl OpenItemService for Rpc {
    async fn list_open_items(
        &self,
        request: Request<ListOpenItemsRequest>,
    ) -> Result<Response<ListOpenItemsResponse>, Status> {
        let handler = |call, request| list_open_items::handle(&self.app, call, request);
        self.runner.read(request, handler).await
    }

    async fn get_collectability(
        &self,
        request: Request<GetCollectabilityRequest>,
    ) -> Result<Response<GetCollectabilityResponse>, Status> {
        let handler = |call, request| get_collectability::handle(&self.app, call, request);
        self.runner.read(request, handler).await
    }
}
