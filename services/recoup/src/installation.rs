//! An installation in this process, from the start of its stores to the end of the drain.
//!
//! 1. Postgres and Redis, which hold the data directory for us alone.
//! 2. Keys; for each service its roles, its database, its schema.
//! 3. The mail server, where none is set.
//! 4. The listeners, so that the address is known that every service finds its peers at.
//! 5. The services, and the one server over all of them.
//!
//! The end goes the other way round: the server drains, then the stores stop.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::Context as _;
use calendar::Clock;
use contracts::sandbox::clock_service_server::ClockServiceServer;
use futures_util::FutureExt as _;
use futures_util::future::{BoxFuture, join_all};
use jiff::Timestamp;
use postgres::Database;
use runtime::{Authenticator, Health, Panicked, Runner, Server, Shutdown, Tasks, Telemetry, admin};
use stores::provision::{self, Login};
use stores::{Stores, StoresConfig};
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

use crate::keys::Keys;
use crate::mail::Mail;
use crate::sandbox::Unstarted;
use crate::sandbox::rpc::Rpc as ClockRpc;
use crate::services::{self, Part, Started, World};
use crate::settings::{self, Config, Listen};

/// Whose time the services go by.
#[derive(Debug, Clone, Copy, Default)]
pub enum Time {
    /// The clock of the wall.
    #[default]
    OfTheSystem,
    /// A clock that `ClockService` moves. On data that had one it goes on from there.
    Sandbox {
        /// Where it stands at first.
        start: Timestamp,
    },
}

impl Time {
    /// The clock, and what is to become of it in a sandbox.
    fn clock(self, data_dir: &Path) -> anyhow::Result<(Clock, Option<Unstarted>)> {
        match self {
            Self::OfTheSystem => Ok((Clock::system(), None)),
            Self::Sandbox { start } => {
                let (clock, unstarted) = Unstarted::open(data_dir, start)?;
                Ok((clock, Some(unstarted)))
            }
        }
    }
}

/// What an installation is started in.
#[derive(Debug, Clone, Default)]
pub struct Surroundings {
    /// Where it listens.
    pub listen: Listen,
    /// Whose time it goes by.
    pub time: Time,
    /// The mail server that reminders writes to; none: as its own settings say, and where they say
    /// none either, mails become files.
    pub smtp: Option<SocketAddr>,
    /// The folder of those files; none: `mail` in the data directory.
    pub mail_dir: Option<PathBuf>,
    /// Edges between services that do not lead straight to our own address.
    pub detours: Vec<Detour>,
}

/// An edge between two services that leads through somewhere else, such as a proxy that cuts it.
#[derive(Debug, Clone, Copy)]
pub struct Detour {
    /// The service that asks.
    pub from: &'static str,
    /// The one that is asked.
    pub to: &'static str,
    /// Where it is asked.
    pub through: SocketAddr,
}

impl Surroundings {
    async fn mail(&self, data_dir: &Path, clock: &Clock) -> anyhow::Result<Mail> {
        let folder = self.mail_dir.clone();
        let folder = folder.unwrap_or_else(|| data_dir.join("mail"));
        Mail::start(self.smtp, folder, clock).await
    }
}

/// An installation that answers.
#[derive(Debug)]
pub struct Installation {
    address: SocketAddr,
    admin_address: SocketAddr,
    keys: Keys,
    shutdown: Shutdown,
    serving: JoinHandle<Result<anyhow::Result<()>, Panicked>>,
    mail: Mail,
    stores: Stores,
}

