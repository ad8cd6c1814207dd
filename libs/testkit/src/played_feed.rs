//! The event feeds of peers, played: what a test announces is read out in order, each source by
//! itself, unless the test keeps it back; the head then lies ahead of what anybody has heard.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use contracts::common::Event;
use contracts::convert::instant_to_wire;
use contracts::events::event_feed_service_server::{EventFeedService, EventFeedServiceServer};
use contracts::events::{
    GetFeedHeadRequest, GetFeedHeadResponse, ReadEventsRequest, ReadEventsResponse,
};
use futures_util::stream::{self, BoxStream, StreamExt as _};
use prost::{Message, Name};
use tokio::sync::watch;
use tokio::time::timeout;
use tonic::transport::Server;
use tonic::transport::server::TcpIncoming;
use tonic::{Request, Response, Status};
use uuid::Uuid;

use crate::{InProcess, serve};

/// How long an empty batch is held back.
const WAIT: Duration = Duration::from_millis(500);

/// What one source has announced.
#[derive(Debug, Default)]
struct Log {
    events: Vec<Event>,
    /// So many of them are read out; none: all.
    served: Option<usize>,
}

/// What was announced, of all sources.
#[derive(Debug, Clone)]
pub struct PlayedFeed {
    logs: Arc<Mutex<BTreeMap<String, Log>>>,
    changed: watch::Sender<()>,
}

impl Default for PlayedFeed {
    fn default() -> Self {
        Self {
            logs: Arc::default(),
            changed: watch::Sender::new(()),
        }
    }
}

impl PlayedFeed {
    /// Serves it alone, for a service under test that calls its peers for nothing else.
    pub async fn serve(&self) -> InProcess {
        let service = self.service();
        serve(|listener, stop| async move {
            let incoming = TcpIncoming::from(listener);
            let router = Server::builder().add_service(service);
            router
                .serve_with_incoming_shutdown(incoming, stop.cancelled_owned())
                .await
        })
        .await
    }

    /// The service that reads it out.
    #[must_use]
    pub fn service(&self) -> EventFeedServiceServer<Self> {
        EventFeedServiceServer::new(self.clone())
    }

    /// Announces what happened to `subject`, which is at `version` after it.
    pub fn announce<M: Message + Name>(
        &self,
        source: &str,
        tenant: Uuid,
        subject: Uuid,
        version: i64,
        data: &M,
    ) {
        let mut logs = self.logs();
        let log = logs.entry(source.to_owned()).or_default();
        log.events.push(Event {
            event_id: Uuid::now_v7().to_string(),
            source: source.to_owned(),
            r#type: M::full_name(),
            subject: subject.to_string(),
            event_time: Some(instant_to_wire(
                "2026-03-01T00:00:00Z".parse().expect("a played feed"),
            )),
            tenant_id: tenant.to_string(),
            position: log.head() + 1,
            subject_version: version,
            traceparent: String::new(),
            data: Some(prost_types::Any {
                type_url: format!("type.googleapis.com/{}", M::full_name()),
                value: data.encode_to_vec(),
            }),
        });
        drop(logs);
        self.changed.send_replace(());
    }

    /// What `source` announces from now on is known to be there, and not read out.
    pub fn keep_back(&self, source: &str) {
        let mut logs = self.logs();
        let log = logs.entry(source.to_owned()).or_default();
        log.served = Some(log.events.len());
    }

    /// What was kept back is read out.
    pub fn let_go(&self, source: &str) {
        self.logs().entry(source.to_owned()).or_default().served = None;
        self.changed.send_replace(());
    }

    fn logs(&self) -> MutexGuard<'_, BTreeMap<String, Log>> {
        self.logs.lock().expect("a played feed")
    }

    /// What is read out behind a position.
    fn batch(&self, source: &str, after: i64) -> ReadEventsResponse {
        let logs = self.logs();
        let read_out = logs.get(source).map_or(&[][..], Log::read_out);
        let behind = read_out.iter().filter(|event| event.position > after);
        let events: Vec<Event> = behind.cloned().collect();
        ReadEventsResponse {
            scanned_to_position: events.last().map_or(after, |event| event.position),
            events,
        }
    }
}

impl Log {
    fn head(&self) -> i64 {
        i64::try_from(self.events.len()).expect("a played feed")
    }

    fn read_out(&self) -> &[Event] {
        let all = self.events.as_slice();
        self.served.map_or(all, |served| &all[..served])
    }
}

#[tonic::async_trait]
impl EventFeedService for PlayedFeed {
    type ReadEventsStream = BoxStream<'static, Result<ReadEventsResponse, Status>>;

    async fn read_events(
        &self,
        request: Request<ReadEventsRequest>,
    ) -> Result<Response<Self::ReadEventsStream>, Status> {
        let asked = request.into_inner();
        let changed = self.changed.subscribe();
        let reading = (self.clone(), changed, asked.after_position);
        let batches = stream::unfold(reading, move |(feed, mut changed, after)| {
            let source = asked.source.clone();
            async move {
                let mut batch = feed.batch(&source, after);
                if batch.events.is_empty() {
                    // Whether something came or the wait is over, the answer is the same.
                    let _ = timeout(WAIT, changed.changed()).await;
                    batch = feed.batch(&source, after);
                }
                let to = batch.scanned_to_position;
                Some((Ok(batch), (feed, changed, to)))
            }
        });
        Ok(Response::new(batches.boxed()))
    }

    async fn get_feed_head(
        &self,
        request: Request<GetFeedHeadRequest>,
    ) -> Result<Response<GetFeedHeadResponse>, Status> {
        let head_position = self
            .logs()
            .get(&request.into_inner().source)
            .map_or(0, Log::head);
        Ok(Response::new(GetFeedHeadResponse { head_position }))
    }
}
