//! Consuming the feed of another service.
//!
//! 1. Read the cursor, open the producer's stream behind it.
//! 2. For each batch, and those that came while the one before was applied, one
//!    transaction: move the cursor from exactly where it was (the row lock keeps other
//!    replicas out; a cursor that is elsewhere ends the batch), then apply the events in
//!    order, under the tenant of each run of them. So every event acts once, whatever is
//!    killed when. The feeds of one service take turns.
//! 3. An event that fails spoils its batch, which is rolled back and done event by
//!    event: the bad one is tried a few times and then parked with its reason, later
//!    events of its subject behind it; the others go on.
//! 4. What passes by itself (database away, lock not to be had, stream broken) is
//!    tried for ever, with a pause, and parks nothing.

use std::collections::HashSet;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::time::Duration;

use calendar::Clock;
use contracts::common::Event;
use contracts::events::event_feed_service_client::EventFeedServiceClient;
use contracts::events::{ReadEventsRequest, ReadEventsResponse};
use futures_util::FutureExt as _;
use futures_util::stream::{Peekable, Stream, StreamExt as _};
use postgres::{Database, DbError, TenantId, Tx};
use runtime::{Errand, Peer, Shutdown, Tasks, fault};
use tokio_util::sync::CancellationToken;
use tonic::Status;
use tonic::body::Body;
use tonic::client::GrpcService;

use crate::apply::{Apply, ApplyError};
use crate::cursor::{self, Moved};
use crate::parking::{self, ParkedEvent};

/// How a consumer behaves.
#[derive(Debug, Clone, Copy)]
pub struct ConsumerSettings {
    /// Events in one transaction at most.
    pub batch_limit: i32,
    /// How often an event is tried before it is parked.
    pub tries: i32,
    /// Pause after the first failure; doubles up to 64 times that.
    pub retry_pause: Duration,
}

impl Default for ConsumerSettings {
    fn default() -> Self {
        Self {
            batch_limit: 200,
            tries: 5,
            retry_pause: Duration::from_millis(20),
        }
    }
}

/// The consumer of one feed in one service.
pub struct Consumer<A> {
    /// The producer, for example `invoicing`.
    pub source: &'static str,
    /// The consumer's own database: cursor, parked events and effects.
    pub db: Database,
    /// What the handler works with.
    pub app: Arc<A>,
    /// The handler.
    pub apply: Apply<A>,
    /// Called after each commit, for example to announce the timers that were scheduled.
    pub applied: fn(&A),
    /// Business time, for the record of parked events.
    pub clock: Clock,
    /// How it behaves.
    pub settings: ConsumerSettings,
}

/// How a batch ended.
enum Outcome {
    /// The cursor is at its end.
    Applied,
    /// Another replica moved the cursor: nothing was done.
    Elsewhere,
    /// An event failed, for this reason; nothing of the batch stands.
    Spoiled(String),
}

