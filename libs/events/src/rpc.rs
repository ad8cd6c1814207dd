//! The two gRPC services of a feed, the same in every service of Recoup.

use std::sync::Arc;
use std::time::Duration;

use contracts::events::event_feed_service_server::EventFeedService;
use contracts::events::parked_event_service_server::ParkedEventService;
use contracts::events::{
    GetFeedHeadRequest, GetFeedHeadResponse, ListParkedEventsRequest, ListParkedEventsResponse,
    ParkedEvent, ReadEventsRequest, ReadEventsResponse, ReplayParkedEventsRequest,
    ReplayParkedEventsResponse,
};
use futures_util::Stream;
use futures_util::stream::BoxStream;
use postgres::pages::Listing;
use postgres::{Database, TenantId};
use runtime::{Answer, Call, FieldViolation, Refusal, Runner};
use tonic::{Request, Response, Status};

use crate::consumer::Apply;
use crate::feed::{Batch, Feed, Filter};
use crate::parking;

/// The scope with which a token without a tenant reads the events of all.
const ALL_TENANTS: &str = "feed:all";

const DEFAULT_BATCH: i32 = 200;
const MAX_BATCH: i32 = 1_000;
const DEFAULT_WAIT: Duration = Duration::from_secs(10);
const MAX_WAIT: Duration = Duration::from_secs(30);

/// `recoup.events.v1.EventFeedService` over one service's own feed.
#[derive(Debug, Clone)]
pub struct EventFeed {
    feed: Feed,
    runner: Runner,
}

impl EventFeed {
    /// Serves `feed`.
    #[must_use]
    pub const fn new(feed: Feed, runner: Runner) -> Self {
        Self { feed, runner }
    }
}

#[tonic::async_trait]
impl EventFeedService for EventFeed {
    type ReadEventsStream = BoxStream<'static, Result<ReadEventsResponse, Status>>;

    async fn read_events(
        &self,
        request: Request<ReadEventsRequest>,
    ) -> Result<Response<Self::ReadEventsStream>, Status> {
        let feed = self.feed.clone();
        let answer = self
            .runner
            .stream(request, async |call, request| {
                let reading = Reading::try_new(&feed, &call, request)?;
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
        self.runner
            .read(request, async |_, request| {
                check_source(&self.feed, &request.source)?;
                Ok(GetFeedHeadResponse {
                    head_position: self.feed.settled_head().await?,
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
    fn try_new(feed: &Feed, call: &Call, request: ReadEventsRequest) -> Result<Self, Refusal> {
        check_source(feed, &request.source)?;
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

/// Whose events a token reads: its tenant's, or all with no tenant and the scope.
fn tenant_of(call: &Call) -> Result<Option<TenantId>, Refusal> {
    match call.tenant_if_any() {
        Some(tenant) => Ok(Some(tenant)),
        None if call.has_scope(ALL_TENANTS) => Ok(None),
        None => Err(Refusal::denied(
            "SCOPE_MISSING",
            "a token without a tenant reads the feed with the scope feed:all",
        )),
    }
}

fn check_source(feed: &Feed, source: &str) -> Result<(), Refusal> {
    if source == feed.source() {
        return Ok(());
    }
    let fault = format!("this is the feed of {}", feed.source());
    Err(Refusal::invalid(
        "SOURCE_NOT_SERVED",
        vec![FieldViolation::new("source", fault)],
    ))
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

/// `recoup.events.v1.ParkedEventService` over what one service has parked.
pub struct ParkedEvents<A> {
    db: Database,
    runner: Runner,
    app: Arc<A>,
    apply: fn(&str) -> Option<Apply<A>>,
    applied: fn(&A),
}

impl<A> ParkedEvents<A> {
    /// Lists and replays what is parked in `db`. `apply` gives the handler of each
    /// feed that the service consumes, `applied` is called after each replay.
    #[must_use]
    pub const fn new(
        db: Database,
        runner: Runner,
        app: Arc<A>,
        apply: fn(&str) -> Option<Apply<A>>,
        applied: fn(&A),
    ) -> Self {
        Self {
            db,
            runner,
            app,
            apply,
            applied,
        }
    }
}

#[tonic::async_trait]
impl<A: Send + Sync + 'static> ParkedEventService for ParkedEvents<A> {
    async fn list_parked_events(
        &self,
        request: Request<ListParkedEventsRequest>,
    ) -> Result<Response<ListParkedEventsResponse>, Status> {
        self.runner
            .read(request, async |call, request| {
                let tenant = tenant_of(&call)?;
                let listing =
                    Listing::new(call.tenant(), call.method().path, request.source.as_bytes());
                let page = listing.page::<(String, i64)>(request.page_size, &request.page_token)?;
                let source = Some(request.source.as_str()).filter(|source| !source.is_empty());
                let limit = page.fetch_limit();
                let rows = parking::list(&self.db, tenant, source, page.after(), limit).await?;
                let (shown, next_page_token) =
                    page.cut(rows, |row| (row.event.source.clone(), row.event.position));
                let parked_events = shown.into_iter().map(to_wire).collect();
                Ok(ListParkedEventsResponse {
                    parked_events,
                    next_page_token,
                })
            })
            .await
    }

    async fn replay_parked_events(
        &self,
        request: Request<ReplayParkedEventsRequest>,
    ) -> Result<Response<ReplayParkedEventsResponse>, Status> {
        let (db, app) = (self.db.clone(), Arc::clone(&self.app));
        let (apply, applied) = (self.apply, self.applied);
        self.runner
            .run_to_end(request, |call, request| async move {
                replay(&db, app.as_ref(), apply, applied, &call, &request).await
            })
            .await
    }
}

/// Harmless to repeat, and its answer is how things stand: nothing is stored for
/// the request id.
async fn replay<A: Sync>(
    db: &Database,
    app: &A,
    apply: fn(&str) -> Option<Apply<A>>,
    applied: fn(&A),
    call: &Call,
    request: &ReplayParkedEventsRequest,
) -> Result<Answer<ReplayParkedEventsResponse>, Refusal> {
    let invalid =
        |field, fault| Refusal::invalid("REQUEST_INVALID", vec![FieldViolation::new(field, fault)]);
    let tenant: TenantId = request
        .tenant_id
        .parse()
        .map_err(|_| invalid("tenant_id", "must be a UUID"))?;
    let apply = apply(&request.source)
        .ok_or_else(|| invalid("source", "is no feed that is consumed here"))?;
    let nothing = || {
        Refusal::not_found(
            "PARKED_EVENT_NOT_FOUND",
            "parked event of subject",
            &request.subject,
        )
    };
    if tenant_of(call)?.is_some_and(|own| own != tenant) {
        return Err(nothing());
    }
    let replayed = parking::replay(db, app, apply, tenant, &request.source, &request.subject)
        .await?
        .ok_or_else(nothing)?;
    applied(app);
    Ok(Answer::new(ReplayParkedEventsResponse {
        applied_count: i32::try_from(replayed.applied).unwrap_or(i32::MAX),
        still_parked_count: i32::try_from(replayed.left).unwrap_or(i32::MAX),
        reason: replayed.reason.unwrap_or_default(),
    }))
}

fn to_wire(parked: parking::ParkedEvent) -> ParkedEvent {
    ParkedEvent {
        event: Some(parked.event),
        reason: parked.reason,
        tries: parked.tries,
        parked_time: Some(contracts::convert::instant_to_wire(parked.parked_time)),
    }
}
