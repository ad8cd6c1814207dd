//! A service's own feed: waking up for new events, and reading them in order.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use contracts::common::Event;
use jiff_sqlx::Timestamp;
use postgres::{Database, DbError, TenantId};
use sqlx::postgres::{PgArguments, PgRow};
use sqlx::query::Query;
use sqlx::{Postgres, Row as _};
use tokio::sync::{Notify, watch};
use tokio_util::sync::CancellationToken;

use crate::hints::Hints;
use crate::horizon::Horizon;
use crate::tail::{TAIL_EVENTS, Tail};

/// How often the feed looks for new events without any hint.
const POLL_PERIOD: Duration = Duration::from_millis(500);

/// Bytes of event data in one batch, after which it is cut: well below what a
/// gRPC message may hold.
const BATCH_BYTES: usize = 1 << 20;

/// The feed of one service. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Feed {
    source: &'static str,
    db: Database,
    horizon: Arc<Horizon>,
    tail: Arc<Mutex<Tail>>,
    head: watch::Receiver<i64>,
}

/// Which events a reader wants.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Filter {
    /// Only of this tenant; none: of all.
    pub tenant: Option<TenantId>,
    /// Only of these types; empty: all.
    pub types: Vec<String>,
}

/// Some events in order, and how far the feed was looked at for them.
#[derive(Debug, Clone, PartialEq)]
pub struct Batch {
    /// The events.
    pub events: Vec<Event>,
    /// Nothing that the filter lets through lies at or below it that was not told.
    pub scanned_to: i64,
}

impl Feed {
    /// The feed of `source`, and the work that keeps its head up to date: a future
    /// to be run as a task until `shutdown`.
    pub fn new(
        source: &'static str,
        db: Database,
        hints: Option<Hints>,
        shutdown: CancellationToken,
    ) -> (Self, impl Future<Output = ()> + Send) {
        let (sender, head) = watch::channel(0);
        let (news, heard) = (db.news(), Notify::new());
        let feed = Self {
            source,
            horizon: Arc::new(Horizon::of(&db)),
            db,
            tail: Arc::default(),
            head,
        };
        let tracked = feed.clone();
        let work = async move {
            let tracking = tracked.track(&sender, news.clone(), &heard, &shutdown);
            match hints {
                Some(hints) => {
                    let publishing = hints.publish(news, &shutdown);
                    let listening = hints.listen(&heard, &shutdown);
                    tokio::join!(tracking, publishing, listening);
                }
                None => tracking.await,
            }
        };
        (feed, work)
    }

