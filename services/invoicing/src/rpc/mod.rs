//! The gRPC services of invoicing: one file an RPC, the whole flow in view.
//!
//! `wire` turns messages into values of the domain and back, and collects everything
//! that is wrong with a request at once; `error` turns the domain's refusals into the
//! caller's, each to one code and reason. No rule is decided here.

mod aging_service;
mod application_service;
mod business_day;
mod credit_note_service;
mod customer_credit_service;
mod dispute_service;
pub mod error;
mod figure_service;
mod heard;
mod invoice_service;
mod number_series_service;
mod open_item_service;
pub mod wire;
mod write_off_service;

use std::sync::Arc;

use contracts::invoicing::aging_service_server::AgingServiceServer;
use contracts::invoicing::application_service_server::ApplicationServiceServer;
use contracts::invoicing::credit_note_service_server::CreditNoteServiceServer;
use contracts::invoicing::customer_credit_service_server::CustomerCreditServiceServer;
use contracts::invoicing::dispute_service_server::DisputeServiceServer;
use contracts::invoicing::figure_service_server::FigureServiceServer;
use contracts::invoicing::invoice_service_server::InvoiceServiceServer;
use contracts::invoicing::number_series_service_server::NumberSeriesServiceServer;
use contracts::invoicing::open_item_service_server::OpenItemServiceServer;
use contracts::invoicing::write_off_service_server::WriteOffServiceServer;
use events::{EventFeed, ParkedEvents};
use runtime::{Runner, Services, bounded};

use crate::SERVICE;
use crate::app::App;
use crate::events::inbound;

/// Every service of a process that holds invoicing alone, over `app`.
#[must_use]
pub fn services(app: &Arc<App>, runner: &Runner) -> Services {
    let services = own(Services::new(), app, runner);
    events::served(services, feed(app, runner), parked(app, runner))
}

/// `services` and those that invoicing alone has.
#[must_use]
pub fn own(services: Services, app: &Arc<App>, runner: &Runner) -> Services {
    let invoices = invoice_service::Rpc::new(Arc::clone(app), runner.clone());
    let number_series = number_series_service::Rpc::new(Arc::clone(app), runner.clone());
    let open_items = open_item_service::Rpc::new(Arc::clone(app), runner.clone());
    let aging = aging_service::Rpc::new(Arc::clone(app), runner.clone());
    let figures = figure_service::Rpc::new(Arc::clone(app), runner.clone());
    let credit_notes = credit_note_service::Rpc::new(Arc::clone(app), runner.clone());
    let disputes = dispute_service::Rpc::new(Arc::clone(app), runner.clone());
    let write_offs = write_off_service::Rpc::new(Arc::clone(app), runner.clone());
    let applications = application_service::Rpc::new(Arc::clone(app), runner.clone());
    let customer_credits = customer_credit_service::Rpc::new(Arc::clone(app), runner.clone());
    services
        .with(bounded!(ApplicationServiceServer::new(applications)))
        .with(bounded!(CustomerCreditServiceServer::new(customer_credits)))
        .with(bounded!(InvoiceServiceServer::new(invoices)))
        .with(bounded!(NumberSeriesServiceServer::new(number_series)))
        .with(bounded!(OpenItemServiceServer::new(open_items)))
        .with(bounded!(AgingServiceServer::new(aging)))
        .with(bounded!(FigureServiceServer::new(figures)))
        .with(bounded!(CreditNoteServiceServer::new(credit_notes)))
        .with(bounded!(DisputeServiceServer::new(disputes)))
        .with(bounded!(WriteOffServiceServer::new(write_offs)))
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
