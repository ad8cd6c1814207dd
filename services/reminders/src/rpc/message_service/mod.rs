//! `recoup.reminders.v1.MessageService`.

mod get_message;
mod get_message_content;
mod list_messages;
mod resolve_message;

use std::sync::Arc;

use contracts::reminders::message_service_server::MessageService;
use contracts::reminders::{
    GetMessageContentRequest, GetMessageContentResponse, GetMessageRequest, GetMessageResponse,
    ListMessagesRequest, ListMessagesResponse, ResolveMessageRequest, ResolveMessageResponse,
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
impl MessageService for Rpc {
    async fn get_message(
        &self,
        request: Request<GetMessageRequest>,
    ) -> Result<Response<GetMessageResponse>, Status> {
        let handler = |call, request| get_message::handle(&self.app, call, request);
        self.runner.read(request, handler).await
    }

    async fn list_messages(
        &self,
        request: Request<ListMessagesRequest>,
    ) -> Result<Response<ListMessagesResponse>, Status> {
        let handler = |call, request| list_messages::handle(&self.app, call, request);
        self.runner.read(request, handler).await
    }

    async fn get_message_content(
        &self,
        request: Request<GetMessageContentRequest>,
    ) -> Result<Response<GetMessageContentResponse>, Status> {
        let handler = |call, request| get_message_content::handle(&self.app, call, request);
        self.runner.read(request, handler).await
    }

    async fn resolve_message(
        &self,
        request: Request<ResolveMessageRequest>,
    ) -> Result<Response<ResolveMessageResponse>, Status> {
        let app = Arc::clone(&self.app);
        let handler = |call, request| resolve_message::handle(app, call, request);
        self.runner.run_to_end(request, handler).await
    }
}
