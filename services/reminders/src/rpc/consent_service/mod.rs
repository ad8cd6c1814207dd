//! `recoup.reminders.v1.ConsentService`.

mod list_consents;
mod record_consent;

use std::sync::Arc;

use contracts::reminders::consent_service_server::ConsentService;
use contracts::reminders::{
    ListConsentsRequest, ListConsentsResponse, RecordConsentRequest, RecordConsentResponse,
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
impl ConsentService for Rpc {
    async fn record_consent(
        &self,
        request: Request<RecordConsentRequest>,
    ) -> Result<Response<RecordConsentResponse>, Status> {
        let app = Arc::clone(&self.app);
        let handler = |call, request| record_consent::handle(app, call, request);
        self.runner.run_to_end(request, handler).await
    }

    async fn list_consents(
        &self,
        request: Request<ListConsentsRequest>,
    ) -> Result<Response<ListConsentsResponse>, Status> {
        let handler = |call, request| list_consents::handle(&self.app, call, request);
        self.runner.read(request, handler).await
    }
}
