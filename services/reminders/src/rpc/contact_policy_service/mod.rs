//! `recoup.reminders.v1.ContactPolicyService`.

mod check_contact;
mod create_contact_policy;
mod get_contact_policy;
mod list_contact_policies;

use std::sync::Arc;

use contracts::reminders::contact_policy_service_server::ContactPolicyService;
use contracts::reminders::{
    CheckContactRequest, CheckContactResponse, CreateContactPolicyRequest,
    CreateContactPolicyResponse, GetContactPolicyRequest, GetContactPolicyResponse,
    ListContactPoliciesRequest, ListContactPoliciesResponse,
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
impl ContactPolicyService for Rpc {
    async fn create_contact_policy(
        &self,
        request: Request<CreateContactPolicyRequest>,
    ) -> Result<Response<CreateContactPolicyResponse>, Status> {
        let app = Arc::clone(&self.app);
        let handler = |call, request| create_contact_policy::handle(app, call, request);
        self.runner.run_to_end(request, handler).await
    }

    async fn get_contact_policy(
        &self,
        request: Request<GetContactPolicyRequest>,
    ) -> Result<Response<GetContactPolicyResponse>, Status> {
        let handler = |call, request| get_contact_policy::handle(&self.app, call, request);
        self.runner.read(request, handler).await
    }

    async fn list_contact_policies(
        &self,
        request: Request<ListContactPoliciesRequest>,
    ) -> Result<Response<ListContactPoliciesResponse>, Status> {
        let handler = |call, request| list_contact_policies::handle(&self.app, call, request);
        self.runner.read(request, handler).await
    }

    async fn check_contact(
        &self,
        request: Request<CheckContactRequest>,
    ) -> Result<Response<CheckContactResponse>, Status> {
        let handler = |call, request| check_contact::handle(&self.app, call, request);
        self.runner.read(request, handler).await
    }
}
