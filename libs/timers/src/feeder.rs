//! Between the hints, Redis and the dispatcher.
//!
//! Each turn: announced timers go into Redis; what Redis lacks of the next hour is filled in
//! from Postgres, a batch a turn; what has come due is taken out and handed to the
//! dispatcher, but only as much as it has free hands for. Between the turns it sleeps until something is
//! announced, until the clock shows the due time of the next timer, or for a poll period,
//! since other processes put timers in too.
//!
//! While Redis does not answer, announced timers go to the dispatcher directly.

use std::sync::Arc;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use jiff_sqlx::ToSqlx as _;
use postgres::{Database, DbError, TenantId};
use redis::RedisError;
use tokio::sync::{mpsc, watch};
use tokio::time::{Instant, sleep};
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use crate::claim::bind_position;
use crate::workers::Setup;
use crate::{DueSet, Scheduled};

/// Redis holds what is due within this time; filled anew when half of it is left.
const HORIZON: SignedDuration = SignedDuration::from_hours(1);

/// How far back a filling begins that has no mark to go on from: further back than any turn
/// takes. What is older, the sweep finds.
const LOOK_BACK: SignedDuration = SignedDuration::from_mins(1);

/// Pause after Redis failed, in real time.
const AWAY_PAUSE: Duration = Duration::from_secs(1);

/// Hints, or rows to fill in, of one turn.
const BATCH: usize = 1_000;

/// The feeder of one process.
pub(crate) struct Feeder {
    pub(crate) setup: Arc<Setup>,
    /// Timers announced in this process.
    pub(crate) hints: mpsc::Receiver<Scheduled>,
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

/// A filling under way.
struct Filling {
    after: Scheduled,
    until: Timestamp,
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
        let mut told = Vec::new();
        loop {
            let next = tokio::select! {
                () = shutdown.cancelled() => return,
                next = self.turn(std::mem::take(&mut told)) => next,
            };
            let poll_period = if next.now {
                Duration::ZERO
            } else {
                self.setup.config.poll_period()
            };
            tokio::select! {
                () = shutdown.cancelled() => return,
                _ = self.hints.recv_many(&mut told, BATCH) => {}
                Ok(()) = self.room.changed(), if next.with_room => {}
                () = self.setup.clock.wait_until(next.at.unwrap_or(Timestamp::MAX)) => {}
                () = sleep(poll_period) => {}
            }
        }
    }

    async fn turn(&mut self, told: Vec<Scheduled>) -> Next {
        if !self.redis.is_to_be_asked() {
            self.pass_on(told);
            return Next::default();
        }
        match self.exchange(&told).await {
            Ok(next) => {
                self.redis.note_answer();
                next
            }
            Err(error) => {
                self.redis.note_failure(&error);
                self.setup.metrics.redis_failed();
                self.pass_on(told);
                Next::default()
            }
        }
    }

    /// Hands hints to the dispatcher past Redis, as far as it has room.
    fn pass_on(&self, told: Vec<Scheduled>) {
        if !told.is_empty() && self.due.try_send(told).is_err() {
            tracing::debug!("timer hints dropped; the sweep will find the timers");
        }
    }

    /// One turn with Redis.
    async fn exchange(&mut self, told: &[Scheduled]) -> Result<Next, RedisError> {
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
            *filling = Some(Filling::new(plus(now, -LOOK_BACK), now));
        }
        let near = told
            .iter()
            .filter(|timer| timer.due_time <= plus(now, HORIZON));
        set.add(&near.cloned().collect::<Vec<_>>()).await?;

