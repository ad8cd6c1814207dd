//! `recoup.reminders.v1.TemplateService`.

mod activate_template_version;
mod create_template;
mod create_template_version;
mod get_template;
mod get_template_version;
mod list_template_versions;
mod list_templates;
mod preview;
mod render_template;

use std::sync::Arc;

use contracts::reminders::template_service_server::TemplateService;
use contracts::reminders::{
    ActivateTemplateVersionRequest, ActivateTemplateVersionResponse, CreateTemplateRequest,
    CreateTemplateResponse, CreateTemplateVersionRequest, CreateTemplateVersionResponse,
    GetTemplateRequest, GetTemplateResponse, GetTemplateVersionRequest, GetTemplateVersionResponse,
    ListTemplateVersionsRequest, ListTemplateVersionsResponse, ListTemplatesRequest,
    ListTemplatesResponse, RenderTemplateRequest, RenderTemplateResponse,
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
impl TemplateService for Rpc {
    async fn create_template(
        &self,
        request: Request<CreateTemplateRequest>,
    ) -> Result<Response<CreateTemplateResponse>, Status> {
        let app = Arc::clone(&self.app);
        let handler = |call, request| create_template::handle(app, call, request);
        self.runner.run_to_end(request, handler).await
    }

    async fn get_template(
        &self,
        request: Request<GetTemplateRequest>,
    ) -> Result<Response<GetTemplateResponse>, Status> {
        let handler = |call, request| get_template::handle(&self.app, call, request);
        self.runner.read(request, handler).await
    }

    async fn list_templates(
        &self,
        request: Request<ListTemplatesRequest>,
    ) -> Result<Response<ListTemplatesResponse>, Status> {
        let handler = |call, request| list_templates::handle(&self.app, call, request);
        self.runner.read(request, handler).await
    }

    async fn create_template_version(
        &self,
        request: Request<CreateTemplateVersionRequest>,
    ) -> Result<Response<CreateTemplateVersionResponse>, Status> {
        let app = Arc::clone(&self.app);
        let handler = |call, request| create_template_version::handle(app, call, request);
        self.runner.run_to_end(request, handler).await
    }

    async fn get_template_version(
        &self,
        request: Request<GetTemplateVersionRequest>,
    ) -> Result<Response<GetTemplateVersionResponse>, Status> {
        let handler = |call, request| get_template_version::handle(&self.app, call, request);
        self.runner.read(request, handler).await
    }

    async fn list_template_versions(
        &self,
        request: Request<ListTemplateVersionsRequest>,
    ) -> Result<Response<ListTemplateVersionsResponse>, Status> {
        let handler = |call, request| list_template_versions::handle(&self.app, call, request);
        self.runner.read(request, handler).await
    }

    async fn activate_template_version(
        &self,
        request: Request<ActivateTemplateVersionRequest>,
    ) -> Result<Response<ActivateTemplateVersionResponse>, Status> {
        let app = Arc::clone(&self.app);
        let handler = |call, request| activate_template_version::handle(app, call, request);
        self.runner.run_to_end(request, handler).await
    }

    async fn render_template(
        &self,
        request: Request<RenderTemplateRequest>,
    ) -> Result<Response<RenderTemplateResponse>, Status> {
        let handler = |call, request| render_template::handle(&self.app, call, request);
        self.runner.read(request, handler).await
    }
}
