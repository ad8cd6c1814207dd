//! The services of this process: the one list of them, and their start behind one server.
//!
//! Each is started as in a process of its own. What every service has under the same name, its
//! feed and what it parked, is served once for all, and goes by the service named in the call.

use std::net::SocketAddr;

use calendar::Clock;
use contracts::events::event_feed_service_server::EventFeedServiceServer;
use contracts::events::parked_event_service_server::ParkedEventServiceServer;
use events::Feed;
use postgres::Database;
use runtime::config::Layers;
use runtime::{MAX_MESSAGE_BYTES, Runner, Services, Shutdown, Tasks, Telemetry};
use sqlx::migrate::Migrator;
use stores::Stores;
use timers::{Running, Wakeups};

use crate::keys::Keys;
use crate::settings;

/// The schema of a service.
pub type Migrations = fn() -> Migrator;

/// Every service of this process, with its schema. One that is to be served is added here and in
/// [`start`].
pub const ALL: [(&str, Migrations); 2] = [
    (credit::SERVICE, credit::migrations),
    (invoicing::SERVICE, invoicing::migrations),
];

/// Their names.
#[must_use]
pub fn names() -> [&'static str; ALL.len()] {
    ALL.map(|(name, _)| name)
}

/// What the services are started with.
pub struct World<'a> {
    /// Where their data is; databases and schemas are there.
    pub stores: &'a Stores,
    /// Their keys.
    pub keys: &'a Keys,
    /// Where all of them will answer.
    pub address: SocketAddr,
    /// Business time.
    pub clock: Clock,
    /// Figures of operation.
    pub telemetry: &'a Telemetry,
    /// What goes on between calls.
    pub tasks: &'a Tasks,
    /// The end.
    pub shutdown: &'a Shutdown,
}

/// The services, started.
#[derive(Debug)]
pub struct Started {
    /// What the server serves.
    pub services: Services,
    /// What the installation itself asks of each.
    pub parts: Vec<Part>,
}

/// One started service, as the installation sees it: readiness asks its database, the sandbox
/// also what it has to do.
#[derive(Debug, Clone)]
pub struct Part {
    /// Its name.
    pub service: &'static str,
    /// Its database.
    pub db: Database,
    /// Its feed.
    pub feed: Feed,
    /// Its timers; none for a service without jobs.
    pub timers: Option<(Wakeups, Running)>,
}

/// Starts every service.
///
/// # Errors
/// A setting that is wrong, or a database that is out of reach, unfit or behind.
pub async fn start(world: &World<'_>) -> anyhow::Result<Started> {
    let World {
        clock,
        telemetry,
        tasks,
        shutdown,
        ..
    } = world;
    let runner = |service| Runner::new(service, Tasks::clone(tasks));

    let config = world
        .settings(credit::SERVICE, credit::config::layers(None)?)?
        .build()?;
    let credit =
        credit::app::App::start(&config, clock.clone(), telemetry, tasks, shutdown).await?;
    let of_credit = runner(credit::SERVICE);

    let config = world
        .settings(invoicing::SERVICE, invoicing::config::layers(None)?)?
        .build()?;
    let invoicing =
        invoicing::app::App::start(&config, clock.clone(), telemetry, tasks, shutdown).await?;
    let of_invoicing = runner(invoicing::SERVICE);

    let services = credit::rpc::own(Services::new(), &credit, &of_credit);
    let services = invoicing::rpc::own(services, &invoicing, &of_invoicing);
    let feeds =
        credit::rpc::feed(&credit, &of_credit).and(invoicing::rpc::feed(&invoicing, &of_invoicing));
    // Credit consumes no feed: it parks nothing.
    let parked = invoicing::rpc::parked(&invoicing, &of_invoicing);
    Ok(Started {
        services: services
            .with(
                EventFeedServiceServer::new(feeds)
                    .max_decoding_message_size(MAX_MESSAGE_BYTES)
                    .max_encoding_message_size(MAX_MESSAGE_BYTES),
            )
            .with(
                ParkedEventServiceServer::new(parked)
                    .max_decoding_message_size(MAX_MESSAGE_BYTES)
                    .max_encoding_message_size(MAX_MESSAGE_BYTES),
            ),
        parts: vec![
            Part {
                service: credit::SERVICE,
                db: credit.db.clone(),
                feed: credit.feed.clone(),
                timers: None,
            },
            Part {
                service: invoicing::SERVICE,
                db: invoicing.db.clone(),
                feed: invoicing.feed.clone(),
                timers: None,
            },
        ],
    })
}

impl World<'_> {
    fn settings(&self, service: &str, layers: Layers) -> anyhow::Result<Layers> {
        let (here, services) = (self.address, names());
        settings::of_service(layers, service, (self.stores, self.keys), (here, &services))
    }
}
