//! An installation of real processes: a private Postgres and Redis, the five services, a mail sink,
//! and a fault proxy on every way between two of them.
//!
//! ```text
//!   the test ──▶ credit   invoicing   payments   reminders   agency     one process each, or more
//!                   │ ▲        │ ▲                    │
//!                   ▼ │        ▼ │                    ▼
//!                 proxy(credit, invoicing) …        proxy(reminders, mail) ──▶ mail sink
//! ```
//!
//! The test calls the processes without a proxy: what it wants to suffer itself, it can do itself.
//! A process that is killed is started again at the same address. Must not know what is called.

use std::collections::BTreeMap;
use std::fs;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::ExitStatus;
use std::time::Duration;

use nix::sys::signal::Signal;
use postgres::TenantId;
use sqlx::PgPool;
use sqlx::postgres::PgPoolOptions;
use stores::provision::{self, Login};
use stores::{ScratchDir, Stores, StoresConfig};
use testkit::{FaultProxy, SmtpSink, eventually};
use tonic::transport::Channel;
use tonic_health::pb::HealthCheckRequest;
use tonic_health::pb::health_check_response::ServingStatus;
use tonic_health::pb::health_client::HealthClient;

use crate::callers::{Calls, Token, every_scope};
use crate::keys::Keys;
use crate::process::{self, Process};
use crate::settings::{self, Addresses, MAIL};
use crate::{EDGES, SERVICES, ports};

/// A service connects to its stores and answers within this, on a busy machine.
const READY_WITHIN: Duration = Duration::from_secs(30);

/// A schema is there within this.
const MIGRATED_WITHIN: Duration = Duration::from_secs(60);

/// A process comes to its fault point within this, whoever brings it there.
const DIES_WITHIN: Duration = Duration::from_secs(30);

/// What is started.
#[derive(Debug, Clone, Copy, Default)]
pub struct Plan {
    /// Services that run a second time, as `<service>-2`, on the same database.
    pub twice: &'static [&'static str],
    /// Whether Redis is away from before the services start.
    pub redis_away: bool,
}

/// Everything, running. Dropped in this order: the processes end before the stores do.
#[derive(Debug)]
pub struct Installation {
    replicas: BTreeMap<String, Replica>,
    edges: BTreeMap<(&'static str, &'static str), FaultProxy>,
    databases: BTreeMap<&'static str, PgPool>,
    /// The way of all services to Redis.
    pub way_to_redis: FaultProxy,
    /// Where the mails go.
    pub mails: SmtpSink,
    /// Postgres and Redis.
    pub stores: Stores,
    keys: Keys,
    scratch: ScratchDir,
}

/// A process of a service, or the place where one was.
#[derive(Debug)]
struct Replica {
    service: &'static str,
    address: SocketAddr,
    channel: Channel,
    log: PathBuf,
    process: Option<Process>,
}

impl Installation {
    /// Starts one; every service serves when this returns.
    pub async fn start(plan: Plan) -> Self {
        runtime::tls::install_crypto();
        let scratch = ScratchDir::create().expect("a folder for the stores");
        let stores = Stores::start(StoresConfig::new(scratch.path())).await;
        let stores = stores.unwrap_or_else(|error| panic!("{error}"));
        let keys = Keys::create(scratch.path().join("keys"));
        let mails = SmtpSink::start().await;
        migrate(&stores, scratch.path()).await;
        let addresses = places(plan.twice);
        let edges = edges(&addresses, mails.addr()).await;
        let mut started = Self {
            replicas: BTreeMap::new(),
            edges,
            databases: databases(&stores),
            way_to_redis: FaultProxy::before(stores.redis_url()).await,
            mails,
            stores,
            keys,
            scratch,
        };
        for (name, service, addresses) in addresses {
            started.settle_in(&name, service, addresses);
        }
        if plan.redis_away {
            let killed = started.stores.kill_redis().await;
            killed.expect("Redis that runs");
        }
        let names: Vec<String> = started.replicas.keys().cloned().collect();
        for name in &names {
            started.launch(name, None);
        }
        for name in &names {
            started.serving(name).await;
        }
        started
    }

    /// Gives a process its file of settings and its place.
    fn settle_in(&mut self, name: &str, service: &'static str, at: Addresses) {
        let way_to = |peer: &str| self.edge(service, peer).addr();
        let redis = self.way_to_redis.url(self.stores.redis_url());
        let of = (&self.stores, redis.as_str(), &self.keys);
        let text = settings::of_service(service, at, of, way_to);
        fs::write(config(self.scratch.path(), name), text).expect("a file of settings");
        let replica = Replica {
            service,
            address: at.listen,
            channel: channel(at.listen),
            log: self.scratch.path().join(format!("{name}.log")),
            process: None,
        };
        self.replicas.insert(name.to_owned(), replica);
    }

