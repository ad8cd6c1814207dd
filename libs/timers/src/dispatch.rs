//! Brings due timers and free hands together.
//!
//! Two ways lead to a claim, and they take turns when both have something: timers that are
//! named (by Redis, by a hint in the process, by a pause that is over), and the sweep. Each
//! claims as many rows as there are free hands, so that a lease begins with the work and
//! not in a queue before it. While a claim commits, more hands become free: under load the
//! batches grow by themselves.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use futures_util::StreamExt as _;
use jiff::Timestamp;
use jiff_sqlx::ToSqlx as _;
use postgres::{Database, DbError, OwnConnection};
use tokio::sync::{mpsc, watch};
use tokio::task::{JoinError, JoinSet};
use tokio::time::{Instant, sleep_until};
use tokio_util::sync::CancellationToken;
use tokio_util::time::DelayQueue;
use tracing::Instrument as _;

use crate::claim::{self, Terms};
use crate::job::{self, Ended};
use crate::sweep::Sweep;
use crate::workers::Setup;
use crate::{Claim, Scheduled};

/// Pause after the database failed, in real time.
const DB_PAUSE: Duration = Duration::from_secs(1);

/// Pauses between tries that the process remembers at most. The sweep knows the others.
const RETRY_LIMIT: usize = 10_000;

/// The dispatcher of one process.
pub(crate) struct Dispatch {
    setup: Arc<Setup>,
    kinds: Arc<[String]>,
    /// The way to the database on which is claimed.
    claims: OwnConnection,
    /// Timers named by the feeder.
    told: mpsc::Receiver<Vec<Scheduled>>,
    /// For how many timers the feeder may send names.
    free_hands: watch::Sender<usize>,
    /// Whether Redis does its part.
    redis_answers: watch::Receiver<bool>,
    /// Named timers to be claimed.
    named: VecDeque<Scheduled>,
    /// Timers in the pause after a failed try.
    retries: DelayQueue<Scheduled>,
    jobs: JoinSet<Ended>,
    sweep: Sweep,
    sweeps_turn: bool,
    /// When the next timer falls due, as far as it is known. Used while Redis is away.
    next_due: Option<Timestamp>,
    /// The database failed: nothing is claimed before.
    paused_until: Option<Instant>,
}

/// What ended a wait.
enum Woken {
    Ended(Result<Ended, JoinError>),
    Told(Vec<Scheduled>),
    Retry(Scheduled),
    /// It is time for the sweep, or to try the database again.
    Time,
    /// A timer came due by the clock, or Redis went or came back.
    Sweep,
    Shutdown,
}

impl Dispatch {
    pub(crate) fn new(
        setup: Arc<Setup>,
        told: mpsc::Receiver<Vec<Scheduled>>,
        free_hands: watch::Sender<usize>,
        redis_answers: watch::Receiver<bool>,
    ) -> Self {
        Self {
            kinds: setup.handlers.keys().map(ToString::to_string).collect(),
            claims: setup.db.own_connection(),
            sweep: Sweep::new(setup.config.sweep_period()),
            setup,
            told,
            free_hands,
            redis_answers,
            named: VecDeque::new(),
            retries: DelayQueue::new(),
            jobs: JoinSet::new(),
            sweeps_turn: true,
            next_due: None,
            paused_until: None,
        }
    }

    /// Runs until `shutdown`, and then until the last job has ended.
    pub(crate) async fn run(mut self, shutdown: CancellationToken) {
        while !shutdown.is_cancelled() {
            while let Some(ended) = self.jobs.try_join_next() {
                self.note_end(ended);
            }
            match self.claim_some().await {
                Ok(true) => continue,
                Ok(false) => {}
                Err(error) => {
                    tracing::warn!(%error, "no timers are claimed for now");
                    self.paused_until = Some(Instant::now() + DB_PAUSE);
                    // Names that were to be claimed are forgotten: the sweep finds them.
                    self.sweep.start();
                }
            }
            match self.wait(&shutdown).await {
                Woken::Ended(ended) => self.note_end(ended),
                Woken::Told(timers) => self.note_told(timers),
                Woken::Retry(timer) => self.named.push_back(timer),
                Woken::Time => self.paused_until = None,
                Woken::Sweep => self.sweep.start(),
                Woken::Shutdown => {}
            }
        }
        while self.jobs.join_next().await.is_some() {}
    }

    fn free(&self) -> usize {
        self.setup
            .config
            .concurrency()
            .saturating_sub(self.jobs.len())
    }

