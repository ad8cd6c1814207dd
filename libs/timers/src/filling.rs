//! Filling Redis from Postgres: with what is due within the next hour, as far as the mark in
//! Redis says that it is not there yet. A batch at a time, so that hints and due timers pass
//! in between.

use jiff::{SignedDuration, Timestamp};
use jiff_sqlx::ToSqlx as _;
use postgres::{DbError, OwnConnection, TenantId};
use redis::RedisError;
use uuid::Uuid;

use crate::claim::bind_position;
use crate::{DueSet, Scheduled};

/// Redis holds what is due within this time; filled anew when half of it is left.
const HORIZON: SignedDuration = SignedDuration::from_hours(1);

/// How far back a filling begins that has no mark to go on from: further back than any turn
/// takes. What is older, the sweep finds.
const LOOK_BACK: SignedDuration = SignedDuration::from_mins(1);

/// Rows of one batch.
const BATCH: usize = 1_000;

/// A filling under way.
pub(crate) struct Filling {
    after: Scheduled,
    until: Timestamp,
}

/// What a turn did for the filling.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Progress {
    /// Nothing: none is under way, or Postgres does not answer, so there is no hurry.
    None,
    /// A batch; there is more.
    Partly,
    /// The last batch.
    Done { until: Timestamp },
}

/// Up to which due time timers go into Redis.
pub(crate) fn horizon(now: Timestamp) -> Timestamp {
    plus(now, HORIZON)
}

/// When sets that were filled up to there are to be filled further.
pub(crate) fn runs_low(filled: Timestamp) -> Timestamp {
    plus(filled, -HORIZON / 2)
}

impl Filling {
    /// Whatever Redis holds: all of the next hour.
    pub(crate) fn anew(now: Timestamp) -> Self {
        Self::new(plus(now, -LOOK_BACK), now)
    }

    /// What Redis lacks, if anything, by how far it is filled.
    pub(crate) fn lacking(filled: Option<Timestamp>, now: Timestamp) -> Option<Self> {
        match filled {
            None => Some(Self::anew(now)),
            // Left by a clock that has been set back since, or by an earlier life of a
            // sandbox: believed, it would keep Redis empty for as long.
            Some(filled) if filled > plus(now, HORIZON * 2) => Some(Self::anew(now)),
            Some(filled) => (runs_low(filled) <= now).then(|| Self::new(filled, now)),
        }
    }

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

/// Fills in one batch, and sets the mark after the last one: in that order, so that whoever
/// dies in between has promised nothing.
pub(crate) async fn fill(
    connection: &mut OwnConnection,
    set: &mut DueSet,
    filling: &mut Option<Filling>,
) -> Result<Progress, RedisError> {
    let Some(under_way) = filling else {
        return Ok(Progress::None);
    };
    let mut timers = match upcoming(connection, &under_way.after, under_way.until).await {
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
    connection: &mut OwnConnection,
    after: &Scheduled,
    until: Timestamp,
) -> Result<Vec<Scheduled>, DbError> {
    let limit = i64::try_from(BATCH).unwrap_or(i64::MAX);
    let statement = || {
        let query = sqlx::query(
            "SELECT due_time, tenant_id, kind, subject_id FROM timer
              WHERE (due_time, tenant_id, kind, subject_id) > ($1, $2, $3, $4)
                AND due_time <= $5 AND parked_time IS NULL
              ORDER BY due_time, tenant_id, kind, subject_id LIMIT $6",
        );
        bind_position(query, Some(after))
            .bind(until.to_sqlx())
            .bind(limit)
    };
    let rows = connection.rows(statement).await?;
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
    fn redis_is_filled_when_it_runs_low_was_flushed_or_bears_an_impossible_mark() {
        let now: Timestamp = "2026-03-01T09:00:00Z".parse().unwrap();
        let mins = |mins| plus(now, SignedDuration::from_mins(mins));
        let from = |filled| Some(Filling::lacking(filled, now)?.after.due_time);
        assert_eq!(from(None), Some(mins(-1)));
        assert_eq!(from(Some(mins(-600))), Some(mins(-600)));
        assert_eq!(from(Some(mins(30))), Some(mins(30)));
        assert_eq!(from(Some(mins(31))), None);
        // Another process whose clock is a few minutes ahead is believed.
        assert_eq!(from(Some(mins(65))), None);
        assert_eq!(from(Some(mins(600))), Some(mins(-1)));
    }
}
