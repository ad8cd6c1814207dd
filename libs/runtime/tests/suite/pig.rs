//! The guinea pig: two services of the contracts whose handlers do what the request
//! tells them, so that a test can hold a call at any point.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use contracts::events::event_feed_service_server::{EventFeedService, EventFeedServiceServer};
use contracts::events::parked_event_service_server::{
    ParkedEventService, ParkedEventServiceServer,
};
use contracts::events::*;
use futures_util::stream::{self, BoxStream, StreamExt as _};
use prost::Message as _;
use runtime::{Answer, Call, MAX_MESSAGE_BYTES, Refusal, Runner, Services};
use tokio::sync::Semaphore;
use tonic::{Request, Response, Status};

/// Where calls wait and what became of them.
#[derive(Default)]
pub struct Steps {
    pub begun: AtomicUsize,
    pub finished: AtomicUsize,
    pub let_finish: Gate,
}

/// Closed until a test opens it.
pub struct Gate(Semaphore);

impl Default for Gate {
    fn default() -> Self {
        Self(Semaphore::new(0))
    }
}

impl Gate {
    pub fn open(&self) {
        self.0.add_permits(1000);
    }

    async fn pass(&self) {
        self.0.acquire().await.unwrap().forget();
    }
}

impl Steps {
    async fn work(&self) {
        self.begun.fetch_add(1, Ordering::SeqCst);
        self.let_finish.pass().await;
        self.finished.fetch_add(1, Ordering::SeqCst);
    }
}

#[derive(Clone)]
pub struct Pig {
    pub runner: Runner,
    pub steps: Arc<Steps>,
}

impl Pig {
    pub fn services(&self) -> Services {
        let parked = ParkedEventServiceServer::new(self.clone())
            .max_decoding_message_size(MAX_MESSAGE_BYTES)
            .max_encoding_message_size(MAX_MESSAGE_BYTES);
        Services::new()
            .with(parked)
            .with(EventFeedServiceServer::new(self.clone()))
    }
}

/// What a handler knows of its call.
pub fn described(call: &Call) -> String {
    let tenant = call
        .tenant_if_any()
        .map_or("none".to_owned(), |tenant| tenant.to_string());
    let left = call
        .deadline()
        .map_or(0, |deadline| deadline.left().as_millis());
    let peer = call.peer().unwrap_or("none");
    [
        &tenant,
        call.actor(),
        call.caller(),
        peer,
        call.traceparent(),
        &left.to_string(),
    ]
    .join("|")
}

async fn list(
    steps: Arc<Steps>,
    call: Call,
    request: ListParkedEventsRequest,
) -> Result<ListParkedEventsResponse, Refusal> {
    match request.source.as_str() {
        "wait" => steps.work().await,
        "panic" => panic!("canary-panic"),
        "internal" => return Err(Refusal::internal("the cause")),
        "down" => {
            steps.begun.fetch_add(1, Ordering::SeqCst);
            return Err(Refusal::unavailable(
                "DATABASE_UNAVAILABLE",
                std::time::Duration::ZERO,
            ));
        }
        _ => {}
    }
    Ok(ListParkedEventsResponse {
        next_page_token: described(&call),
        ..Default::default()
    })
}

async fn replay(
    steps: Arc<Steps>,
    call: Call,
    request: ReplayParkedEventsRequest,
) -> Result<Answer<ReplayParkedEventsResponse>, Refusal> {
    let mut answer = ReplayParkedEventsResponse {
        applied_count: 1,
        reason: call.request_id().to_owned(),
        ..Default::default()
    };
    match request.subject.as_str() {
        "wait" => steps.work().await,
        "panic" => panic!("canary-panic"),
        "stored" => {
            answer.applied_count = 7;
            return Ok(Answer::replayed(answer.encode_to_vec()));
        }
        "rule" => {
            return Err(
                Refusal::rule("SUBJECT_BUSY", "STATE", "subject/1", "it is busy")
                    .with_metadata("since", "now"),
            );
        }
        _ => {}
    }
    Ok(answer.into())
}

async fn read_events(
    request: ReadEventsRequest,
) -> Result<BoxStream<'static, Result<ReadEventsResponse, Refusal>>, Refusal> {
    let batch = |position| {
        Ok(ReadEventsResponse {
            scanned_to_position: position,
            ..Default::default()
        })
    };
    match request.source.as_str() {
        "three" => Ok(stream::iter((1..=3).map(batch)).boxed()),
        "silent" => Ok(stream::iter([batch(1)]).chain(stream::pending()).boxed()),
        "endless" => Ok(stream::iter(1..).map(batch).boxed()),
        "panic" => Ok(stream::iter(1..)
            .map(move |at| {
                if at < 2 {
                    batch(at)
                } else {
                    panic!("canary-panic")
                }
            })
            .boxed()),
        "refuse" => Ok(stream::iter([batch(1), Err(Refusal::stale("FEED_MOVED"))]).boxed()),
        _ => Err(Refusal::invalid("SOURCE_NOT_SERVED", Vec::new())),
    }
}

#[tonic::async_trait]
impl ParkedEventService for Pig {
    async fn list_parked_events(
        &self,
        request: Request<ListParkedEventsRequest>,
    ) -> Result<Response<ListParkedEventsResponse>, Status> {
        self.runner
            .read(request, |call, message| {
                list(self.steps.clone(), call, message)
            })
            .await
    }

    async fn replay_parked_events(
        &self,
        request: Request<ReplayParkedEventsRequest>,
    ) -> Result<Response<ReplayParkedEventsResponse>, Status> {
        let steps = self.steps.clone();
        self.runner
            .run_to_end(request, |call, message| replay(steps, call, message))
            .await
    }
}

#[tonic::async_trait]
impl EventFeedService for Pig {
    type ReadEventsStream = BoxStream<'static, Result<ReadEventsResponse, Status>>;

    async fn read_events(
        &self,
        request: Request<ReadEventsRequest>,
    ) -> Result<Response<Self::ReadEventsStream>, Status> {
        let answer = self
            .runner
            .stream(request, |_, message| read_events(message))
            .await?;
        Ok(answer.map(|stream| stream.boxed()))
    }

    async fn get_feed_head(
        &self,
        request: Request<GetFeedHeadRequest>,
    ) -> Result<Response<GetFeedHeadResponse>, Status> {
        let head = |_, _| async { Ok(GetFeedHeadResponse { head_position: 42 }) };
        self.runner.read(request, head).await
    }
}