    /// Claims for the free hands and sets them to work. Tells whether there may be more to
    /// claim.
    async fn claim_some(&mut self) -> Result<bool, DbError> {
        let free = self.free();
        if free == 0 || self.paused_until.is_some() {
            return Ok(false);
        }
        self.sweeps_turn = !self.sweeps_turn;
        if self.sweep.is_due() && (self.sweeps_turn || self.named.is_empty()) {
            self.claim_swept(free).await?;
        } else if !self.named.is_empty() {
            self.claim_named(free).await?;
        } else {
            return Ok(false);
        }
        Ok(true)
    }

    async fn claim_named(&mut self, free: usize) -> Result<(), DbError> {
        let wanted: Vec<_> = self.named.drain(..free.min(self.named.len())).collect();
        let terms = self.terms();
        let claims = claim::claim_named(&mut self.claims, &terms, &wanted).await?;
        self.setup.metrics.claimed("hint", &claims, terms.now);
        self.set_to_work(claims);
        Ok(())
    }

    async fn claim_swept(&mut self, free: usize) -> Result<(), DbError> {
        let terms = self.terms();
        let claims = claim::claim_next(&mut self.claims, &terms, self.sweep.after(), free).await?;
        self.setup.metrics.claimed("sweep", &claims, terms.now);
        let last = claims.iter().map(Claim::scheduled).max();
        let ended = self.sweep.advance(last, claims.len() == free);
        self.set_to_work(claims);
        if ended && !*self.redis_answers.borrow() {
            self.next_due = next_due_after(&self.setup.db, &terms).await?;
        }
        Ok(())
    }

    fn terms(&self) -> Terms {
        Terms {
            kinds: Arc::clone(&self.kinds),
            now: self.setup.clock.now(),
            lease: self.setup.config.lease(),
        }
    }

    fn set_to_work(&mut self, claims: Vec<Claim>) {
        for claim in claims {
            let span = tracing::info_span!(
                "timers.job",
                kind = claim.kind,
                tenant = %claim.tenant,
                subject_id = %claim.subject_id,
                attempt = claim.attempt,
            );
            let running = self.setup.running.begin();
            let job = job::run(Arc::clone(&self.setup), claim, running);
            self.jobs.spawn(job.instrument(span));
        }
    }

    /// Sleeps until something is to be done.
    async fn wait(&mut self, shutdown: &CancellationToken) -> Woken {
        // With all hands busy, what wants to be claimed has to wait for one of them.
        let idle = self.free() > 0;
        // Said again even when nothing changed: the feeder may wait for the names that it sent
        // last to be taken.
        self.free_hands
            .send_replace(self.free().saturating_sub(self.named.len()));
        let time = self.paused_until.unwrap_or(self.sweep.next());
        let next_due = self.next_due.filter(|_| !*self.redis_answers.borrow());
        tokio::select! {
            () = shutdown.cancelled() => Woken::Shutdown,
            Some(ended) = self.jobs.join_next() => Woken::Ended(ended),
            Some(timers) = self.told.recv(), if self.named.is_empty() => Woken::Told(timers),
            Some(retry) = self.retries.next() => Woken::Retry(retry.into_inner()),
            () = sleep_until(time), if idle => Woken::Time,
            () = self.setup.clock.wait_until(next_due.unwrap_or(Timestamp::MAX)),
                if idle && self.paused_until.is_none() => Woken::Sweep,
            Ok(()) = self.redis_answers.changed() => Woken::Sweep,
        }
    }

    fn note_end(&mut self, ended: Result<Ended, JoinError>) {
        // An error is a job that was aborted: nobody does that but a dropped runtime.
        let Ok(Ended { next, retry }) = ended else {
            return;
        };
        self.setup.wakeups.announce(next);
        if let Some((timer, pause)) = retry
            && self.retries.len() < RETRY_LIMIT
        {
            self.retries.insert(timer, pause);
        }
    }

    /// What is due is to be claimed; of the rest the earliest is to be waited for.
    fn note_told(&mut self, timers: Vec<Scheduled>) {
        let now = self.setup.clock.now();
        for timer in timers {
            if timer.due_time <= now {
                self.named.push_back(timer);
            } else {
                let earliest = self
                    .next_due
                    .map_or(timer.due_time, |due| due.min(timer.due_time));
                self.next_due = Some(earliest);
            }
        }
    }
}

/// When the next timer falls due that is not due yet.
async fn next_due_after(db: &Database, terms: &Terms) -> Result<Option<Timestamp>, DbError> {
    let mut tx = db.begin_background().await?;
    let next: Option<jiff_sqlx::Timestamp> = sqlx::query_scalar(
        "SELECT min(due_time) FROM timer
          WHERE due_time > $1 AND parked_time IS NULL AND kind = ANY ($2)",
    )
    .bind(terms.now.to_sqlx())
    .bind(&*terms.kinds)
    .fetch_one(&mut *tx)
    .await?;
    tx.commit().await?;
    Ok(next.map(jiff_sqlx::Timestamp::to_jiff))
}
