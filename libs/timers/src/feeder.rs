//! Between the hints, Redis and the dispatcher.
//!
//! Each turn: announced timers go into Redis; what Redis lacks of the next hour is filled in
//! from Postgres, a batch a turn; what has come due is taken out and handed to the
//! dispatcher, but only as much as it has free hands for. Between the turns it sleeps until
//! something is announced, until the clock shows the due time of the next timer, or for a
//! poll period, since other processes put timers in too.
//!
//! While Redis does not answer, announced timers go to the dispatcher directly.

use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use redis::RedisError;
use tokio::sync::{mpsc, watch};
use tokio::time::{Instant, sleep};
use tokio_util::sync::CancellationToken;

use crate::filling::{self, Filling, Progress};
use crate::workers::Setup;
use crate::{DueSet, Scheduled};

/// Hints of one turn.
const HINT_LIMIT: usize = 1_000;

/// Pause after Redis failed, in real time.
const AWAY_PAUSE: Duration = Duration::from_secs(1);

/// The feeder of one process.
pub(crate) struct Feeder {
    pub(crate) setup: Arc<Setup>,
    /// Timers announced in this process.
    pub(crate) hints: mpsc::Receiver<Scheduled>,
    /// Of those, the ones that are to be passed on next.
    pub(crate) told: Vec<Scheduled>,
    /// To the dispatcher.
    pub(crate) due: mpsc::Sender<Vec<Scheduled>>,
    /// How many timers the dispatcher has free hands for.
    pub(crate) room: watch::Receiver<usize>,
    pub(crate) redis: Redis,
}

/// Redis, as far as it is there.
pub(crate) struct Redis {
    set: Option<DueSet>,
    /// Told to the dispatcher: whether it answers.
    answers: watch::Sender<bool>,
    /// It failed, and is not asked before.
    away_until: Option<Instant>,
    filling: Option<Filling>,
}

/// When to look again.
#[derive(Debug, Default)]
struct Next {
    /// At once: the filling goes on.
    now: bool,
    /// When the dispatcher has room: more is due.
    with_room: bool,
    /// When the clock shows this.
    at: Option<Timestamp>,
}

impl Redis {
    pub(crate) fn new(set: Option<DueSet>, answers: watch::Sender<bool>) -> Self {
        Self {
            set,
            answers,
            away_until: None,
            filling: None,
        }
    }

    /// Whether it may be asked now.
    fn is_to_be_asked(&self) -> bool {
        self.set.is_some() && self.away_until.is_none_or(|until| until <= Instant::now())
    }

    fn note_answer(&mut self) {
        if self.away_until.take().is_some() {
            tracing::info!("Redis answers again");
        }
        self.answers
            .send_if_modified(|answers| !std::mem::replace(answers, true));
    }

    fn note_failure(&mut self, error: &RedisError) {
        if self.away_until.is_none() {
            tracing::warn!(%error, "Redis does not answer: timers are found by the sweep alone");
        }
        self.away_until = Some(Instant::now() + AWAY_PAUSE);
        self.set.iter_mut().for_each(DueSet::disconnect);
        self.answers
            .send_if_modified(|answers| std::mem::replace(answers, false));
    }
}

impl Feeder {
    /// Runs until `shutdown`.
    pub(crate) async fn run(mut self, shutdown: CancellationToken) {
        loop {
            let next = tokio::select! {
                () = shutdown.cancelled() => return,
                next = self.turn() => next,
            };
            let poll_period = if next.now {
                Duration::ZERO
            } else {
                self.setup.config.poll_period()
            };
            tokio::select! {
                () = shutdown.cancelled() => return,
                _ = self.hints.recv_many(&mut self.told, HINT_LIMIT), if self.told.is_empty() => {}
                _ = self.due.reserve(), if !self.told.is_empty() => {}
                Ok(()) = self.room.changed(), if next.with_room => {}
                () = self.setup.clock.wait_until(next.at.unwrap_or(Timestamp::MAX)) => {}
                () = sleep(poll_period) => {}
            }
        }
    }

    async fn turn(&mut self) -> Next {
        if !self.redis.is_to_be_asked() {
            self.pass_on();
            return Next::default();
        }
        match self.exchange().await {
            Ok(next) => {
                self.told.clear();
                self.redis.note_answer();
                next
            }
            Err(error) => {
                self.redis.note_failure(&error);
                self.setup.metrics.redis_failed();
                self.pass_on();
                Next::default()
            }
        }
    }

    /// Hands hints to the dispatcher past Redis, once it has taken the ones before.
    fn pass_on(&mut self) {
        if !self.told.is_empty()
            && let Ok(place) = self.due.try_reserve()
        {
            place.send(std::mem::take(&mut self.told));
        }
    }

    /// One turn with Redis.
    async fn exchange(&mut self) -> Result<Next, RedisError> {
        let now = self.setup.clock.now();
        let Redis {
            set: Some(set),
            filling,
            ..
        } = &mut self.redis
        else {
            return Ok(Next::default());
        };
        if set.connect().await? {
            // What was announced while it was away is not in there, whatever the mark says.
            *filling = Some(Filling::anew(now));
        }
        let horizon = filling::horizon(now);
        let near = self.told.iter().filter(|timer| timer.due_time <= horizon);
        set.add(&near.cloned().collect::<Vec<_>>()).await?;

        let mut filled = set.filled_until().await?;
        if filling.is_none() {
            *filling = Filling::lacking(filled, now);
        }
        let progress = filling::fill(&self.setup.db, set, filling).await?;
        if let Progress::Done { until } = progress {
            filled = Some(until);
        }

        // What is popped is nowhere else any more, so no more of it than can be claimed now:
        // the rest is for other processes.
        let room = *self.room.borrow_and_update();
        let Some(place) = self.due.try_reserve().ok().filter(|_| room > 0) else {
            return Ok(Next {
                now: progress == Progress::Partly,
                with_room: true,
                at: None,
            });
        };
        let popped = set.pop(now, room).await?;
        if !popped.due.is_empty() {
            place.send(popped.due);
        }
        let next_times = [popped.next, filled.map(filling::runs_low)];
        Ok(Next {
            now: progress == Progress::Partly,
            with_room: popped.next.is_some_and(|next| next <= now),
            at: next_times
                .into_iter()
                .flatten()
                .filter(|time| *time > now)
                .min(),
        })
    }
}
