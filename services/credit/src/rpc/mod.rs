//! The gRPC services of credit: one file an RPC, the whole flow in view.
//!
//! `wire` turns messages into values of the domain and back, and collects everything
//! that is wrong with a request at once; `error` turns the domain's refusals into the
//! caller's, each to one code and reason. No rule is decided here.

mod credit_check_service;
mod credit_decision_service;
mod credit_hold_service;
mod credit_policy_service;
mod credit_profile_service;
mod customer_service;
pub mod error;
mod exchange_rate_service;
pub mod standing;
mod tenant_profile_service;
pub mod wire;

use std::sync::Arc;

use contracts::credit::credit_check_service_server::CreditCheckServiceServer;
use contracts::credit::credit_decision_service_server::CreditDecisionServiceServer;
use contracts::credit::credit_hold_service_server::CreditHoldServiceServer;
use contracts::credit::credit_policy_service_server::CreditPolicyServiceServer;
use contracts::credit::credit_profile_service_server::CreditProfileServiceServer;
use contracts::credit::customer_service_server::CustomerServiceServer;
use contracts::credit::exchange_rate_service_server::ExchangeRateServiceServer;
use contracts::credit::tenant_profile_service_server::TenantProfileServiceServer;
use events::{EventFeed, ParkedEvents};
use runtime::{Runner, Services, bounded};

use crate::SERVICE;
use crate::app::App;
use crate::events::inbound;

/// Every service of a process that holds credit alone, over `app`.
#[must_use]
pub fn services(app: &Arc<App>, runner: &Runner) -> Services {
    let services = own(Services::new(), app, runner);
    events::served(services, feed(app, runner), parked(app, runner))
}

/// `services` and those that credit alone has.
#[must_use]
pub fn own(services: Services, app: &Arc<App>, runner: &Runner) -> Services {
    let (app, runner) = (|| Arc::clone(app), || runner.clone());
    let tenant_profile = tenant_profile_service::Rpc::new(app(), runner());
    let exchange_rate = exchange_rate_service::Rpc::new(app(), runner());
    let credit_policy = credit_policy_service::Rpc::new(app(), runner());
    let customer = customer_service::Rpc::new(app(), runner());
    let credit_check = credit_check_service::Rpc::new(app(), runner());
    let credit_decision = credit_decision_service::Rpc::new(app(), runner());
    let credit_hold = credit_hold_service::Rpc::new(app(), runner());
    let credit_profile = credit_profile_service::Rpc::new(app(), runner());
    services
        .with(bounded!(TenantProfileServiceServer::new(tenant_profile)))
        .with(bounded!(ExchangeRateServiceServer::new(exchange_rate)))
        .with(bounded!(CreditPolicyServiceServer::new(credit_policy)))
        .with(bounded!(CustomerServiceServer::new(customer)))
        .with(bounded!(CreditCheckServiceServer::new(credit_check)))
        .with(bounded!(CreditDecisionServiceServer::new(credit_decision)))
        .with(bounded!(CreditHoldServiceServer::new(credit_hold)))
        .with(bounded!(CreditProfileServiceServer::new(credit_profile)))
}

/// Its feed: a process that holds several services serves all feeds as one service.
#[must_use]
pub fn feed(app: &Arc<App>, runner: &Runner) -> EventFeed {
    EventFeed::new(app.feed.clone(), runner.clone())
}

/// What it has parked, likewise.
#[must_use]
pub fn parked(app: &Arc<App>, runner: &Runner) -> ParkedEvents {
    ParkedEvents::new(
        SERVICE,
        app.db.clone(),
        runner.clone(),
        Arc::clone(app),
        inbound::handler,
        |_| (),
    )
}
