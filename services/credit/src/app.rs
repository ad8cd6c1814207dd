//! What the handlers work with: plain fields, built in one visible function.

use std::sync::Arc;

use anyhow::Context as _;
use calendar::Clock;
use contracts::events::event_feed_service_client::EventFeedServiceClient;
use events::{Apply, Consumer, ConsumerSettings, Feed, Hints};
use postgres::{Database, migrations};
use runtime::{Errand, Peer, Shutdown, Signer, Tasks, Telemetry};
use secrecy::ExposeSecret as _;
use timers::{DueSet, Running, Wakeups, Workers};
use uuid::Uuid;

use crate::config::Config;
use crate::domain::Stamp;
use crate::events::inbound;
use crate::jobs;
use crate::metrics::Metrics;
use crate::{SERVICE, migrations as own_migrations};

/// The service, without its server.
pub struct App {
    /// Its database.
    pub db: Database,
    /// Business time.
    pub clock: Clock,
    /// Its own event feed.
    pub feed: Feed,
    /// Whose feed tells what is owed.
    pub invoicing: Peer,
    /// Whose feed tells what came in.
    pub payments: Peer,
    /// Where timers are announced once they are committed.
    pub wakeups: Wakeups,
    /// The jobs at work in this process.
    pub running: Running,
    /// What it counts.
    pub metrics: Metrics,
}

impl App {
    /// Connects the database, checks its schema, and starts the work that goes on
    /// between calls: the feed's head, the consumption of the feeds of
    /// invoicing and payments, and the timers. All of it ends with `shutdown`.
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
        let meter = telemetry.meter(SERVICE);
        let (due_set, timing) = (due_set(config)?, config.timers);
        let workers = Workers::new(db.clone(), clock.clone(), due_set, timing, &meter);
        let [invoicing, payments] =
            ["invoicing", "payments"].map(|name| peer(name, config, telemetry));
        let (invoicing, payments) = (invoicing?, payments?);
        let app = Arc::new(Self {
            db,
            clock,
            feed,
            invoicing: invoicing.clone(),
            payments: payments.clone(),
            wakeups: workers.wakeups(),
            running: workers.running(),
            metrics: Metrics::new(&meter),
        });
        let workers = jobs::handled(workers, &app);
        tasks.spawn("timers", workers.run(shutdown.token()));
        app.consume(&invoicing, inbound::invoicing::apply, tasks, shutdown);
        app.consume(&payments, inbound::payments::apply, tasks, shutdown);
        Ok(app)
    }

    /// Does `work` with a stamp of now and a source of fresh identities.
    pub fn stamped<T>(&self, work: impl FnOnce(&mut Stamp<'_>) -> T) -> T {
        let mut new_id = Uuid::now_v7;
        work(&mut Stamp::new(self.clock.now(), &mut new_id))
    }

    fn consume(
        self: &Arc<Self>,
        producer: &Peer,
        apply: Apply<Self>,
        tasks: &Tasks,
        shutdown: &Shutdown,
    ) {
        let consumer = Consumer {
            source: producer.name(),
            db: self.db.clone(),
            app: Arc::clone(self),
            apply,
            applied: |app| app.feed.announce(),
            clock: self.clock.clone(),
            settings: ConsumerSettings::default(),
        };
        let client = EventFeedServiceClient::new(producer.channel(Errand::across_tenants("")));
        tasks.spawn("feed of a peer", consumer.run(client, shutdown.token()));
    }
}

fn peer(name: &'static str, config: &Config, telemetry: &Telemetry) -> anyhow::Result<Peer> {
    let settings = config.peers.get(name);
    let settings = settings.with_context(|| format!("peers.{name} is not set"))?;
    let signer = Signer::from_config(&config.auth, SERVICE).context("auth")?;
    let meter = telemetry.meter("runtime");
    Ok(Peer::try_new(name, settings, &config.tls, signer, &meter)?)
}

fn hints(config: &Config) -> anyhow::Result<Option<Hints>> {
    with_redis(config, |url, prefix| Hints::try_new(url, prefix, SERVICE))
}

fn due_set(config: &Config) -> anyhow::Result<Option<DueSet>> {
    with_redis(config, |url, prefix| DueSet::try_new(url, prefix, SERVICE))
}

/// What is made with Redis; nothing where there is none.
fn with_redis<T, E>(
    config: &Config,
    make: impl FnOnce(&str, &str) -> Result<T, E>,
) -> anyhow::Result<Option<T>> {
    let url = config.redis.url.expose_secret();
    if url.is_empty() {
        return Ok(None);
    }
    // The URL may carry a password: the error must not show it.
    let made = make(url, &config.redis.prefix);
    made.map(Some)
        .map_err(|_| anyhow::anyhow!("redis.url is no Redis URL"))
}