impl<A: Send + Sync + 'static> Consumer<A> {
    /// Consumes the feed of `producer`, for all tenants, as one of `tasks` until `shutdown`.
    pub fn start(self, producer: &Peer, tasks: &Tasks, shutdown: &Shutdown) {
        let channel = producer.channel(Errand::across_tenants(""));
        let consuming = self.run(EventFeedServiceClient::new(channel), shutdown.token());
        tasks.spawn("feed of a peer", consuming);
    }

    /// Consumes until `shutdown`, opening the stream again whenever it ends.
    pub async fn run<C>(self, client: EventFeedServiceClient<C>, shutdown: CancellationToken)
    where
        C: GrpcService<Body> + Clone + Send + Sync,
        C::Error: Into<tonic::codegen::StdError>,
        C::ResponseBody: tonic::codegen::Body<Data = tonic::codegen::Bytes> + Send + 'static,
        <C::ResponseBody as tonic::codegen::Body>::Error: Into<tonic::codegen::StdError> + Send,
    {
        let mut failures = 0;
        loop {
            let consuming = self.consume_stream(client.clone());
            tokio::select! {
                // First: a producer that shuts down with us ends the stream, and must not be
                // asked for another one.
                biased;
                () = shutdown.cancelled() => return,
                outcome = consuming => match outcome {
                    Ok(()) => failures = 0,
                    Err(error) => {
                        failures += 1;
                        tracing::warn!(source = self.source, %error, "feed interrupted; trying again");
                    }
                }
            }
            tokio::select! {
                biased;
                () = shutdown.cancelled() => return,
                () = tokio::time::sleep(self.pause(failures)) => {}
            }
        }
    }

    /// One stream from the cursor on, until it ends or something fails.
    async fn consume_stream<C>(&self, mut client: EventFeedServiceClient<C>) -> Result<(), String>
    where
        C: GrpcService<Body>,
        C::Error: Into<tonic::codegen::StdError>,
        C::ResponseBody: tonic::codegen::Body<Data = tonic::codegen::Bytes> + Send + 'static,
        <C::ResponseBody as tonic::codegen::Body>::Error: Into<tonic::codegen::StdError> + Send,
    {
        let text = |error: DbError| error.to_string();
        cursor::create(&self.db, self.source).await.map_err(text)?;
        let mut position = cursor::position(&self.db, self.source)
            .await
            .map_err(text)?;
        let request = ReadEventsRequest {
            source: self.source.to_owned(),
            after_position: position,
            batch_limit: self.settings.batch_limit,
            follow: true,
            ..ReadEventsRequest::default()
        };
        let answer = client
            .read_events(request)
            .await
            .map_err(|status| status.to_string())?;
        let mut batches = pin!(answer.into_inner().peekable());
        while let Some(batch) = batches.next().await {
            let first = batch.map_err(|status| status.to_string())?;
            let batch = joined(first, batches.as_mut(), self.settings.batch_limit);
            if !self.take(&batch, position).await.map_err(text)? {
                return Ok(());
            }
            position = batch.scanned_to_position;
        }
        Ok(())
    }

    /// Applies one batch that starts behind `from`. False where the cursor is no
    /// longer there, and the stream has to be opened anew.
    ///
    /// # Errors
    /// [`DbError`] of what passes by itself.
    pub async fn take(&self, batch: &ReadEventsResponse, from: i64) -> Result<bool, DbError> {
        match self.apply_batch(batch, from).await? {
            Outcome::Applied => Ok(true),
            Outcome::Elsewhere => Ok(false),
            Outcome::Spoiled(_) => self.take_one_by_one(batch, from).await,
        }
    }

    async fn take_one_by_one(
        &self,
        batch: &ReadEventsResponse,
        mut from: i64,
    ) -> Result<bool, DbError> {
        for event in &batch.events {
            let single = ReadEventsResponse {
                events: vec![event.clone()],
                scanned_to_position: event.position,
            };
            let mut tries = 1;
            loop {
                match self.apply_batch(&single, from).await? {
                    Outcome::Applied => break,
                    Outcome::Elsewhere => return Ok(false),
                    Outcome::Spoiled(_) if tries < self.settings.tries => {
                        tokio::time::sleep(self.pause(tries)).await;
                        tries += 1;
                    }
                    Outcome::Spoiled(reason) => {
                        if !self.park(event, from, tries, &reason).await? {
                            return Ok(false);
                        }
                        break;
                    }
                }
            }
            from = event.position;
        }
        let rest = ReadEventsResponse {
            events: Vec::new(),
            scanned_to_position: batch.scanned_to_position,
        };
        Ok(matches!(
            self.apply_batch(&rest, from).await?,
            Outcome::Applied
        ))
    }

    async fn apply_batch(&self, batch: &ReadEventsResponse, from: i64) -> Result<Outcome, DbError> {
        let to = batch.scanned_to_position;
        if to == from && batch.events.is_empty() {
            return Ok(Outcome::Applied);
        }
        // Under the role that row-level security binds, except where there is only the cursor to move.
        let tenant = batch.events.first().map(tenant_of).transpose()?;
        let moved = cursor::move_on(&self.db, tenant, self.source, (from, to)).await?;
        let Some(Moved { mut tx, has_parked }) = moved else {
            return Ok(Outcome::Elsewhere);
        };
        // Told of the first tenant alone: of others it is not known.
        let mut may_have_parked = has_parked;
        fault::point("events.consumer.cursor_moved");
        for run in batch
            .events
            .chunk_by(|one, next| one.tenant_id == next.tenant_id)
        {
            let applied = self.apply_run(&mut tx, run, may_have_parked).await;
            may_have_parked = true;
            match applied {
                Ok(()) => {}
                Err(ApplyError::Retry(error)) => {
                    tx.rollback().await?;
                    return Err(error);
                }
                Err(ApplyError::Poison(reason)) => {
                    tracing::warn!(source = self.source, reason, "an event cannot be applied");
                    tx.rollback().await?;
                    return Ok(Outcome::Spoiled(reason));
                }
            }
        }
        fault::point("events.consumer.before_commit");
        tx.commit().await?;
        fault::point("events.consumer.committed");
        (self.applied)(&self.app);
        Ok(Outcome::Applied)
    }

    /// The events of one tenant in a row: row-level security is theirs alone.
    async fn apply_run(
        &self,
        tx: &mut Tx,
        run: &[Event],
        may_have_parked: bool,
    ) -> Result<(), ApplyError> {
        let Some(first) = run.first() else {
            return Ok(());
        };
        let tenant = tenant_of(first)?;
        tx.set_tenant(tenant).await?;
        let parked = if may_have_parked {
            let subjects: Vec<String> = run.iter().map(|event| event.subject.clone()).collect();
            parking::parked_subjects_in_tx(tx, tenant, self.source, &subjects).await?
        } else {
            HashSet::new()
        };
        let (behind, free): (Vec<&Event>, Vec<&Event>) = run
            .iter()
            .partition(|event| parked.contains(&event.subject));
        for event in behind {
            let reason = "an earlier event of the same subject is parked";
            parking::park_in_tx(tx, tenant, &self.parked(event, reason, 0)).await?;
        }
        if free.is_empty() {
            return Ok(());
        }
        self.apply.call(self.app.as_ref(), tx, &free).await
    }

    /// Parks an event that failed for the last time and moves the cursor past it.
    async fn park(
        &self,
        event: &Event,
        from: i64,
        tries: i32,
        reason: &str,
    ) -> Result<bool, DbError> {
        let tenant = tenant_of(event)?;
        let way = (from, event.position);
        let moved = cursor::move_on(&self.db, Some(tenant), self.source, way).await?;
        let Some(Moved { mut tx, .. }) = moved else {
            return Ok(false);
        };
        parking::park_in_tx(&mut tx, tenant, &self.parked(event, reason, tries)).await?;
        tx.commit().await?;
        let (source, kind) = (self.source, &event.r#type);
        tracing::error!(
            source,
            event_id = event.event_id,
            kind,
            reason,
            "event parked"
        );
        Ok(true)
    }

    fn parked(&self, event: &Event, reason: &str, tries: i32) -> ParkedEvent {
        let parked_time = self.clock.now();
        ParkedEvent {
            event: event.clone(),
            reason: reason.to_owned(),
            tries,
            parked_time,
        }
    }

    fn pause(&self, failures: i32) -> Duration {
        let doublings = u32::try_from(failures - 1).unwrap_or(0).min(6);
        self.settings.retry_pause * (1 << doublings)
    }
}

