//! `recoup.agency.v1.AgencyReportService`.

mod list_agency_reports;
mod report_agency_payment;

use std::sync::Arc;

use contracts::agency::agency_report_service_server::AgencyReportService;
use contracts::agency::{
    ListAgencyReportsRequest, ListAgencyReportsResponse, ReportAgencyPaymentRequest,
    ReportAgencyPaymentResponse,
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
impl AgencyReportService for Rpc {
    async fn report_agency_payment(
        &self,
        request: Request<ReportAgencyPaymentRequest>,
    ) -> Result<Response<ReportAgencyPaymentResponse>, Status> {
        let app = Arc::clone(&self.app);
        let handler = |call, request| report_agency_payment::handle(app, call, request);
        self.runner.run_to_end(request, handler).await
    }

    async fn list_agency_reports(
        &self,
        request: Request<ListAgencyReportsRequest>,
    ) -> Result<Response<ListAgencyReportsResponse>, Status> {
        let handler = |call, request| list_agency_reports::handle(&self.app, call, request);
        self.runner.read(request, handler).await
    }
}
