//! The sorted sets of one service in Redis: timers by due time, in milliseconds, spread over
//! shards. Hints only: all of it may vanish at any moment, and a timer that is popped here
//! is not claimed yet.
//!
//! Beside them stands a mark: up to which due time the sets were filled from Postgres. Where
//! it is missing, Redis was flushed or has come back empty.
//!
//! One connection of its own, every command with a time limit. After any error the
//! connection is thrown away: a stalled one would otherwise give late answers for minutes.

use std::time::Duration;

use jiff::Timestamp;
use postgres::TenantId;
use redis::aio::MultiplexedConnection;
use redis::{AsyncCommands as _, AsyncConnectionConfig, RedisError, Script};

use crate::Scheduled;

/// How long making a connection may take.
const CONNECT_TIMEOUT: Duration = Duration::from_millis(500);

/// How long an answer may take.
const ANSWER_TIMEOUT: Duration = Duration::from_millis(250);

/// Sorted sets of a service. Replicas must agree on it; while they do not, the sweep finds
/// what the others do not see.
const SHARDS: u16 = 4;

/// The sorted sets of one service, and the connection to them.
pub struct DueSet {
    client: redis::Client,
    /// `<prefix>timers:<service>`.
    name: String,
    pop: Script,
    connection: Option<MultiplexedConnection>,
    /// The shard that is popped first next time.
    turn: u16,
}

/// What was taken out of the sets.
#[derive(Debug, Default)]
pub(crate) struct Popped {
    /// What has come due.
    pub(crate) due: Vec<Scheduled>,
    /// When the earliest timer that is left falls due; a time past if more is due now.
    pub(crate) next: Option<Timestamp>,
}

impl DueSet {
    /// The sets of `service` in the Redis at `url`; `prefix` keeps installations that share
    /// a Redis apart.
    ///
    /// # Errors
    /// When `url` is no Redis URL. Whether one answers there is not asked.
    pub fn try_new(url: &str, prefix: &str, service: &str) -> Result<Self, RedisError> {
        Ok(Self {
            client: redis::Client::open(url)?,
            name: format!("{prefix}timers:{service}"),
            pop: Script::new(include_str!("pop.lua")),
            connection: None,
            turn: 0,
        })
    }

    /// Connects where there is no connection, and tells whether it had to.
    pub(crate) async fn connect(&mut self) -> Result<bool, RedisError> {
        if self.connection.is_some() {
            return Ok(false);
        }
        let limits = AsyncConnectionConfig::new()
            .set_connection_timeout(Some(CONNECT_TIMEOUT))
            .set_response_timeout(Some(ANSWER_TIMEOUT));
        let connecting = self
            .client
            .get_multiplexed_async_connection_with_config(&limits);
        // The library's limit leaves out the greeting that follows the connect.
        let connection = tokio::time::timeout(CONNECT_TIMEOUT, connecting).await;
        self.connection = Some(connection.map_err(|_| std::io::Error::from(TIMED_OUT))??);
        Ok(true)
    }

    /// Whether there is a connection.
    pub(crate) const fn is_connected(&self) -> bool {
        self.connection.is_some()
    }

    /// Throws the connection away.
    pub(crate) fn disconnect(&mut self) {
        self.connection = None;
    }

    /// Puts timers in, or moves them to their new time.
    pub(crate) async fn add(&mut self, timers: &[Scheduled]) -> Result<(), RedisError> {
        if timers.is_empty() {
            return Ok(());
        }
        let mut shards = vec![Vec::new(); usize::from(SHARDS)];
        for timer in timers {
            let shard = shard(timer);
            shards[usize::from(shard)].push((score(timer.due_time), member(timer)));
        }
        let mut pipeline = redis::pipe();
        for (shard, timers) in (0..SHARDS)
            .zip(&shards)
            .filter(|(_, timers)| !timers.is_empty())
        {
            pipeline.zadd_multiple(self.key(shard), timers).ignore();
        }
        pipeline.query_async(self.connected()?).await
    }

