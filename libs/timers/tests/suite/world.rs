//! A database with timers, a clock in the test's hand, and crews of workers to start, stop
//! and kill. What the handlers did is counted in the table `effect`.

use std::collections::BTreeMap;
use std::num::{NonZeroU16, NonZeroU32};
use std::sync::{Arc, LazyLock};
use std::time::Duration;

use calendar::{Clock, ManualClock, Timestamp};
use jiff_sqlx::ToSqlx as _;
use postgres::{Database, PostgresConfig, TenantId};
use sqlx::migrate::Migrator;
use testkit::{TestCluster, TestDatabase, eventually};
use timers::quiet::{Ahead, ahead};
use timers::{Claim, DueSet, JobError, Settled, TimersConfig, Wakeups, Workers};
use tokio::sync::Semaphore;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

static MIGRATOR: LazyLock<Migrator> = LazyLock::new(|| {
    static EFFECT: Migrator = sqlx::migrate!("./tests/migrations");
    postgres::migrations::merged(&[
        &postgres::migrations::MECHANISMS,
        &timers::MIGRATIONS,
        &EFFECT,
    ])
});

/// Longer than anything here takes, shorter than anybody waits.
pub const PATIENCE: Duration = Duration::from_secs(60);

/// The kind of timer that most tests use.
pub const KIND: &str = "act";

pub fn start() -> Timestamp {
    "2026-03-01T09:00:00Z".parse().unwrap()
}

/// What a handler needs; cheap to clone.
#[derive(Clone)]
pub struct World {
    pub database: Arc<TestDatabase>,
    pub db: Database,
    pub clock: Clock,
    pub hand: ManualClock,
    pub tenant: TenantId,
    pub redis_prefix: String,
}

impl World {
    /// In the shared servers.
    pub async fn new() -> Self {
        Self::new_in(&TestCluster::shared().await).await
    }

    pub async fn new_in(cluster: &TestCluster) -> Self {
        let database = cluster.database("timers", &MIGRATOR).await;
        let mut config = PostgresConfig::with_urls(database.app_url(), database.background_url());
        config.pools.write = 16;
        let (clock, hand) = Clock::manual(start());
        Self {
            db: Database::connect(&config, "timers").await.unwrap(),
            database: Arc::new(database),
            clock,
            hand,
            tenant: TenantId::new(Uuid::now_v7()),
            redis_prefix: testkit::redis_prefix(),
        }
    }

    /// The timers' sets in the cluster's Redis.
    pub fn due_set(&self) -> DueSet {
        let url = self.database.cluster().redis_url();
        DueSet::try_new(url, &self.redis_prefix, "timers").unwrap()
    }

    /// Workers without a handler.
    pub fn workers(&self, due_set: Option<DueSet>, config: TimersConfig) -> Workers {
        let meter = opentelemetry::global::meter("test");
        Workers::new(self.db.clone(), self.clock.clone(), due_set, config, &meter)
    }

    /// A running crew whose timers of [`KIND`] leave an effect each.
    pub fn crew(&self, due_set: Option<DueSet>, config: TimersConfig) -> Crew {
        let mut workers = self.workers(due_set, config);
        let world = self.clone();
        workers.on(KIND, move |claim| world.clone().act(claim));
        Crew::start(workers)
    }

    /// The work of a timer: an effect and the end, in one transaction.
    pub async fn act(self, claim: Claim) -> Result<Settled, JobError> {
        let mut tx = self.db.begin(claim.tenant).await?;
        self.leave_effect_in_tx(&mut tx, &claim).await?;
        let settled = timers::finish_in_tx(&mut tx, &claim).await?;
        tx.commit().await?;
        Ok(settled)
    }

    pub async fn leave_effect_in_tx(
        &self,
        tx: &mut postgres::Tx,
        claim: &Claim,
    ) -> Result<(), JobError> {
        sqlx::query("INSERT INTO effect VALUES ($1, $2, $3)")
            .bind(claim.tenant.uuid())
            .bind(claim.subject_id)
            .bind(self.clock.now().to_sqlx())
            .execute(&mut **tx)
            .await?;
        Ok(())
    }

    /// Schedules timers of [`KIND`] for new subjects, all due at `due`, and announces them.
    pub async fn schedule(&self, wakeups: &Wakeups, count: usize, due: Timestamp) -> Vec<Uuid> {
        let due_times: BTreeMap<_, _> = (0..count).map(|_| (Uuid::now_v7(), due)).collect();
        let mut tx = self.db.begin(self.tenant).await.unwrap();
        let scheduled = timers::schedule_all_in_tx(&mut tx, self.tenant, KIND, &due_times)
            .await
            .unwrap();
        tx.commit().await.unwrap();
        wakeups.announce(scheduled);
        due_times.into_keys().collect()
    }

    /// One timer of `kind` that is due now, announced to nobody.
    pub async fn schedule_one(&self, kind: &str) -> Uuid {
        let subject = Uuid::now_v7();
        self.move_to(kind, subject, self.clock.now()).await;
        subject
    }

    /// The timer of [`KIND`] for a subject that had one before.
    pub async fn schedule_again(&self, subject: Uuid) {
        self.move_to(KIND, subject, start()).await;
    }

