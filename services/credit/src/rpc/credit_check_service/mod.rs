//! `recoup.credit.v1.CreditCheckService`.

mod check_credit;
mod confirm_reservation;
mod get_reservation;
mod list_reservations;
mod locked;
mod release_reservation;

use std::sync::Arc;

use contracts::credit::credit_check_service_server::CreditCheckService;
use contracts::credit::{
    CheckCreditRequest, CheckCreditResponse, ConfirmReservationRequest, ConfirmReservationResponse,
    GetReservationRequest, GetReservationResponse, ListReservationsRequest,
    ListReservationsResponse, ReleaseReservationRequest, ReleaseReservationResponse,
};
use runtime::Runner;
use tonic::{Request, Response, Status};

use crate::app::App;

/// The service over the app.
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
impl CreditCheckService for Rpc {
    async fn check_credit(
        &self,
        request: Request<CheckCreditRequest>,
    ) -> Result<Response<CheckCreditResponse>, Status> {
        let app = Arc::clone(&self.app);
        let handler = |call, request| check_credit::handle(app, call, request);
        self.runner.run_to_end(request, handler).await
    }

    async fn confirm_reservation(
        &self,
        request: Request<ConfirmReservationRequest>,
    ) -> Result<Response<ConfirmReservationResponse>, Status> {
        let app = Arc::clone(&self.app);
        let handler = |call, request| confirm_reservation::handle(app, call, request);
        self.runner.run_to_end(request, handler).await
    }

    async fn release_reservation(
        &self,
        request: Request<ReleaseReservationRequest>,
    ) -> Result<Response<ReleaseReservationResponse>, Status> {
        let app = Arc::clone(&self.app);
        let handler = |call, request| release_reservation::handle(app, call, request);
        self.runner.run_to_end(request, handler).await
    }

    async fn get_reservation(
        &self,
        request: Request<GetReservationRequest>,
    ) -> Result<Response<GetReservationResponse>, Status> {
        let handler = |call, request| get_reservation::handle(&self.app, call, request);
        self.runner.read(request, handler).await
    }

    async fn list_reservations(
        &self,
        request: Request<ListReservationsRequest>,
    ) -> Result<Response<ListReservationsResponse>, Status> {
        let handler = |call, request| list_reservations::handle(&self.app, call, request);
        self.runner.read(request, handler).await
    }
}
