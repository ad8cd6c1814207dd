//! `recoup.reminders.v1.CommunicationService`.

mod list_communications;
mod record_communication;

use std::sync::Arc;

use contracts::reminders::communication_service_server::CommunicationService;
use contracts::reminders::{
    ListCommunicationsRequest, ListCommunicationsResponse, RecordCommunicationRequest,
    RecordCommunicationResponse,
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
impl CommunicationService for Rpc {
    async fn record_communication(
        &self,
        request: Request<RecordCommunicationRequest>,
    ) -> Result<Response<RecordCommunicationResponse>, Status> {
        let app = Arc::clone(&self.app);
        let handler = |call, request| record_communication::handle(app, call, request);
        self.runner.run_to_end(request, handler).await
    }

    async fn list_communications(
        &self,
        request: Request<ListCommunicationsRequest>,
    ) -> Result<Response<ListCommunicationsResponse>, Status> {
        let handler = |call, request| list_communications::handle(&self.app, call, request);
        self.runner.read(request, handler).await
    }
}
