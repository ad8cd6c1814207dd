//! A producer and a consumer with one table of effects, to try the feed on.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use calendar::Clock;
use contracts::common::Event;
use contracts::events::{ParkedEvent, ReadEventsResponse};
use events::{
    Apply, ApplyError, Consumer, ConsumerSettings, Feed, Filter, MIGRATIONS, NewEvent, append_in_tx,
};
use futures_util::future::BoxFuture;
use jiff::Timestamp;
use postgres::{Database, DbError, PostgresConfig, TenantId, Tx, migrations};
use sqlx::migrate::{Migration, MigrationType, Migrator};
use testkit::TestDatabase;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

pub const OURS: TenantId = TenantId::new(Uuid::from_u128(1));
pub const THEIRS: TenantId = TenantId::new(Uuid::from_u128(2));

/// The name of the producer.
pub const SOURCE: &str = "invoicing";

/// One row an effect, without a unique key: an event that acts twice shows.
const EFFECT: &str = "
    CREATE TABLE effect (
        tenant_id uuid NOT NULL, effect_number bigserial NOT NULL, position bigint NOT NULL,
        subject text NOT NULL, subject_version bigint NOT NULL
    );
    SELECT recoup_protect('effect', 'SELECT, INSERT');
    GRANT USAGE ON SEQUENCE effect_effect_number_seq TO recoup_app, recoup_background;";

pub fn migrator() -> Migrator {
    let kind = MigrationType::Simple;
    let sql = sqlx::SqlStr::from_static(EFFECT);
    let own =
        Migrator::with_migrations(vec![Migration::new(100, "effect".into(), kind, sql, false)]);
    migrations::merged(&[&migrations::MECHANISMS, &MIGRATIONS, &own])
}

pub async fn connect(test: &TestDatabase) -> Database {
    let config = PostgresConfig::with_urls(test.app_url(), test.background_url());
    Database::connect(&config, "feeds").await.unwrap()
}

pub async fn database() -> (TestDatabase, Database) {
    let test = TestDatabase::new("feeds", &migrator()).await;
    let db = connect(&test).await;
    (test, db)
}

/// A feed over `db` that lives as long as the test.
pub fn feed(db: &Database) -> Feed {
    feed_of(SOURCE, db)
}

/// The same as the feed of another service.
pub fn feed_of(source: &'static str, db: &Database) -> Feed {
    let (feed, work) = Feed::new(source, db.clone(), None, CancellationToken::new());
    #[expect(clippy::disallowed_methods, reason = "ends with the test's runtime")]
    tokio::spawn(work);
    feed
}

pub fn event(subject: &str, version: i64) -> NewEvent {
    let now: Timestamp = "2026-03-01T09:00:00Z".parse().unwrap();
    // Any message will do as data.
    let data = ParkedEvent {
        reason: format!("{subject}@{version}"),
        ..ParkedEvent::default()
    };
    NewEvent::new(subject, version, now, &data)
}

/// Commits one event.
pub async fn tell(db: &Database, tenant: TenantId, subject: &str, version: i64) {
    let mut tx = db.begin(tenant).await.unwrap();
    append_in_tx(&mut tx, tenant, "", &[event(subject, version)])
        .await
        .unwrap();
    tx.commit().await.unwrap();
}

/// Everything the feed tells after `after`, as of now.
pub async fn read_all(feed: &Feed, after: i64) -> ReadEventsResponse {
    let head = feed.settled_head().await.unwrap();
    let batch = feed
        .read(after, head, &Filter::default(), 100_000)
        .await
        .unwrap();
    ReadEventsResponse {
        events: batch.events,
        scanned_to_position: batch.scanned_to,
    }
}

/// What goes wrong with which subject.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Fault {
    Poison,
    Panic,
    /// Passes after so many tries.
    Passing(u32),
}

/// The consuming service.
#[derive(Debug, Default)]
pub struct App {
    pub faults: Mutex<HashMap<String, Fault>>,
    /// How many events came at once, where the handler takes several.
    pub runs: Mutex<Vec<usize>>,
}

impl App {
    pub fn set(&self, subject: &str, fault: Fault) {
        self.faults
            .lock()
            .unwrap()
            .insert(subject.to_owned(), fault);
    }

    pub fn mend(&self, subject: &str) {
        self.faults.lock().unwrap().remove(subject);
    }

    fn fail(&self, subject: &str) -> Result<(), ApplyError> {
        let fault = {
            let mut faults = self.faults.lock().unwrap();
            let fault = faults.get(subject).copied();
            if let Some(Fault::Passing(left)) = fault {
                if left == 0 {
                    return Ok(());
                }
                faults.insert(subject.to_owned(), Fault::Passing(left - 1));
            }
            fault
        };
        match fault {
            None => Ok(()),
            Some(Fault::Poison) => Err(ApplyError::Poison(format!("{subject} is bad"))),
            Some(Fault::Panic) => panic!("the handler of {subject} panics, as the test wants"),
            Some(Fault::Passing(_)) => Err(ApplyError::Retry(DbError::PoolTimeout)),
        }
    }
}

/// The handler: writes the effect first, so that what a failure leaves behind shows.
pub fn apply<'a>(
    app: &'a App,
    tx: &'a mut Tx,
    event: &'a Event,
) -> BoxFuture<'a, Result<(), ApplyError>> {
    Box::pin(async move {
        sqlx::query(
            "INSERT INTO effect (tenant_id, position, subject, subject_version)
             VALUES (current_setting('recoup.tenant_id')::uuid, $1, $2, $3)",
        )
        .bind(event.position)
        .bind(&event.subject)
        .bind(event.subject_version)
        .execute(&mut **tx)
        .await?;
        app.fail(&event.subject)
    })
}

pub fn consumer(db: &Database, app: &Arc<App>) -> Consumer<App> {
    Consumer {
        source: SOURCE,
        db: db.clone(),
        app: Arc::clone(app),
        apply: Apply::Each(apply),
        applied: |_| (),
        clock: Clock::system(),
        settings: ConsumerSettings {
            tries: 3,
            retry_pause: Duration::from_millis(1),
            ..ConsumerSettings::default()
        },
    }
}

/// The effects of a tenant as (subject, version), in the order in which they acted.
pub async fn effects(db: &Database, tenant: TenantId) -> Vec<(String, i64)> {
    let mut tx = db.begin_read(tenant).await.unwrap();
    let rows = sqlx::query_as(
        "SELECT subject, subject_version FROM effect WHERE tenant_id = $1 ORDER BY effect_number",
    )
    .bind(tenant.uuid())
    .fetch_all(&mut *tx)
    .await
    .unwrap();
    tx.commit().await.unwrap();
    rows
}
