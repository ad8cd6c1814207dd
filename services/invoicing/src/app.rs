//! What the handlers work with: plain fields, built in one visible function.

use std::sync::Arc;

use anyhow::Context as _;
use calendar::Clock;
use events::{Consumer, ConsumerSettings, Feed, Hints};
use postgres::{Database, migrations};
use runtime::{Peer, Peers, Shutdown, Tasks, Telemetry};
use tokio::sync::Notify;
use uuid::Uuid;

use crate::config::Config;
use crate::domain::Stamp;
use crate::events::inbound;
use crate::metrics::Metrics;
use crate::{SERVICE, migrations as own_migrations};

/// The service, without its server.
#[derive(Debug)]
pub struct App {
    /// Its database.
    pub db: Database,
    /// Business time.
    pub clock: Clock,
    /// Its own event feed.
    pub feed: Feed,
    /// What it counts.
    pub metrics: Metrics,
    /// Wakes the calls that wait for something to come through credit's feed.
    pub heard: Notify,
}

impl App {
    /// Connects the database, checks its schema, and starts the work that goes on
    /// between calls: the feed's head and the consumption of credit's feed. The tasks
    /// end with `shutdown`.
    ///
    /// # Errors
    /// A setting that is wrong, or a database that is unfit or behind.
    pub async fn start(
        config: &Config,
        clock: Clock,
        telemetry: &Telemetry,
        tasks: &Tasks,
        shutdown: &Shutdown,
    ) -> anyhow::Result<Arc<Self>> {
        let (database, end) = (&config.database, shutdown.requested());
        let db = migrations::connect(database, SERVICE, &own_migrations(), end)
            .await
            .context("the database")?;
        let redis = &config.redis;
        let hints = redis.with(|url, prefix| Hints::try_new(url, prefix, SERVICE))?;
        let (feed, keeping_head) = Feed::new(SERVICE, db.clone(), hints, shutdown.token());
        tasks.spawn("feed head", keeping_head);
        let metrics = Metrics::new(&telemetry.meter(SERVICE));
        let app = Arc::new(Self {
            db,
            clock,
            feed,
            metrics,
            heard: Notify::new(),
        });

        let (named, auth, tls) = (&config.peers, &config.auth, &config.tls);
        let peers = Peers::try_new(SERVICE, named, auth, tls, telemetry)?;
        let credit = peers.named("credit")?;
        app.consume(&credit, tasks, shutdown);
        Ok(app)
    }

    /// Does `work` with a stamp of now and a source of fresh identities.
    pub fn stamped<T>(&self, work: impl FnOnce(&mut Stamp) -> T) -> T {
        let mut new_id = Uuid::now_v7;
        work(&mut Stamp::new(self.clock.now(), &mut new_id))
    }

    fn consume(self: &Arc<Self>, producer: &Peer, tasks: &Tasks, shutdown: &Shutdown) {
        let Some(apply) = inbound::handler(producer.name()) else {
            return;
        };
        let consumer = Consumer {
            source: producer.name(),
            db: self.db.clone(),
            app: Arc::clone(self),
            apply,
            applied: |app| {
                app.heard.notify_waiters();
            },
            clock: self.clock.clone(),
            settings: ConsumerSettings::default(),
        };
        consumer.start(producer, tasks, shutdown);
    }
}
