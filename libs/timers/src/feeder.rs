//! Between the hints, Redis and the dispatcher.
//!
//! Each turn: announced timers go into Redis; what Redis lacks of the next hour is filled in
//! from Postgres, a batch a turn; what has come due is taken out and handed to the
//! dispatcher, but only as much as it has free hands for. Between the turns it sleeps until
//! the clock shows the due time of the next timer, or for a poll period, since other
//! processes put timers in too.
//!
//! What is announced meanwhile needs no turn: a timer that is due goes to the dispatcher
//! while that has hands for it, one that is not goes into Redis. While Redis does not
//! answer, all that is announced goes to the dispatcher.

use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use postgres::OwnConnection;
use redis::RedisError;
use tokio::sync::{mpsc, watch};
use tokio::time::{Instant, sleep_until};
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
    /// What Redis is filled from.
    pub(crate) connection: OwnConnection,
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

/// When the next turn is.
#[derive(Debug, Default)]
struct Next {
    /// At once: the filling goes on.
    now: bool,
    /// When the dispatcher has room: more is due.
    with_room: bool,
    /// When the clock shows this.
    at: Option<Timestamp>,
}

/// What ended a wait.
enum Woken {
    /// Timers were announced, or those announced before may be passed on.
    Told,
    /// A turn is due.
    Turn,
    Shutdown,
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

    /// Whether it was asked before and may be asked now.
    fn is_connected(&self) -> bool {
        self.is_to_be_asked() && self.set.as_ref().is_some_and(DueSet::is_connected)
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
        let (mut next, mut poll) = (Next::default(), Instant::now());
        loop {
            match self.wait(&shutdown, &next, poll).await {
                Woken::Told if self.redis.is_connected() && self.take_told(&mut next).await => {}
                Woken::Told | Woken::Turn => {
                    next = tokio::select! {
                        () = shutdown.cancelled() => return,
                        next = self.turn() => next,
                    };
                    let period = match next.now {
                        true => Duration::ZERO,
                        false => self.setup.config.poll_period(),
                    };
                    poll = Instant::now() + period;
                }
                Woken::Shutdown => return,
            }
        }
    }

    async fn wait(&mut self, shutdown: &CancellationToken, next: &Next, poll: Instant) -> Woken {
        let at = next.at.unwrap_or(Timestamp::MAX);
        tokio::select! {
            () = shutdown.cancelled() => Woken::Shutdown,
            _ = self.hints.recv_many(&mut self.told, HINT_LIMIT), if self.told.is_empty() => {
                Woken::Told
            }
            _ = self.due.reserve(), if !self.told.is_empty() => Woken::Told,
            Ok(()) = self.room.changed(), if next.with_room => Woken::Turn,
            () = self.setup.clock.wait_until(at) => Woken::Turn,
            () = sleep_until(poll) => Woken::Turn,
        }
    }

    /// Puts what was announced where it belongs. Tells whether that was possible without a turn.
    async fn take_told(&mut self, next: &mut Next) -> bool {
        let now = self.setup.clock.now();
        let (due, later): (Vec<_>, Vec<_>) = std::mem::take(&mut self.told)
            .into_iter()
            .partition(|timer| timer.due_time <= now);
        self.told = later;
        let room = *self.room.borrow();
        match self.due.try_reserve() {
            _ if due.is_empty() => {}
            Ok(place) if due.len() <= room => place.send(due),
            // By way of Redis, where other processes find what is too much for this one.
            _ => {
                self.told.extend(due);
                return false;
            }
        }
        let earliest = self.told.iter().map(|timer| timer.due_time).min();
        if let Some(set) = &mut self.redis.set
            && add_near(set, &mut self.told, now).await.is_err()
        {
            return false;
        }
        next.at = next.at.into_iter().chain(earliest).min();
        true
    }

    async fn turn(&mut self) -> Next {
        if !self.redis.is_to_be_asked() {
            self.pass_on();
            return Next::default();
        }
        match self.exchange().await {
            Ok(next) => {
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
        add_near(set, &mut self.told, now).await?;
        let mut filled = set.filled_until().await?;
        if filling.is_none() {
            *filling = Filling::lacking(filled, now);
        }
        let progress = filling::fill(&mut self.connection, set, filling).await?;
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

/// Puts announced timers into Redis that it is to hold by now; the filling brings the others.
async fn add_near(
    set: &mut DueSet,
    told: &mut Vec<Scheduled>,
    now: Timestamp,
) -> Result<(), RedisError> {
    let horizon = filling::horizon(now);
    let near: Vec<_> = told
        .iter()
        .filter(|timer| timer.due_time <= horizon)
        .cloned()
        .collect();
    set.add(&near).await?;
    told.clear();
    Ok(())
}