    /// Calls of a tenant to a process, with every scope.
    #[must_use]
    pub fn calls(&self, name: &str, tenant: TenantId) -> Calls {
        let token = self.keys.token(tenant, &every_scope());
        self.calls_with(name, &token)
    }

    /// Calls to a process with this token.
    #[must_use]
    pub fn calls_with(&self, name: &str, token: &str) -> Calls {
        Calls::new(self.replica(name).channel.clone(), Token::new(token))
    }

    /// Calls of a tenant to a process, over a connection of their own.
    #[must_use]
    pub fn calls_apart(&self, name: &str, tenant: TenantId) -> Calls {
        let token = self.keys.token(tenant, &every_scope());
        let channel = channel(self.replica(name).address);
        Calls::new(channel, Token::new(&token))
    }

    /// Where a process answers.
    #[must_use]
    pub fn address(&self, name: &str) -> SocketAddr {
        self.replica(name).address
    }

    /// The keys, for tokens of other kinds.
    #[must_use]
    pub const fn keys(&self) -> &Keys {
        &self.keys
    }

    /// The database of a service, as the superuser sees it: no row is hidden.
    #[must_use]
    pub fn database(&self, service: &str) -> &PgPool {
        let found = self.databases.get(service);
        found.unwrap_or_else(|| panic!("no database of {service}"))
    }

    /// The way from a service to a peer of it, or from reminders to `mail`.
    #[must_use]
    pub fn edge(&self, from: &str, to: &str) -> &FaultProxy {
        let found = self.edges.iter().find(|(edge, _)| **edge == (from, to));
        let (_, proxy) = found.unwrap_or_else(|| panic!("{from} does not call {to}"));
        proxy
    }

    /// All ways from a service to another one, and to the mail server.
    #[must_use]
    pub fn edges(&self) -> Vec<(&'static str, &'static str)> {
        self.edges.keys().copied().collect()
    }

    /// All ways to a peer, but for those of the test itself.
    pub fn edges_to(&self, to: &str) -> impl Iterator<Item = &FaultProxy> {
        let edges = self.edges.iter().filter(move |((_, peer), _)| *peer == to);
        edges.map(|(_, proxy)| proxy)
    }

    /// Kills a process (SIGKILL); returns when it is gone.
    pub async fn kill(&mut self, name: &str) {
        let mut process = self.taken(name);
        process.kill().await;
    }

    /// Sends a process a signal that it outlives.
    pub fn signal(&self, name: &str, signal: Signal) {
        let process = self.replica(name).process.as_ref();
        process
            .unwrap_or_else(|| panic!("{name} does not run"))
            .signal(signal);
    }

    /// Starts a process that is gone; it serves when this returns.
    pub async fn start_again(&mut self, name: &str) {
        self.launch(name, None);
        self.serving(name).await;
    }

    /// Starts processes that are gone, all at once; they serve when this returns.
    pub async fn start_all_again(&mut self, names: &[&str]) {
        for name in names {
            self.launch(name, None);
        }
        for name in names {
            self.serving(name).await;
        }
    }

    /// Starts a process anew with a fault point armed; it serves when this returns.
    pub async fn arm(&mut self, name: &str, point: &str) {
        self.kill(name).await;
        self.launch(name, Some(point));
        self.serving(name).await;
    }

    /// Starts a process that is gone with a fault point armed, and does not wait until it serves: it
    /// may come to the point before that.
    pub fn start_armed(&mut self, name: &str, point: &str) {
        self.launch(name, Some(point));
    }

    /// Starts a process that is gone, and does not wait until it serves.
    pub fn start_unarmed(&mut self, name: &str) {
        self.launch(name, None);
    }

    /// How a process ended, if it has; it can be started again then.
    pub fn has_ended(&mut self, name: &str) -> Option<ExitStatus> {
        let replica = self.replicas.get_mut(name)?;
        let status = replica.process.as_mut()?.has_ended()?;
        replica.process = None;
        Some(status)
    }

    /// The end of what a process said, and of what the one before it in its place did.
    #[must_use]
    pub fn said(&self, name: &str) -> String {
        process::said(&self.replica(name).log)
    }

    /// The names of all processes.
    #[must_use]
    pub fn names(&self) -> Vec<String> {
        self.replicas.keys().cloned().collect()
    }

