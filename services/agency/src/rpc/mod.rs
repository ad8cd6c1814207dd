//! The gRPC services of agency: one file an RPC, the whole flow in view.
//!
//! `wire` turns messages into values of the domain and back, and collects everything
//! that is wrong with a request at once; `error` turns the domain's refusals into the
//! caller's, each to one code and reason. No rule is decided here.

mod agency_report_service;
mod agency_service;
mod agreement_service;
mod commission_service;
pub mod error;
pub mod known;
mod named;
mod placement_batch_service;
mod placement_policy_service;
mod placement_service;
mod proposal_run_service;
mod remittance_service;
mod result_service;
pub mod shown;
pub mod wire;

use std::sync::Arc;

use contracts::agency::agency_report_service_server::AgencyReportServiceServer;
use contracts::agency::agency_service_server::AgencyServiceServer;
use contracts::agency::agreement_service_server::AgreementServiceServer;
use contracts::agency::commission_service_server::CommissionServiceServer;
use contracts::agency::placement_batch_service_server::PlacementBatchServiceServer;
use contracts::agency::placement_policy_service_server::PlacementPolicyServiceServer;
use contracts::agency::placement_service_server::PlacementServiceServer;
use contracts::agency::proposal_run_service_server::ProposalRunServiceServer;
use contracts::agency::remittance_service_server::RemittanceServiceServer;
use contracts::agency::result_service_server::ResultServiceServer;
use events::{EventFeed, ParkedEvents};
use runtime::{Runner, Services, bounded};

use crate::SERVICE;
use crate::app::App;
use crate::events::inbound;

/// Every service of a process that holds agency alone, over `app`.
#[must_use]
pub fn services(app: &Arc<App>, runner: &Runner) -> Services {
    let services = own(Services::new(), app, runner);
    events::served(services, feed(app, runner), parked(app, runner))
}

/// `services` and those that agency alone has.
#[must_use]
pub fn own(services: Services, app: &Arc<App>, runner: &Runner) -> Services {
    let (app, runner) = (|| Arc::clone(app), || runner.clone());
    let agency = agency_service::Rpc::new(app(), runner());
    let agreement = agreement_service::Rpc::new(app(), runner());
    let policy = placement_policy_service::Rpc::new(app(), runner());
    let placement = placement_service::Rpc::new(app(), runner());
    let proposal_run = proposal_run_service::Rpc::new(app(), runner());
    let batch = placement_batch_service::Rpc::new(app(), runner());
    let report = agency_report_service::Rpc::new(app(), runner());
    let remittance = remittance_service::Rpc::new(app(), runner());
    let commission = commission_service::Rpc::new(app(), runner());
    let result = result_service::Rpc::new(app(), runner());
    services
        .with(bounded!(AgencyServiceServer::new(agency)))
        .with(bounded!(AgreementServiceServer::new(agreement)))
        .with(bounded!(PlacementPolicyServiceServer::new(policy)))
        .with(bounded!(PlacementServiceServer::new(placement)))
        .with(bounded!(ProposalRunServiceServer::new(proposal_run)))
        .with(bounded!(PlacementBatchServiceServer::new(batch)))
        .with(bounded!(AgencyReportServiceServer::new(report)))
        .with(bounded!(RemittanceServiceServer::new(remittance)))
        .with(bounded!(CommissionServiceServer::new(commission)))
        .with(bounded!(ResultServiceServer::new(result)))
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
