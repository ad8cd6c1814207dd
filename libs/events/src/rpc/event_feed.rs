//! Reading feeds: batches in order, as they come, for as long as the reader likes.

use std::time::Duration;

use contracts::events::event_feed_service_server::EventFeedService;
use contracts::events::{
    GetFeedHeadRequest, GetFeedHeadResponse, ReadEventsRequest, ReadEventsResponse,
};
use futures_util::Stream;
use futures_util::stream::BoxStream;
use runtime::{Call, FieldViolation, Refusal, Runner};
use tonic::{Request, Response, Status};

use super::{name_fault, tenant_of};
use crate::feed::{Batch, Feed, Filter};

const DEFAULT_BATCH: i32 = 200;
const MAX_BATCH: i32 = 1_000;
/// The most types that a reader narrows to.
const MAX_TYPES: usize = 100;
const DEFAULT_WAIT: Duration = Duration::from_secs(10);
const MAX_WAIT: Duration = Duration::from_secs(30);

/// `recoup.events.v1.EventFeedService` over the feeds of the services in one process.
#[derive(Debug, Clone)]
pub struct EventFeed {
    /// The runner for calls that name no feed of these.
    first: Runner,
    feeds: Vec<(Feed, Runner)>,
}

impl EventFeed {
    /// Serves `feed`; `runner` is that of its service.
    #[must_use]
    pub fn new(feed: Feed, runner: Runner) -> Self {
        let first = runner.clone();
        Self {
            first,
            feeds: vec![(feed, runner)],
        }
    }

    /// Serves the feeds of `others` too.
    #[must_use]
    pub fn and(mut self, others: Self) -> Self {
        self.feeds.extend(others.feeds);
        self
    }

    /// The feed of this source, and the runner of its service.
    fn find(&self, source: &str) -> (Option<&Feed>, &Runner) {
        let found = self.feeds.iter().find(|(feed, _)| feed.source() == source);
        found.map_or((None, &self.first), |(feed, runner)| (Some(feed), runner))
    }

    fn not_served(&self) -> Refusal {
        let sources: Vec<&str> = self.feeds.iter().map(|(feed, _)| feed.source()).collect();
        let fault = format!("this is the feed of {}", sources.join(", "));
        Refusal::invalid(
            "SOURCE_NOT_SERVED",
            vec![FieldViolation::new("source", fault)],
        )
    }
}

#[tonic::async_trait]
impl EventFeedService for EventFeed {
    type ReadEventsStream = BoxStream<'static, Result<ReadEventsResponse, Status>>;

    async fn read_events(
        &self,
        request: Request<ReadEventsRequest>,
    ) -> Result<Response<Self::ReadEventsStream>, Status> {
        let (feed, runner) = self.find(&request.get_ref().source);
        let feed = feed.cloned();
        let answer = runner
            .stream(request, async |call, request| {
                let feed = feed.ok_or_else(|| self.not_served())?;
                let reading = Reading::try_new(&call, request)?;
                // Without following, the head as of now: what was committed before
                // the call is told, whether or not a hint of it came through.
                let until = if reading.follow {
                    None
                } else {
                    Some(feed.settled_head().await?)
                };
                Ok(batches(feed, reading, until))
            })
            .await?;
        Ok(answer.map(|stream| -> Self::ReadEventsStream { Box::pin(stream) }))
    }

    async fn get_feed_head(
        &self,
        request: Request<GetFeedHeadRequest>,
    ) -> Result<Response<GetFeedHeadResponse>, Status> {
        let (feed, runner) = self.find(&request.get_ref().source);
        runner
            .read(request, async |_, _| {
                let feed = feed.ok_or_else(|| self.not_served())?;
                Ok(GetFeedHeadResponse {
                    head_position: feed.settled_head().await?,
                })
            })
            .await
    }
}

/// What a reader asked, checked.
#[derive(Debug)]
struct Reading {
    after: i64,
    filter: Filter,
    limit: i64,
    wait: Duration,
    follow: bool,
}

impl Reading {
    fn try_new(call: &Call, request: ReadEventsRequest) -> Result<Self, Refusal> {
        let mut violations = Vec::new();
        if request.after_position < 0 {
            violations.push(FieldViolation::new("after_position", "must be 0 or more"));
        }
        if !(0..=MAX_BATCH).contains(&request.batch_limit) {
            violations.push(FieldViolation::new(
                "batch_limit",
                "must be 0 (for 200) to 1000",
            ));
        }
        if request.types.len() > MAX_TYPES {
            violations.push(FieldViolation::new("types", "has more than 100 entries"));
        }
        for (index, name) in request.types.iter().enumerate().take(MAX_TYPES) {
            let fault = name_fault(name);
            let path = format!("types[{index}]");
            violations.extend(fault.map(|fault| FieldViolation::new(path, fault)));
        }
        let wait = request.wait.map_or(Ok(DEFAULT_WAIT), Duration::try_from);
        let wait = wait.ok().filter(|wait| *wait <= MAX_WAIT);
        if wait.is_none() {
            violations.push(FieldViolation::new("wait", "must be 0 to 30 s"));
        }
        if !violations.is_empty() {
            return Err(Refusal::invalid("REQUEST_INVALID", violations));
        }
        let limit = if request.batch_limit == 0 {
            DEFAULT_BATCH
        } else {
            request.batch_limit
        };
        Ok(Self {
            after: request.after_position,
            filter: Filter {
                tenant: tenant_of(call)?,
                types: request.types,
            },
            limit: i64::from(limit),
            wait: wait.unwrap_or_default(),
            follow: request.follow,
        })
    }
}

/// The batches of a reading: as they come, and an empty one after each wait in
/// which nothing came; without following, up to `until` and then the end.
fn batches(
    feed: Feed,
    reading: Reading,
    until: Option<i64>,
) -> impl Stream<Item = Result<ReadEventsResponse, Refusal>> + Send {
    let after = reading.after;
    futures_util::stream::try_unfold(Some(after), move |after| {
        let feed = feed.clone();
        let (filter, limit, wait) = (reading.filter.clone(), reading.limit, reading.wait);
        async move {
            let Some(after) = after else { return Ok(None) };
            let batch = match until {
                Some(until) => feed.read(after, until.max(after), &filter, limit).await?,
                None => next_batch(&feed, after, &filter, limit, wait).await?,
            };
            let to = batch.scanned_to;
            let next = until.is_none_or(|until| to < until).then_some(to);
            let answer = ReadEventsResponse {
                events: batch.events,
                scanned_to_position: to,
            };
            Ok::<_, Refusal>(Some((answer, next)))
        }
    })
}

/// The next events that the filter lets through, or the progress after `wait`.
async fn next_batch(
    feed: &Feed,
    after: i64,
    filter: &Filter,
    limit: i64,
    wait: Duration,
) -> Result<Batch, Refusal> {
    let over = tokio::time::sleep(wait);
    tokio::pin!(over);
    let mut from = after;
    loop {
        tokio::select! {
            head = feed.wait_beyond(from) => {
                let batch = feed.read(from, head, filter, limit).await?;
                if !batch.events.is_empty() {
                    return Ok(batch);
                }
                from = batch.scanned_to;
            }
            () = &mut over => {
                return Ok(Batch { events: Vec::new(), scanned_to: from });
            }
        }
    }
}
