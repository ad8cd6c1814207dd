//! The services of this process: the one list of them, and their start behind one server.
//!
//! Each is started as in a process of its own. What every service has under the same name, its
//! feed and what it parked, is served once for all, and goes by the service named in the call.

use std::net::SocketAddr;
use std::sync::Arc;

use anyhow::Context as _;
use calendar::Clock;
use events::Feed;
use postgres::{Database, OwnConnection};
use runtime::config::Layers;
use runtime::{Runner, Services, Shutdown, Tasks, Telemetry};
use sqlx::migrate::Migrator;
use stores::Stores;
use timers::{Running, Wakeups};
use tokio::sync::Mutex;

use crate::installation::Detour;
use crate::keys::Keys;
use crate::settings;

/// The schema of a service.
pub type Migrations = fn() -> Migrator;

/// Every service of this process, with its schema. One that is to be served is added here and in
/// [`start`].
pub const ALL: [(&str, Migrations); 5] = [
    (credit::SERVICE, credit::migrations),
    (invoicing::SERVICE, invoicing::migrations),
    (payments::SERVICE, payments::migrations),
    (reminders::SERVICE, reminders::migrations),
    (agency::SERVICE, agency::migrations),
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
    /// Whether that is a sandbox's.
    pub sandbox: bool,
    /// The mail server that reminders writes to.
    pub smtp: Option<SocketAddr>,
    /// Edges that do not lead to `address`.
    pub detours: &'a [Detour],
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
    /// What the sandbox looks at it through.
    pub connection: Arc<Mutex<OwnConnection>>,
    /// Its feed.
    pub feed: Feed,
    /// Its timers; none for a service without jobs.
    pub timers: Option<(Wakeups, Running)>,
}

/// Starts one service as in a process of its own: its settings, its app, its runner.
macro_rules! started {
    ($service:ident, $world:expr, $jobs:expr) => {{
        let layers = $service::config::layers(None)?;
        let config = $world.settings($service::SERVICE, layers, $jobs)?.build()?;
        let World {
            clock,
            telemetry,
            tasks,
            shutdown,
            ..
        } = $world;
        let app = $service::app::App::start(&config, clock.clone(), telemetry, tasks, shutdown);
        let app = app.await.context($service::SERVICE)?;
        (app, Runner::new($service::SERVICE, Tasks::clone(tasks)))
    }};
}

/// A started service as a part.
macro_rules! part {
    ($service:ident, $timers:expr) => {
        Part {
            service: $service::SERVICE,
            db: $service.db.clone(),
            connection: Arc::new(Mutex::new($service.db.own_connection())),
            feed: $service.feed.clone(),
            timers: $timers,
        }
    };
}

/// Starts every service.
///
/// # Errors
/// A setting that is wrong, or a database that is out of reach, unfit or behind.
pub async fn start(world: &World<'_>) -> anyhow::Result<Started> {
    let (credit, of_credit) = started!(credit, world, Jobs::ByTimer);
    let (invoicing, of_invoicing) = started!(invoicing, world, Jobs::None);
    let (payments, of_payments) = started!(payments, world, Jobs::ByTimer);
    let (reminders, of_reminders) = started!(reminders, world, Jobs::ByTimer);
    let (agency, of_agency) = started!(agency, world, Jobs::ByTimer);

    let services = credit::rpc::own(Services::new(), &credit, &of_credit);
    let services = invoicing::rpc::own(services, &invoicing, &of_invoicing);
    let services = payments::rpc::own(services, &payments, &of_payments);
    let services = reminders::rpc::own(services, &reminders, &of_reminders);
    let services = agency::rpc::own(services, &agency, &of_agency);
    let feeds = credit::rpc::feed(&credit, &of_credit)
        .and(invoicing::rpc::feed(&invoicing, &of_invoicing))
        .and(payments::rpc::feed(&payments, &of_payments))
        .and(reminders::rpc::feed(&reminders, &of_reminders))
        .and(agency::rpc::feed(&agency, &of_agency));
    let parked = credit::rpc::parked(&credit, &of_credit)
        .and(invoicing::rpc::parked(&invoicing, &of_invoicing))
        .and(payments::rpc::parked(&payments, &of_payments))
        .and(reminders::rpc::parked(&reminders, &of_reminders))
        .and(agency::rpc::parked(&agency, &of_agency));
    Ok(Started {
        services: events::served(services, feeds, parked),
        parts: vec![
            part!(
                credit,
                Some((credit.wakeups.clone(), credit.running.clone()))
            ),
            part!(invoicing, None),
            part!(
                payments,
                Some((payments.wakeups.clone(), payments.running.clone()))
            ),
            part!(
                reminders,
                Some((reminders.wakeups.clone(), reminders.running.clone()))
            ),
            part!(
                agency,
                Some((agency.wakeups.clone(), agency.running.clone()))
            ),
        ],
    })
}

/// Whether a service has jobs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Jobs {
    None,
    ByTimer,
}

impl World<'_> {
    fn settings(&self, service: &str, layers: Layers, jobs: Jobs) -> anyhow::Result<Layers> {
        let peers = names().into_iter().filter(|peer| *peer != service);
        let peers: Vec<_> = peers.map(|peer| (peer, self.way(service, peer))).collect();
        let layers = settings::of_service(layers, service, (self.stores, self.keys), &peers)?;
        let layers = match (self.sandbox, jobs) {
            (true, Jobs::ByTimer) => settings::of_sandbox(layers)?,
            (true, Jobs::None) | (false, _) => layers,
        };
        match self.smtp {
            Some(address) if service == reminders::SERVICE => settings::of_mail(layers, address),
            _ => Ok(layers),
        }
    }

    /// Where a service finds a peer.
    fn way(&self, service: &str, peer: &str) -> SocketAddr {
        let mut detours = self.detours.iter();
        let detour = detours.find(|one| (one.from, one.to) == (service, peer));
        detour.map_or(self.address, |one| one.through)
    }
}