        let mut filled = set.filled_until().await?;
        if filling.is_none() {
            *filling = lacking_from(filled, now).map(|from| Filling::new(from, now));
        }
        let progress = fill(&self.setup.db, set, filling).await?;
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
        let next_times = [popped.next, filled.map(runs_low)];
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

/// When sets that were filled up to there are to be filled further.
fn runs_low(filled: Timestamp) -> Timestamp {
    plus(filled, -HORIZON / 2)
}

/// From which due time on the sets are to be filled, if at all, by how far they are filled.
fn lacking_from(filled: Option<Timestamp>, now: Timestamp) -> Option<Timestamp> {
    match filled {
        // Left by a clock that has been set back since, or by an earlier life of a sandbox:
        // believed, it would keep the sets empty for as long.
        Some(filled) if filled > plus(now, HORIZON * 2) => Some(plus(now, -LOOK_BACK)),
        Some(filled) => (runs_low(filled) <= now).then_some(filled),
        None => Some(plus(now, -LOOK_BACK)),
    }
}

impl Filling {
    /// From due time `from` to an hour from `now`.
    fn new(from: Timestamp, now: Timestamp) -> Self {
        let after = Scheduled {
            due_time: from,
            tenant: TenantId::new(Uuid::nil()),
            kind: String::new(),
            subject_id: Uuid::nil(),
        };
        Self {
            after,
            until: plus(now, HORIZON),
        }
    }
}

/// What a turn did for the filling.
#[derive(Debug, PartialEq, Eq)]
enum Progress {
    /// Nothing: none is under way, or Postgres does not answer, so there is no hurry.
    None,
    /// A batch; there is more.
    Partly,
    /// The last batch.
    Done { until: Timestamp },
}

/// Fills in one batch, and sets the mark after the last one: in that order, so that whoever
/// dies in between has promised nothing.
async fn fill(
    db: &Database,
    set: &mut DueSet,
    filling: &mut Option<Filling>,
) -> Result<Progress, RedisError> {
    let Some(under_way) = filling else {
        return Ok(Progress::None);
    };
    let mut timers = match upcoming(db, &under_way.after, under_way.until).await {
        Ok(timers) => timers,
        Err(error) => {
            tracing::debug!(%error, "Redis is not filled from Postgres for now");
            return Ok(Progress::None);
        }
    };
    set.add(&timers).await?;
    if timers.len() == BATCH
        && let Some(last) = timers.pop()
    {
        under_way.after = last;
        return Ok(Progress::Partly);
    }
    let until = under_way.until;
    set.set_filled_until(until).await?;
    *filling = None;
    Ok(Progress::Done { until })
}

/// The next timers behind `after`, of all kinds, due up to `until`.
async fn upcoming(
    db: &Database,
    after: &Scheduled,
    until: Timestamp,
) -> Result<Vec<Scheduled>, DbError> {
    let query = sqlx::query(
        "SELECT due_time, tenant_id, kind, subject_id FROM timer
          WHERE (due_time, tenant_id, kind, subject_id) > ($1, $2, $3, $4)
            AND due_time <= $5 AND parked_time IS NULL
          ORDER BY due_time, tenant_id, kind, subject_id LIMIT $6",
    );
    let query = bind_position(query, Some(after))
        .bind(until.to_sqlx())
        .bind(i64::try_from(BATCH).unwrap_or(i64::MAX));
    let mut tx = db.begin_background().await?;
    let rows = query.fetch_all(&mut *tx).await?;
    tx.commit().await?;
    Ok(rows
        .iter()
        .map(Scheduled::from_row)
        .collect::<Result<_, _>>()?)
}

/// The end of time is far enough away to stop there.
fn plus(instant: Timestamp, duration: SignedDuration) -> Timestamp {
    instant.saturating_add(duration).unwrap_or(instant)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_sets_are_filled_when_they_run_low_were_lost_or_bear_an_impossible_mark() {
        let now: Timestamp = "2026-03-01T09:00:00Z".parse().unwrap();
        let mins = |mins| plus(now, SignedDuration::from_mins(mins));
        let anew = Some(plus(now, -LOOK_BACK));
        assert_eq!(lacking_from(None, now), anew);
        assert_eq!(lacking_from(Some(mins(-600)), now), Some(mins(-600)));
        assert_eq!(lacking_from(Some(mins(30)), now), Some(mins(30)));
        assert_eq!(lacking_from(Some(mins(31)), now), None);
        // Another process whose clock is a few minutes ahead is believed.
        assert_eq!(lacking_from(Some(mins(65)), now), None);
        assert_eq!(lacking_from(Some(mins(600)), now), anew);
    }
}