    pub async fn move_to(&self, kind: &str, subject: Uuid, due: Timestamp) {
        let mut tx = self.db.begin(self.tenant).await.unwrap();
        let scheduled = timers::schedule_in_tx(&mut tx, self.tenant, kind, subject, due)
            .await
            .unwrap();
        tx.commit().await.unwrap();
        Wakeups::nowhere().announce([scheduled]);
    }

    pub async fn cancel(&self, kind: &str, subject: Uuid) -> bool {
        let mut tx = self.db.begin(self.tenant).await.unwrap();
        let cancelled = timers::cancel_in_tx(&mut tx, self.tenant, kind, subject)
            .await
            .unwrap();
        tx.commit().await.unwrap();
        cancelled
    }

    pub async fn due(&self, kind: &str, subject: Uuid) -> Option<Timestamp> {
        let mut tx = self.db.begin_read(self.tenant).await.unwrap();
        timers::due_in_tx(&mut tx, self.tenant, kind, subject)
            .await
            .unwrap()
    }

    /// The subjects acted on, once for each time, in order.
    pub async fn acted(&self) -> Vec<Uuid> {
        let mut tx = self.db.begin_background().await.unwrap();
        sqlx::query_scalar("SELECT subject_id FROM effect ORDER BY subject_id")
            .fetch_all(&mut *tx)
            .await
            .unwrap()
    }

    /// What lies ahead at `now`.
    pub async fn ahead(&self, now: Timestamp) -> Ahead {
        ahead(&mut self.db.own_connection(), now, 10).await.unwrap()
    }

    /// Waits until as many effects are there as `due` has subjects, and nothing is due any
    /// more; then each must have acted once.
    pub async fn all_act_once(&self, due: &[Uuid], what: &str) {
        let wanted = i64::try_from(due.len()).unwrap();
        eventually(PATIENCE, what, async || {
            self.count("SELECT count(*) FROM effect").await >= wanted
                && self.ahead(self.clock.now()).await.due.is_empty()
        })
        .await;
        let mut due = due.to_vec();
        due.sort();
        assert!(
            self.acted().await == due,
            "{what}: acted other than once for each that was due"
        );
    }

    /// Reads one number, past every rule of tenancy.
    pub async fn count(&self, sql: &'static str) -> i64 {
        let mut tx = self.db.begin_background().await.unwrap();
        sqlx::query_scalar(sql).fetch_one(&mut *tx).await.unwrap()
    }
}

/// Short leases and pauses, but a sweep only at the start: whatever happens in time after
/// that was led to by hints.
pub fn no_sweep() -> TimersConfig {
    let ms = |ms| NonZeroU32::new(ms).unwrap();
    TimersConfig {
        concurrency: NonZeroU16::new(8).unwrap(),
        lease_ms: ms(10_000),
        sweep_period_ms: ms(3_600_000),
        poll_period_ms: ms(50),
        max_attempts: NonZeroU16::new(3).unwrap(),
        retry_pause_ms: ms(10),
        max_retry_pause_ms: ms(20),
    }
}

/// As [`no_sweep`], with a sweep each 100 ms.
pub fn sweeping() -> TimersConfig {
    TimersConfig {
        sweep_period_ms: NonZeroU32::new(100).unwrap(),
        ..no_sweep()
    }
}

/// As [`sweeping`], with leases so short that a test can wait for their end.
pub fn short_leases() -> TimersConfig {
    TimersConfig {
        lease_ms: NonZeroU32::new(400).unwrap(),
        ..sweeping()
    }
}

/// Running workers. Dropped, they die where they are, as by SIGKILL.
pub struct Crew {
    pub wakeups: Wakeups,
    pub running: timers::Running,
    stop: CancellationToken,
    run: JoinSet<()>,
}

impl Crew {
    pub fn start(workers: Workers) -> Self {
        let (wakeups, running) = (workers.wakeups(), workers.running());
        let stop = CancellationToken::new();
        let mut run = JoinSet::new();
        run.spawn(workers.run(stop.clone()));
        Self {
            wakeups,
            running,
            stop,
            run,
        }
    }

    /// Stops in good order: returns when the last job has ended.
    pub async fn stop(mut self) {
        self.stop.cancel();
        self.run.join_next().await.unwrap().unwrap();
    }

    /// Kills and waits for the end.
    pub async fn kill(mut self) {
        self.run.shutdown().await;
    }
}

/// Where a handler waits until the test lets it go on.
#[derive(Clone)]
pub struct Gate {
    arrived: Arc<Semaphore>,
    open: Arc<Semaphore>,
}

impl Gate {
    pub fn closed() -> Self {
        let none = || Arc::new(Semaphore::new(0));
        Self {
            arrived: none(),
            open: none(),
        }
    }

    /// The handler's side.
    pub async fn pass(&self) {
        self.arrived.add_permits(1);
        self.open.acquire().await.unwrap().forget();
    }

    /// Waits until one more handler stands at the gate.
    pub async fn arrival(&self) {
        let arrival = tokio::time::timeout(PATIENCE, self.arrived.acquire()).await;
        arrival
            .expect("a handler at the gate in time")
            .unwrap()
            .forget();
    }

    /// Lets `count` handlers pass.
    pub fn open(&self, count: usize) {
        self.open.add_permits(count);
    }
}
