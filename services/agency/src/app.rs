//! What the handlers and the jobs work with: plain fields, built in one visible function.

use std::sync::Arc;

use anyhow::Context as _;
use calendar::{Clock, Timestamp};
use contracts::events::event_feed_service_client::EventFeedServiceClient;
use events::{Consumer, ConsumerSettings, Feed, Hints};
use postgres::{Database, migrations};
use runtime::{Errand, Peer, Shutdown, Signer, Tasks, Telemetry};
use secrecy::ExposeSecret as _;
use timers::{DueSet, Running, Wakeups, Workers};
use uuid::Uuid;

use crate::clients::Clients;
use crate::config::Config;
use crate::domain::decision::Stamp;
use crate::domain::identity::DecisionId;
use crate::events::inbound;
use crate::jobs;
use crate::jobs::hints::PendingHints;
use crate::metrics::Metrics;
use crate::{SERVICE, migrations as own_migrations};

/// The service, without its server.
#[derive(Debug)]
pub struct App {
    /// Its database.
    pub db: Database,
    /// Business time.
    pub clock: Clock,
    /// Real time, which bounds leases of messages and looks at invoicing. Never business time.
    pub real_clock: Clock,
    /// Its own event feed.
    pub feed: Feed,
    /// Where timers are announced after the commit.
    pub wakeups: Wakeups,
    /// Timers that the handlers of feeds have scheduled, until their batch has committed.
    pub pending: PendingHints,
    /// Whether jobs are at work.
    pub running: Running,
    /// Whom it asks.
    pub clients: Clients,
    /// What it counts.
    pub metrics: Metrics,
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
        let app = Arc::new(Self {
            db,
            clock,
            real_clock: Clock::system(),
            feed,
            wakeups: workers.wakeups(),
            pending: PendingHints::default(),
            running: workers.running(),
            clients: Clients {
                reminders: peer(config, "reminders", telemetry)?,
                invoicing: peer(config, "invoicing", telemetry)?,
                payments: peer(config, "payments", telemetry)?,
            },
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

    /// After each commit of a feed's batch: whoever waits for events or timers wakes.
    pub fn announce(&self) {
        self.feed.announce();
        self.wakeups.announce(self.pending.take());
    }

    /// Identity and instant of a decision to be taken now.
    #[must_use]
    pub fn stamp(&self, decided_time: Timestamp) -> Stamp {
        Stamp {
            decision_id: DecisionId::new(Uuid::now_v7()),
            decided_time,
        }
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
