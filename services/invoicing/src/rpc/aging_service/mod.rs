//! `recoup.invoicing.v1.AgingService`.

mod get_aging;
mod stream_customer_aging;

use std::pin::Pin;
use std::sync::Arc;

use contracts::invoicing::aging_service_server::AgingService;
use contracts::invoicing::{
    GetAgingRequest, GetAgingResponse, StreamCustomerAgingRequest, StreamCustomerAgingResponse,
};
use futures_util::Stream;
use postgres::{TenantId, Tx};
use runtime::{Refusal, Runner};
use tonic::{Request, Response, Status};

use crate::app::App;
use crate::domain::CustomerId;
use crate::rpc::business_day::today_in_tx;
use crate::rpc::wire::aging::AskedAging;
use crate::store::aging::Selection;

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

type Customers = Pin<Box<dyn Stream<Item = Result<StreamCustomerAgingResponse, Status>> + Send>>;

#[tonic::async_trait]
impl AgingService for Rpc {
    type StreamCustomerAgingStream = Customers;

    async fn get_aging(
        &self,
        request: Request<GetAgingRequest>,
    ) -> Result<Response<GetAgingResponse>, Status> {
        let handler = |call, request| get_aging::handle(&self.app, call, request);
        self.runner.read(request, handler).await
    }

    async fn stream_customer_aging(
        &self,
        request: Request<StreamCustomerAgingRequest>,
    ) -> Result<Response<Customers>, Status> {
        let handler = |call, request| stream_customer_aging::handle(&self.app, call, request);
        let answer = self.runner.stream(request, handler).await?;
        Ok(answer.map(|stream| -> Customers { Box::pin(stream) }))
    }
}

/// What an aging reads, as of today in the tenant's zone where the request names no day.
async fn selection_in_tx(
    app: &App,
    tx: &mut Tx,
    tenant: TenantId,
    asked: &AskedAging,
    customer_id: Option<CustomerId>,
) -> Result<Selection, Refusal> {
    let as_of_date = match asked.as_of_date {
        Some(date) => date,
        None => today_in_tx(tx, tenant, app.clock.now()).await?,
    };
    Ok(Selection {
        as_of_date,
        basis: asked.scale.basis(),
        customer_id,
        currency: asked.currency,
    })
}
