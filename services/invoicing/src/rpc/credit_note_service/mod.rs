//! `recoup.invoicing.v1.CreditNoteService`.

mod get_credit_note;
mod issue_credit_note;
mod list_credit_notes;
mod planned;

use std::sync::Arc;

use contracts::invoicing::credit_note_service_server::CreditNoteService;
use contracts::invoicing::{
    GetCreditNoteRequest, GetCreditNoteResponse, IssueCreditNoteRequest, IssueCreditNoteResponse,
    ListCreditNotesRequest, ListCreditNotesResponse,
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
impl CreditNoteService for Rpc {
    async fn issue_credit_note(
        &self,
        request: Request<IssueCreditNoteRequest>,
    ) -> Result<Response<IssueCreditNoteResponse>, Status> {
        let app = Arc::clone(&self.app);
        let handler = |call, request| issue_credit_note::handle(app, call, request);
        self.runner.run_to_end(request, handler).await
    }

    async fn get_credit_note(
        &self,
        request: Request<GetCreditNoteRequest>,
    ) -> Result<Response<GetCreditNoteResponse>, Status> {
        let handler = |call, request| get_credit_note::handle(&self.app, call, request);
        self.runner.read(request, handler).await
    }

    async fn list_credit_notes(
        &self,
        request: Request<ListCreditNotesRequest>,
    ) -> Result<Response<ListCreditNotesResponse>, Status> {
        let handler = |call, request| list_credit_notes::handle(&self.app, call, request);
        self.runner.read(request, handler).await
    }
}