impl Installation {
    /// Starts one in `data_dir`, on what an earlier one left there. It ends once `shutdown` is
    /// asked for; [`Installation::ended`] waits for that. Two Postgres or Redis processes run as
    /// children: to be called from a thread that lives as long as the process does.
    ///
    /// # Errors
    /// What keeps stores, services or server from starting, by name.
    pub async fn start(
        data_dir: &Path,
        surroundings: Surroundings,
        (telemetry, shutdown): (&Telemetry, Shutdown),
    ) -> anyhow::Result<Self> {
        let stores = Stores::start(StoresConfig::new(data_dir)).await?;
        let keys = Keys::create(stores.data_dir(), &services::names())?;
        migrate(&stores).await?;
        let layers = settings::of_server(surroundings.listen)?;
        let config: Config = settings::with_issuers(layers, &keys, &services::names())?.build()?;
        let (listener, address) = bind(config.server.listen).await?;
        let (admin_listener, admin_address) = bind(config.server.admin_listen).await?;

        let (clock, sandbox) = surroundings.time.clock(stores.data_dir())?;
        let mail = surroundings.mail(stores.data_dir(), &clock).await?;

        // What the drain waits for, and what outlives it.
        let (tasks, background) = (Tasks::new(), Tasks::new());
        let world = World {
            stores: &stores,
            keys: &keys,
            address,
            clock,
            sandbox: sandbox.is_some(),
            smtp: mail.server(),
            detours: &surroundings.detours,
            telemetry,
            tasks: &tasks,
            shutdown: &shutdown,
        };
        let Started { services, parts } = services::start(&world).await?;
        let services = match sandbox {
            Some(unstarted) => {
                let sandbox = unstarted.over(parts.clone(), &tasks, &shutdown);
                let clock_service = ClockRpc::new(sandbox, Runner::new("sandbox", tasks.clone()));
                services.with(ClockServiceServer::new(clock_service))
            }
            None => services,
        };
        let (metrics, stop) = (telemetry.clone(), shutdown.clone());
        let admin = admin::serve(admin_listener, metrics, stop, all_ready(&parts));
        background.spawn("admin", admin);

        let authenticator = Authenticator::try_new(&config.auth, false).await?;
        let meter = telemetry.meter("runtime");
        let server = Server::new(
            "recoup",
            &config.server,
            &config.tls,
            authenticator,
            &meter,
            &tasks,
            &shutdown,
        );
        let health = Health::new().await;
        health.serving().await;
        let serving = background.spawn("server", async move {
            Ok(server.serve(listener, services, &health).await?)
        });
        Ok(Self {
            address,
            admin_address,
            keys,
            shutdown,
            serving,
            mail,
            stores,
        })
    }

    /// Where everything answers.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Where `/metrics`, `/livez` and `/readyz` are.
    #[must_use]
    pub fn admin_address(&self) -> SocketAddr {
        self.admin_address
    }

    /// Its keys.
    #[must_use]
    pub fn keys(&self) -> &Keys {
        &self.keys
    }

    /// The folder of its mails; none where they leave by a mail server.
    #[must_use]
    pub fn mail_dir(&self) -> Option<&Path> {
        self.mail.folder()
    }

    /// Its stores.
    #[must_use]
    pub fn stores(&self) -> &Stores {
        &self.stores
    }

    /// Waits until the shutdown is asked for and everything has ended.
    ///
    /// # Errors
    /// The server failed before.
    pub async fn ended(self) -> anyhow::Result<()> {
        let served = self.serving.await;
        self.stores.stop().await?;
        served??
    }

    /// Ends it.
    ///
    /// # Errors
    /// The server had failed before.
    pub async fn end(self) -> anyhow::Result<()> {
        self.shutdown.request();
        self.ended().await
    }
}

async fn migrate(stores: &Stores) -> anyhow::Result<()> {
    for (service, migrations) in services::ALL {
        provision::service(stores.superuser_url(), service).await?;
        let owner = stores.service_url(service, Login::Owner)?;
        let migrated = postgres::migrations::run(&owner, &migrations()).await;
        migrated.with_context(|| format!("the schema of {service}"))?;
    }
    Ok(())
}

async fn bind(address: SocketAddr) -> anyhow::Result<(TcpListener, SocketAddr)> {
    let listener = TcpListener::bind(address).await;
    let listener = listener.with_context(|| format!("listening on {address}"))?;
    let address = listener.local_addr()?;
    Ok((listener, address))
}

/// Whether every database answers: what readiness asks.
fn all_ready(parts: &[Part]) -> impl Fn() -> BoxFuture<'static, bool> + Send + Sync + use<> {
    let databases: Arc<[Database]> = parts.iter().map(|part| part.db.clone()).collect();
    move || {
        let databases = Arc::clone(&databases);
        async move {
            let answers = join_all(databases.iter().map(Database::is_ready)).await;
            answers.iter().all(|ready| *ready)
        }
        .boxed()
    }
}
