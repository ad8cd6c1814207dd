//! What the handlers and the jobs work with: plain fields, built in one visible function.

use std::sync::Arc;

use anyhow::Context as _;
use calendar::Clock;
use contracts::events::event_feed_service_client::EventFeedServiceClient;
use events::{Consumer, ConsumerSettings, Feed, Hints};
use postgres::{Database, migrations};
use runtime::{Errand, Peer, Shutdown, Signer, Tasks, Telemetry};
use secrecy::ExposeSecret as _;
use timers::{DueSet, Running, Wakeups, Workers};

use crate::clients::Mailer;
use crate::config::{Config, SendingConfig};
use crate::domain::message::SendTiming;
use crate::events::inbound;
use crate::jobs;
use crate::jobs::hints::PendingHints;
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
    /// Where timers are announced after the commit.
    pub wakeups: Wakeups,
    /// The jobs at work in this process.
    pub running: Running,
    /// Timers that the handlers of feeds have scheduled, until their batch has committed.
    pub pending: PendingHints,
    /// Asked before anything leaves.
    pub invoicing: Peer,
    /// Where mails are handed over.
    pub mailer: Mailer,
    /// How messages are sent.
    pub sending: SendingConfig,
    /// How long a sender may take.
    pub timing: SendTiming,
    /// What it counts.
    pub metrics: Metrics,
}

impl std::fmt::Debug for App {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("App").finish_non_exhaustive()
    }
}

impl App {
    /// Connects the database, checks its schema, and starts the work that goes on between calls:
    /// the feed's head, the consumption of the others' feeds, the timers. The tasks end with
    /// `shutdown`.
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
        let workers = workers(config, &db, &clock, telemetry)?;
        let timing = config.sending.timing()?;
        let app = Arc::new(Self {
            db,
            clock,
            feed,
            wakeups: workers.wakeups(),
            running: workers.running(),
            pending: PendingHints::default(),
            invoicing: peer(config, "invoicing", telemetry)?,
            mailer: Mailer::new(&config.smtp, timing.send_timeout()),
            sending: config.sending,
            timing,
            metrics: Metrics::new(&telemetry.meter(SERVICE)),
        });
        let workers = jobs::registered(workers, &app);
        tasks.spawn("timers", workers.run(shutdown.token()));
        for source in inbound::SOURCES {
            let peer = peer(config, source, telemetry)?;
            app.consume(source, &peer, tasks, shutdown);
        }
        Ok(app)
    }

    /// After each commit of a handler: whoever waits for events or timers wakes.
    pub fn announce(&self) {
        self.feed.announce();
        self.wakeups.announce(self.pending.take());
    }

    fn consume(
        self: &Arc<Self>,
        source: &'static str,
        peer: &Peer,
        tasks: &Tasks,
        shutdown: &Shutdown,
    ) {
        let Some(apply) = inbound::handler(source) else {
            return;
        };
        let consumer = Consumer {
            source,
            db: self.db.clone(),
            app: Arc::clone(self),
            apply,
            applied: Self::announce,
            clock: self.clock.clone(),
            settings: ConsumerSettings::default(),
        };
        let client = EventFeedServiceClient::new(peer.channel(Errand::across_tenants("")));
        tasks.spawn("feed of a peer", consumer.run(client, shutdown.token()));
    }
}

fn peer(config: &Config, name: &'static str, telemetry: &Telemetry) -> anyhow::Result<Peer> {
    let signer = Signer::from_config(&config.auth, SERVICE).context("auth")?;
    let settings = config.peers.get(name);
    let settings = settings.with_context(|| format!("peers.{name} is not set"))?;
    let meter = telemetry.meter("runtime");
    Ok(Peer::try_new(name, settings, &config.tls, signer, &meter)?)
}

fn workers(
    config: &Config,
    db: &Database,
    clock: &Clock,
    telemetry: &Telemetry,
) -> anyhow::Result<Workers> {
    let url = config.redis.url.expose_secret();
    let due_set = (!url.is_empty()).then(|| DueSet::try_new(url, &config.redis.prefix, SERVICE));
    let due_set = due_set.transpose().map_err(|_| no_redis_url())?;
    let (db, clock) = (db.clone(), clock.clone());
    let meter = telemetry.meter("timers");
    Ok(Workers::new(db, clock, due_set, config.timers, &meter))
}

fn hints(config: &Config) -> anyhow::Result<Option<Hints>> {
    let url = config.redis.url.expose_secret();
    if url.is_empty() {
        return Ok(None);
    }
    let hints = Hints::try_new(url, &config.redis.prefix, SERVICE);
    hints.map(Some).map_err(|_| no_redis_url())
}

/// The URL may carry a password: the error must not show it.
fn no_redis_url() -> anyhow::Error {
    anyhow::anyhow!("redis.url is no Redis URL")
}
