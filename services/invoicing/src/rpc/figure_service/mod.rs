//! `recoup.invoicing.v1.FigureService`.

mod get_figures;

use std::sync::Arc;

use contracts::invoicing::figure_service_server::FigureService;
use contracts::invoicing::{GetFiguresRequest, GetFiguresResponse};
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
impl FigureService for Rpc {
    async fn get_figures(
        &self,
        request: Request<GetFiguresRequest>,
    ) -> Result<Response<GetFiguresResponse>, Status> {
        let handler = |call, request| get_figures::handle(&self.app, call, request);
        self.runner.read(request, handler).await
    }
}