    /// Takes out up to `limit` timers that are due at `now`. The shards take turns at being
    /// first, so that none is left out when there is more than `limit`.
    pub(crate) async fn pop(&mut self, now: Timestamp, limit: usize) -> Result<Popped, RedisError> {
        let mut popped = Popped::default();
        self.turn = (self.turn + 1) % SHARDS;
        for shard in (self.turn..SHARDS).chain(0..self.turn) {
            let key = self.key(shard);
            let left = limit - popped.due.len();
            let mut script = self.pop.key(key);
            let script = script.arg(now.as_microsecond().div_euclid(1_000)).arg(left);
            let connection = self.connection.as_mut().ok_or_else(not_connected)?;
            let (due, next): (Vec<(String, i64)>, Option<i64>) =
                script.invoke_async(connection).await?;
            let timers = due
                .iter()
                .filter_map(|(member, score)| timer(member, *score));
            popped.due.extend(timers);
            let next = next.and_then(|score| Timestamp::from_millisecond(score).ok());
            popped.next = popped.next.into_iter().chain(next).min();
        }
        Ok(popped)
    }

    /// The mark: up to which due time the sets were filled.
    pub(crate) async fn filled_until(&mut self) -> Result<Option<Timestamp>, RedisError> {
        let key = self.mark();
        let mark: Option<i64> = self.connected()?.get(key).await?;
        Ok(mark.and_then(|mark| Timestamp::from_millisecond(mark).ok()))
    }

    /// Sets the mark, after the filling.
    pub(crate) async fn set_filled_until(&mut self, until: Timestamp) -> Result<(), RedisError> {
        let key = self.mark();
        self.connected()?
            .set(key, until.as_microsecond().div_euclid(1_000))
            .await
    }

    fn connected(&mut self) -> Result<&mut MultiplexedConnection, RedisError> {
        self.connection.as_mut().ok_or_else(not_connected)
    }

    fn key(&self, shard: u16) -> String {
        format!("{}:{shard}", self.name)
    }

    fn mark(&self) -> String {
        format!("{}:filled", self.name)
    }
}

impl std::fmt::Debug for DueSet {
    /// Without the URL: it may carry a password.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("DueSet")
            .field("name", &self.name)
            .finish_non_exhaustive()
    }
}

const TIMED_OUT: std::io::ErrorKind = std::io::ErrorKind::TimedOut;

fn not_connected() -> RedisError {
    std::io::Error::from(std::io::ErrorKind::NotConnected).into()
}

/// The due time in whole milliseconds, rounded up: what is popped is due.
fn score(due_time: Timestamp) -> i64 {
    due_time
        .as_microsecond()
        .saturating_add(999)
        .div_euclid(1_000)
}

fn member(timer: &Scheduled) -> String {
    format!(
        "{}:{}:{}",
        timer.tenant.uuid().simple(),
        timer.subject_id.simple(),
        timer.kind
    )
}

/// Reads a member back. None for what nobody here wrote.
fn timer(member: &str, score: i64) -> Option<Scheduled> {
    let (tenant, rest) = member.split_once(':')?;
    let (subject_id, kind) = rest.split_once(':')?;
    Some(Scheduled {
        due_time: Timestamp::from_millisecond(score).ok()?,
        tenant: TenantId::new(tenant.parse().ok()?),
        kind: kind.to_owned(),
        subject_id: subject_id.parse().ok()?,
    })
}

/// By the last bytes of the subject: those of a UUID of any version are spread evenly.
fn shard(timer: &Scheduled) -> u16 {
    let [.., a, b] = *timer.subject_id.as_bytes();
    u16::from_be_bytes([a, b]) % SHARDS
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    #[test]
    fn p22_a_timer_is_never_popped_before_it_is_due() {
        let due = at("2026-03-01T09:00:00.000001Z");
        assert_eq!(score(due), score(at("2026-03-01T09:00:00.001Z")));
        assert_eq!(score(at("2026-03-01T09:00:00Z")) + 1, score(due));
    }

    #[test]
    fn a_member_names_its_timer() {
        let scheduled = Scheduled {
            due_time: at("2026-03-01T09:00:00Z"),
            tenant: TenantId::new(uuid::Uuid::now_v7()),
            kind: "expire:reservation".to_owned(),
            subject_id: uuid::Uuid::now_v7(),
        };
        let read = timer(&member(&scheduled), score(scheduled.due_time));
        assert_eq!(read, Some(scheduled));
        assert_eq!(timer("something else", 0), None);
    }

    #[test]
    fn the_connection_url_is_not_shown() {
        let set = DueSet::try_new("redis://:secret@localhost", "recoup:", "credit").unwrap();
        assert_eq!(
            format!("{set:?}"),
            r#"DueSet { name: "recoup:timers:credit", .. }"#
        );
    }
}
