//! The gRPC services of reminders: one file an RPC, the whole flow in view.
//!
//! `wire` turns messages into values of the domain and back, and collects everything
//! that is wrong with a request at once; `error` turns the domain's refusals into the
//! caller's, each to one code and reason. No rule is decided here.

mod about;
mod case_service;
mod communication_service;
mod consent_service;
mod contact_policy_service;
mod dunning_run_service;
pub mod error;
mod hold_service;
mod message_service;
mod placement_hold_service;
mod promise_service;
mod strategy_service;
mod task_service;
mod template_service;
pub mod wire;

use std::sync::Arc;

use contracts::reminders::case_service_server::CaseServiceServer;
use contracts::reminders::communication_service_server::CommunicationServiceServer;
use contracts::reminders::consent_service_server::ConsentServiceServer;
use contracts::reminders::contact_policy_service_server::ContactPolicyServiceServer;
use contracts::reminders::dunning_run_service_server::DunningRunServiceServer;
use contracts::reminders::hold_service_server::HoldServiceServer;
use contracts::reminders::message_service_server::MessageServiceServer;
use contracts::reminders::placement_hold_service_server::PlacementHoldServiceServer;
use contracts::reminders::promise_service_server::PromiseServiceServer;
use contracts::reminders::strategy_service_server::StrategyServiceServer;
use contracts::reminders::task_service_server::TaskServiceServer;
use contracts::reminders::template_service_server::TemplateServiceServer;
use events::{EventFeed, ParkedEvents};
use runtime::{Runner, Services, bounded};

use crate::SERVICE;
use crate::app::App;
use crate::events::inbound;

/// Every service of a process that holds reminders alone, over `app`.
#[must_use]
pub fn services(app: &Arc<App>, runner: &Runner) -> Services {
    let services = own(Services::new(), app, runner);
    events::served(services, feed(app, runner), parked(app, runner))
}

/// `services` and those that reminders alone has.
#[must_use]
pub fn own(services: Services, app: &Arc<App>, runner: &Runner) -> Services {
    let (app, runner) = (|| Arc::clone(app), || runner.clone());
    let strategy = strategy_service::Rpc::new(app(), runner());
    let template = template_service::Rpc::new(app(), runner());
    let contact_policy = contact_policy_service::Rpc::new(app(), runner());
    let consent = consent_service::Rpc::new(app(), runner());
    let communication = communication_service::Rpc::new(app(), runner());
    let promise = promise_service::Rpc::new(app(), runner());
    let hold = hold_service::Rpc::new(app(), runner());
    let task = task_service::Rpc::new(app(), runner());
    let case = case_service::Rpc::new(app(), runner());
    let message = message_service::Rpc::new(app(), runner());
    let dunning_run = dunning_run_service::Rpc::new(app(), runner());
    let placement_hold = placement_hold_service::Rpc::new(app(), runner());
    services
        .with(bounded!(StrategyServiceServer::new(strategy)))
        .with(bounded!(TemplateServiceServer::new(template)))
        .with(bounded!(ContactPolicyServiceServer::new(contact_policy)))
        .with(bounded!(ConsentServiceServer::new(consent)))
        .with(bounded!(CommunicationServiceServer::new(communication)))
        .with(bounded!(PromiseServiceServer::new(promise)))
        .with(bounded!(HoldServiceServer::new(hold)))
        .with(bounded!(TaskServiceServer::new(task)))
        .with(bounded!(CaseServiceServer::new(case)))
        .with(bounded!(MessageServiceServer::new(message)))
        .with(bounded!(DunningRunServiceServer::new(dunning_run)))
        .with(bounded!(PlacementHoldServiceServer::new(placement_hold)))
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
        App::announce,
    )
}
