//! What the handlers work with: plain fields, built in one visible function.

use std::sync::Arc;

use anyhow::Context as _;
use calendar::Clock;
use contracts::events::event_feed_service_client::EventFeedServiceClient;
use events::{Consumer, ConsumerSettings, Feed, Hints};
use postgres::{Database, migrations};
use runtime::{Errand, Peer, Shutdown, Signer, Tasks, Telemetry};
use secrecy::ExposeSecret as _;
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
    /// A setting that is wrong, or a database that is out of reach, unfit or behind.
    pub async fn start(
        config: &Config,
        clock: Clock,
        telemetry: &Telemetry,
        tasks: &Tasks,
        shutdown: &Shutdown,
    ) -> anyhow::Result<Arc<Self>> {
        let db = Database::connect(&config.database, SERVICE)
            .await
            .context("the database")?;
        migrations::check(&db, &own_migrations()).await?;
        let (feed, keeping_head) = Feed::new(SERVICE, db.clone(), hints(config)?, shutdown.token());
        tasks.spawn("feed head", keeping_head);
        let metrics = Metrics::new(&telemetry.meter(SERVICE));
        let app = Arc::new(Self {
            db,
            clock,
            feed,
            metrics,
            heard: Notify::new(),
        });

        let signer = Signer::from_config(&config.auth, SERVICE).context("auth")?;
        let settings = config
            .peers
            .get("credit")
            .context("peers.credit is not set")?;
        let meter = telemetry.meter("runtime");
        let credit = Peer::try_new("credit", settings, &config.tls, signer, &meter)?;
        app.consume_credit(&credit, tasks, shutdown);
        Ok(app)
    }

    /// Does `work` with a stamp of now and a source of fresh identities.
    pub fn stamped<T>(&self, work: impl FnOnce(&mut Stamp) -> T) -> T {
        let mut new_id = Uuid::now_v7;
        work(&mut Stamp::new(self.clock.now(), &mut new_id))
    }

    fn consume_credit(self: &Arc<Self>, credit: &Peer, tasks: &Tasks, shutdown: &Shutdown) {
        let consumer = Consumer {
            source: "credit",
            db: self.db.clone(),
            app: Arc::clone(self),
            apply: inbound::credit::apply,
            applied: |app| {
                app.feed.announce();
                app.heard.notify_waiters();
            },
            clock: self.clock.clone(),
            settings: ConsumerSettings::default(),
        };
        let client = EventFeedServiceClient::new(credit.channel(Errand::across_tenants("")));
        tasks.spawn("feed of credit", consumer.run(client, shutdown.token()));
    }
}

fn hints(config: &Config) -> anyhow::Result<Option<Hints>> {
    let url = config.redis.url.expose_secret();
    if url.is_empty() {
        return Ok(None);
    }
    // The URL may carry a password: the error must not show it.
    let hints = Hints::try_new(url, &config.redis.prefix, SERVICE);
    hints
        .map(Some)
        .map_err(|_| anyhow::anyhow!("redis.url is no Redis URL"))
}