/// `batch` and those of `rest` that are here already, of up to `limit` events: a transaction costs the
/// same for all of them, and what follows from them is done once.
fn joined<S>(
    mut batch: ReadEventsResponse,
    mut rest: Pin<&mut Peekable<S>>,
    limit: i32,
) -> ReadEventsResponse
where
    S: Stream<Item = Result<ReadEventsResponse, Status>>,
{
    let limit = usize::try_from(limit).unwrap_or(0);
    loop {
        let room = limit.saturating_sub(batch.events.len());
        let fits = |next: &Result<ReadEventsResponse, Status>| {
            next.as_ref().is_ok_and(|next| next.events.len() <= room)
        };
        let Some(Some(Ok(next))) = rest.as_mut().next_if(fits).now_or_never() else {
            return batch;
        };
        batch.events.extend(next.events);
        batch.scanned_to_position = next.scanned_to_position;
    }
}

/// The tenant of an event. A producer that names none is broken beyond what parking
/// could mend: consumption stops there, loudly, until it is mended.
fn tenant_of(event: &Event) -> Result<TenantId, DbError> {
    event.tenant_id.parse().map_err(|_| {
        DbError::Unfit(format!(
            "event {} of {} names no tenant",
            event.event_id, event.source
        ))
    })
}

#[cfg(test)]
mod tests {
    use futures_util::stream;

    use super::*;

    /// The events behind `after` up to `to`.
    fn batch(after: i64, to: i64) -> ReadEventsResponse {
        let event = |position| Event {
            position,
            ..Event::default()
        };
        ReadEventsResponse {
            events: (after + 1..=to).map(event).collect(),
            scanned_to_position: to,
        }
    }

    #[tokio::test]
    async fn what_is_here_already_is_joined_up_to_the_limit_and_to_what_went_wrong() {
        let broken = Err(Status::unavailable("the producer is gone"));
        let here = [Ok(batch(2, 3)), Ok(batch(3, 3)), Ok(batch(3, 5))];
        let later = [Ok(batch(5, 6)), broken, Ok(batch(6, 7))];
        let told = stream::iter(here.into_iter().chain(later)).chain(stream::pending());
        let mut told = pin!(told.peekable());
        // Not to the third, with which it would be too long.
        let first = joined(batch(0, 2), told.as_mut(), 4);
        assert_eq!(first, batch(0, 3));
        let next = told.next().await.unwrap().unwrap();
        assert_eq!(joined(next, told.as_mut(), 4), batch(3, 6));
        assert!(told.next().await.unwrap().is_err());
        let last = told.next().await.unwrap().unwrap();
        assert_eq!(joined(last, told.as_mut(), 4), batch(6, 7));
    }
}