    /// The service whose feed it is.
    #[must_use]
    pub const fn source(&self) -> &'static str {
        self.source
    }

    /// The position up to which the feed is known to be complete.
    #[must_use]
    pub fn head(&self) -> i64 {
        *self.head.borrow()
    }

    /// Waits until the head is beyond `position`; returns it.
    pub async fn wait_beyond(&self, position: i64) -> i64 {
        let mut head = self.head.clone();
        let beyond = head
            .wait_for(|head| *head > position)
            .await
            .map(|head| *head)
            .ok();
        match beyond {
            Some(head) => head,
            // The work has ended: the service shuts down, nothing more will come.
            None => std::future::pending().await,
        }
    }

    /// The head of the feed as of a moment after the call: waits until every position handed out so
    /// far is decided, and returns the last of them.
    ///
    /// # Errors
    /// [`DbError`] when the database cannot be asked.
    pub async fn settled_head(&self) -> Result<i64, DbError> {
        self.horizon.settled_head().await
    }

    /// The events after `after` and up to `head`, at most `limit` of them.
    ///
    /// `head` must come from this feed: reading beyond it would skip events.
    ///
    /// # Errors
    /// [`DbError`] of the statement.
    pub async fn read(
        &self,
        after: i64,
        head: i64,
        filter: &Filter,
        limit: i64,
    ) -> Result<Batch, DbError> {
        let kept = {
            let tail = self.tail.lock().unwrap_or_else(PoisonError::into_inner);
            tail.read(after, head, filter, usize::try_from(limit).unwrap_or(0))
        };
        let events = match kept {
            Some(events) => events,
            None => {
                let mut tx = self.db.begin_background().await?;
                let statement = between(after, head, filter.clone(), limit);
                let rows = statement.fetch_all(&mut *tx).await?;
                tx.commit().await?;
                self.events(&rows)?
            }
        };
        Ok(batch(events, head, limit))
    }

    /// Moves the head on after every own commit with events, every hint of another replica, and at
    /// least once a poll period.
    async fn track(
        &self,
        head: &watch::Sender<i64>,
        mut news: watch::Receiver<u64>,
        heard: &Notify,
        shutdown: &CancellationToken,
    ) {
        loop {
            if let Err(error) = self.move_on(head).await {
                tracing::warn!(%error, "the feed's head cannot be read; trying again");
            }
            tokio::select! {
                () = shutdown.cancelled() => return,
                Ok(()) = news.changed() => {}
                () = heard.notified() => {}
                () = tokio::time::sleep(POLL_PERIOD) => {}
            }
        }
    }

    /// Finds out how far the feed goes now, and tells it once the tail goes as far.
    async fn move_on(&self, head: &watch::Sender<i64>) -> Result<(), DbError> {
        let settled = self.horizon.settled_head().await?;
        let known = *head.borrow();
        if settled <= known {
            return Ok(());
        }
        // The first look finds all there ever was.
        let news = if known == 0 {
            None
        } else {
            self.news(known, settled).await?
        };
        let mut tail = self.tail.lock().unwrap_or_else(PoisonError::into_inner);
        match news {
            Some(events) => tail.extend(events, settled),
            None => tail.restart(settled),
        }
        drop(tail);
        head.send_replace(settled);
        Ok(())
    }

    /// All events behind `known` and up to `settled`; none where they are more than the tail takes.
    async fn news(&self, known: i64, settled: i64) -> Result<Option<Vec<Event>>, DbError> {
        let limit = i64::try_from(TAIL_EVENTS).unwrap_or(i64::MAX);
        let statement = || between(known, settled, Filter::default(), limit);
        let rows = self.horizon.rows(statement).await?;
        if rows.len() == TAIL_EVENTS {
            return Ok(None);
        }
        Ok(Some(self.events(&rows)?))
    }

    fn events(&self, rows: &[PgRow]) -> Result<Vec<Event>, sqlx::Error> {
        rows.iter().map(|row| self.event(row)).collect()
    }

    fn event(&self, row: &PgRow) -> Result<Event, sqlx::Error> {
        let type_name: String = row.try_get("type")?;
        let event_time: Timestamp = row.try_get("event_time")?;
        Ok(Event {
            event_id: row.try_get::<uuid::Uuid, _>("event_id")?.to_string(),
            source: self.source.to_owned(),
            subject: row.try_get("subject")?,
            event_time: Some(contracts::convert::instant_to_wire(event_time.to_jiff())),
            tenant_id: row.try_get::<uuid::Uuid, _>("tenant_id")?.to_string(),
            position: row.try_get("position")?,
            subject_version: row.try_get("subject_version")?,
            traceparent: row.try_get("traceparent")?,
            data: Some(prost_types::Any {
                type_url: format!("type.googleapis.com/{type_name}"),
                value: row.try_get("data")?,
            }),
            r#type: type_name,
        })
    }
}

/// The statement for up to `limit` events behind `after` and up to `head`.
fn between(
    after: i64,
    head: i64,
    filter: Filter,
    limit: i64,
) -> Query<'static, Postgres, PgArguments> {
    sqlx::query(
        "SELECT position, tenant_id, event_id, type, subject, subject_version, event_time,
                traceparent, data
           FROM event
          WHERE position > $1 AND position <= $2
            AND ($3::uuid IS NULL OR tenant_id = $3)
            AND (cardinality($4::text[]) = 0 OR type = ANY ($4))
          ORDER BY position LIMIT $5",
    )
    .bind(after)
    .bind(head)
    .bind(filter.tenant.map(TenantId::uuid))
    .bind(filter.types)
    .bind(limit)
}

/// What was found up to `head` as a batch, cut where its data gets too long.
fn batch(mut events: Vec<Event>, head: i64, limit: i64) -> Batch {
    let mut bytes = 0;
    let fit = events.iter().take_while(|event| {
        let before = bytes;
        bytes += event.data.as_ref().map_or(0, |data| data.value.len());
        before <= BATCH_BYTES
    });
    let count = fit.count();
    let whole = count == events.len() && i64::try_from(count).is_ok_and(|n| n < limit);
    events.truncate(count);
    let last = events.last().map(|event| event.position);
    Batch {
        scanned_to: last.filter(|_| !whole).unwrap_or(head),
        events,
    }
}
