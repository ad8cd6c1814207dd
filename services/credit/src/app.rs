//! What the handlers work with: plain fields, built in one visible function.

use std::sync::Arc;

use anyhow::Context as _;
use calendar::Clock;
use events::{Feed, Hints};
use postgres::{Database, migrations};
use runtime::{Shutdown, Tasks, Telemetry};
use secrecy::ExposeSecret as _;
use uuid::Uuid;

use crate::config::Config;
use crate::domain::Stamp;
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
}

impl App {
    /// Connects the database, checks its schema, and starts the work that goes on
    /// between calls: the feed's head. The task ends with `shutdown`.
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
        Ok(Arc::new(Self {
            db,
            clock,
            feed,
            metrics,
        }))
    }

    /// Does `work` with a stamp of now and a source of fresh identities.
    pub fn stamped<T>(&self, work: impl FnOnce(&mut Stamp) -> T) -> T {
        let mut new_id = Uuid::now_v7;
        work(&mut Stamp::new(self.clock.now(), &mut new_id))
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