    /// Waits until a process has died at the point that is armed in it.
    pub async fn dies(&mut self, name: &str) {
        let mut process = self.taken(name);
        process.dies_at_its_point(DIES_WITHIN).await;
    }

    fn launch(&mut self, name: &str, point: Option<&str>) {
        let config = config(self.scratch.path(), name);
        let replica = self.replicas.get_mut(name);
        let replica = replica.unwrap_or_else(|| panic!("no process {name}"));
        assert!(replica.process.is_none(), "{name} runs already");
        let config = config.to_string_lossy();
        let arguments = ["--config", config.as_ref(), "serve"];
        let process = Process::start(replica.service, &arguments, &replica.log, point);
        replica.process = Some(process);
    }

    /// Waits until a process says that it serves.
    pub async fn serving(&mut self, name: &str) {
        let replica = self.replicas.get_mut(name).expect("a process of this name");
        let mut health = HealthClient::new(replica.channel.clone());
        let process = replica
            .process
            .as_mut()
            .expect("a process that was started");
        eventually(READY_WITHIN, "a service serves", async || {
            if let Some(status) = process.has_ended() {
                panic!("{name} ended by {status}; it said:\n{}", process.said());
            }
            let answer = health.check(HealthCheckRequest::default()).await;
            answer.is_ok_and(|answer| answer.get_ref().status() == ServingStatus::Serving)
        })
        .await;
    }

    fn taken(&mut self, name: &str) -> Process {
        let replica = self.replicas.get_mut(name);
        let replica = replica.unwrap_or_else(|| panic!("no process {name}"));
        let process = replica.process.take();
        process.unwrap_or_else(|| panic!("{name} does not run"))
    }

    fn replica(&self, name: &str) -> &Replica {
        let found = self.replicas.get(name);
        found.unwrap_or_else(|| panic!("no process {name}"))
    }
}

fn channel(address: SocketAddr) -> Channel {
    let endpoint = Channel::from_shared(format!("http://{address}"));
    endpoint.expect("an address").connect_lazy()
}

/// The names of all processes, with their services and addresses.
fn places(twice: &[&'static str]) -> Vec<(String, &'static str, Addresses)> {
    let once = SERVICES
        .into_iter()
        .map(|service| (service.to_owned(), service));
    let again = twice
        .iter()
        .map(|service| (format!("{service}-2"), *service));
    let placed = |(name, service)| {
        let addresses = Addresses {
            listen: ports::free(),
            admin_listen: ports::free(),
        };
        (name, service, addresses)
    };
    once.chain(again).map(placed).collect()
}

/// A proxy for each way; to a peer that runs twice it leads to the first.
async fn edges(
    places: &[(String, &'static str, Addresses)],
    mail: SocketAddr,
) -> BTreeMap<(&'static str, &'static str), FaultProxy> {
    let mut edges = BTreeMap::new();
    for edge in EDGES {
        let peer = places.iter().find(|(name, ..)| name == edge.1);
        let upstream = match peer {
            Some((_, _, addresses)) => addresses.listen,
            None if edge.1 == MAIL => mail,
            None => panic!("no process {}", edge.1),
        };
        edges.insert(edge, FaultProxy::start(upstream).await);
    }
    edges
}

/// Makes the databases, and lets each service's own program bring the schema.
async fn migrate(stores: &Stores, folder: &Path) {
    let mut migrating = Vec::new();
    for service in SERVICES {
        let provided = provision::service(stores.superuser_url(), service).await;
        provided.unwrap_or_else(|error| panic!("{service}: {error}"));
        let owner = stores.service_url(service, Login::Owner).expect("a URL");
        let log = folder.join(format!("{service}-migrate.log"));
        let arguments = ["migrate", "--owner-url", &owner];
        migrating.push(Process::start(service, &arguments, &log, None));
    }
    for mut process in migrating {
        let status = process.ended(MIGRATED_WITHIN).await;
        assert!(status.success(), "migrate: {status}:\n{}", process.said());
    }
}

fn databases(stores: &Stores) -> BTreeMap<&'static str, PgPool> {
    let pool = |service| {
        let url = stores
            .postgres_url(service, stores::SUPERUSER)
            .expect("a URL");
        let pool = PgPoolOptions::new().max_connections(2).connect_lazy(&url);
        (service, pool.expect("a URL of Postgres"))
    };
    SERVICES.map(pool).into()
}

fn config(folder: &Path, name: &str) -> PathBuf {
    folder.join(format!("{name}.toml"))
}
