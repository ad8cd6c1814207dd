//! What the handlers and the jobs work with: plain fields, built in one visible function.

use std::sync::Arc;

use anyhow::Context as _;
use calendar::{Clock, Timestamp};
use events::{Consumer, ConsumerSettings, Feed, Hints};
use postgres::{Database, migrations};
use runtime::{Peer, Peers, Shutdown, Tasks, Telemetry};
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
        let due_set = redis.with(|url, prefix| DueSet::try_new(url, prefix, SERVICE))?;
        let (timing, meter) = (config.timers, telemetry.meter("timers"));
        let workers = Workers::new(db.clone(), clock.clone(), due_set, timing, &meter);
        let (named, auth, tls) = (&config.peers, &config.auth, &config.tls);
        let peers = Peers::try_new(SERVICE, named, auth, tls, telemetry)?;
        let app = Arc::new(Self {
            db,
            clock,
            real_clock: Clock::system(),
            feed,
            wakeups: workers.wakeups(),
            pending: PendingHints::default(),
            running: workers.running(),
            clients: Clients {
                reminders: peers.named("reminders")?,
                invoicing: peers.named("invoicing")?,
                payments: peers.named("payments")?,
            },
            metrics: Metrics::new(&telemetry.meter(SERVICE)),
        });
        let workers = jobs::registered(workers, &app);
        tasks.spawn("timers", workers.run(shutdown.token()));
        for source in inbound::SOURCES {
            let peer = peers.named(source)?;
            app.consume(source, &peer, tasks, shutdown);
        }
        Ok(app)
    }

    /// After each commit of a feed's batch: the timers that it scheduled are told.
    pub fn announce(&self) {
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
        consumer.start(peer, tasks, shutdown);
    }
}
