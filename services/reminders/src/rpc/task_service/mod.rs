//! `recoup.reminders.v1.TaskService`.

mod complete_task;
mod get_task;
mod list_tasks;
mod shown;

use std::sync::Arc;

use contracts::reminders::task_service_server::TaskService;
use contracts::reminders::{
    CompleteTaskRequest, CompleteTaskResponse, GetTaskRequest, GetTaskResponse, ListTasksRequest,
    ListTasksResponse,
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
impl TaskService for Rpc {
    async fn get_task(
        &self,
        request: Request<GetTaskRequest>,
    ) -> Result<Response<GetTaskResponse>, Status> {
        let handler = |call, request| get_task::handle(&self.app, call, request);
        self.runner.read(request, handler).await
    }

    async fn list_tasks(
        &self,
        request: Request<ListTasksRequest>,
    ) -> Result<Response<ListTasksResponse>, Status> {
        let handler = |call, request| list_tasks::handle(&self.app, call, request);
        self.runner.read(request, handler).await
    }

    async fn complete_task(
        &self,
        request: Request<CompleteTaskRequest>,
    ) -> Result<Response<CompleteTaskResponse>, Status> {
        let app = Arc::clone(&self.app);
        let handler = |call, request| complete_task::handle(app, call, request);
        self.runner.run_to_end(request, handler).await
    }
}
