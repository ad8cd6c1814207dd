//! The gRPC services of payments: one file an RPC, the whole flow in view.
//!
//! `wire` turns messages into values of the domain and back, and collects everything
//! that is wrong with a request at once; `error` turns the domain's refusals into the
//! caller's, each to one code and reason. No rule is decided here.

mod bank_account_service;
mod bank_statement_service;
mod column_mapping_service;
pub mod error;
mod known;
mod receipt_application_service;
mod receipt_service;
pub mod wire;

use std::sync::Arc;

use contracts::payments::bank_account_service_server::BankAccountServiceServer;
use contracts::payments::bank_statement_service_server::BankStatementServiceServer;
use contracts::payments::column_mapping_service_server::ColumnMappingServiceServer;
use contracts::payments::receipt_application_service_server::ReceiptApplicationServiceServer;
use contracts::payments::receipt_service_server::ReceiptServiceServer;
use events::{EventFeed, ParkedEvents};
use runtime::{Runner, Services, bounded};

use crate::SERVICE;
use crate::app::App;
use crate::events::inbound;

/// Every service of a process that holds payments alone, over `app`.
#[must_use]
pub fn services(app: &Arc<App>, runner: &Runner) -> Services {
    let services = own(Services::new(), app, runner);
    events::served(services, feed(app, runner), parked(app, runner))
}

/// `services` and those that payments alone has.
#[must_use]
pub fn own(services: Services, app: &Arc<App>, runner: &Runner) -> Services {
    let (app, runner) = (|| Arc::clone(app), || runner.clone());
    let bank_account = bank_account_service::Rpc::new(app(), runner());
    let bank_statement = bank_statement_service::Rpc::new(app(), runner());
    let column_mapping = column_mapping_service::Rpc::new(app(), runner());
    let receipt = receipt_service::Rpc::new(app(), runner());
    let receipt_application = receipt_application_service::Rpc::new(app(), runner());
    services
        .with(bounded!(ReceiptServiceServer::new(receipt)))
        .with(bounded!(ReceiptApplicationServiceServer::new(
            receipt_application
        )))
        .with(bounded!(BankAccountServiceServer::new(bank_account)))
        .with(bounded!(BankStatementServiceServer::new(bank_statement)))
        .with(bounded!(ColumnMappingServiceServer::new(column_mapping)))
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
