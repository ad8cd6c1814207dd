//! The peers, played. Their event feeds: what a test tells is read out in order, unless the test keeps
//! it back; the head then lies ahead of what anybody has heard. Behind the same address is invoicing's
//! answer to the last look.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use contracts::common::Event;
use contracts::convert::instant_to_wire;
use contracts::events::event_feed_service_server::{EventFeedService, EventFeedServiceServer};
use contracts::events::{
    GetFeedHeadRequest, GetFeedHeadResponse, ReadEventsRequest, ReadEventsResponse,
};
use contracts::invoicing::InvoiceBalance;
use contracts::invoicing::open_item_service_server::OpenItemServiceServer;
use futures_util::stream::{self, BoxStream, StreamExt as _};
use postgres::TenantId;
use prost::{Message, Name};
use testkit::InProcess;
use tokio::sync::watch;
use tokio::time::timeout;
use tonic::transport::Server;
use tonic::transport::server::TcpIncoming;
use tonic::{Request, Response, Status};
use uuid::Uuid;

use crate::invoicing_peer::InvoicingPeer;

/// How long the feed holds an empty batch back.
const WAIT: Duration = Duration::from_millis(500);

/// What one source has told.
#[derive(Default)]
struct Log {
    events: Vec<Event>,
    /// So many of them are read out; none: all.
    served: Option<usize>,
}

#[derive(Clone)]
struct Stage {
    logs: Arc<Mutex<BTreeMap<String, Log>>>,
    changed: watch::Sender<()>,
}

/// The four peers, behind one address.
pub struct Feeds {
    stage: Stage,
    /// What invoicing answers when it is asked.
    pub invoicing: InvoicingPeer,
    server: InProcess,
}

impl Feeds {
    pub async fn start() -> Self {
        let stage = Stage {
            logs: Arc::default(),
            changed: watch::Sender::new(()),
        };
        let feeds = EventFeedServiceServer::new(stage.clone());
        let invoicing = InvoicingPeer::default();
        let looks = OpenItemServiceServer::new(invoicing.clone());
        let server = testkit::serve(|listener, stop| {
            let incoming = TcpIncoming::from(listener);
            let router = Server::builder().add_service(feeds).add_service(looks);
            router.serve_with_incoming_shutdown(incoming, stop.cancelled_owned())
        })
        .await;
        Self {
            stage,
            invoicing,
            server,
        }
    }

    /// The settings that lead to them.
    pub fn settings(&self) -> String {
        let peer = |name| format!("[peers.{name}]\nurl = '{}'\n", self.server.url());
        ["credit", "invoicing", "payments", "agency"]
            .map(peer)
            .concat()
    }

    /// `source` tells what happened to `subject`, which is at `version` after it.
    pub fn tell<M: Message + Name>(
        &self,
        source: &str,
        tenant: TenantId,
        subject: Uuid,
        version: i64,
        data: &M,
    ) {
        let mut logs = self.stage.logs();
        let log = logs.entry(source.to_owned()).or_default();
        let position = i64::try_from(log.events.len()).unwrap() + 1;
        log.events.push(Event {
            event_id: Uuid::now_v7().to_string(),
            source: source.to_owned(),
            r#type: M::full_name(),
            subject: subject.to_string(),
            event_time: Some(instant_to_wire("2026-03-01T00:00:00Z".parse().unwrap())),
            tenant_id: tenant.to_string(),
            position,
            subject_version: version,
            traceparent: String::new(),
            data: Some(prost_types::Any {
                type_url: format!("type.googleapis.com/{}", M::full_name()),
                value: data.encode_to_vec(),
            }),
        });
        drop(logs);
        self.stage.changed.send_replace(());
    }

    /// What invoicing answers from now on when it is asked about an invoice.
    pub fn is_worth(&self, balance: &InvoiceBalance) {
        self.invoicing.set(balance.clone());
    }

    /// What `source` tells from now on is known to be there, and not read out.
    pub fn keep_back(&self, source: &str) {
        let mut logs = self.stage.logs();
        let log = logs.entry(source.to_owned()).or_default();
        log.served = Some(log.events.len());
    }

    /// What was kept back is read out.
    pub fn let_go(&self, source: &str) {
        let mut logs = self.stage.logs();
        logs.entry(source.to_owned()).or_default().served = None;
        drop(logs);
        self.stage.changed.send_replace(());
    }
}

impl Stage {
    fn logs(&self) -> MutexGuard<'_, BTreeMap<String, Log>> {
        self.logs.lock().unwrap()
    }

    /// What is read out behind a position.
    fn batch(&self, source: &str, after: i64) -> ReadEventsResponse {
        let mut logs = self.logs();
        let log = logs.entry(source.to_owned()).or_default();
        let served = log.served.unwrap_or(log.events.len());
        let events: Vec<Event> = log.events[..served]
            .iter()
            .filter(|event| event.position > after)
            .cloned()
            .collect();
        ReadEventsResponse {
            scanned_to_position: events.last().map_or(after, |event| event.position),
            events,
        }
    }
}

#[tonic::async_trait]
impl EventFeedService for Stage {
    type ReadEventsStream = BoxStream<'static, Result<ReadEventsResponse, Status>>;

    async fn read_events(
        &self,
        request: Request<ReadEventsRequest>,
    ) -> Result<Response<Self::ReadEventsStream>, Status> {
        let asked = request.into_inner();
        let changed = self.changed.subscribe();
        let reading = (self.clone(), changed, asked.after_position);
        let batches = stream::unfold(reading, move |(stage, mut changed, after)| {
            let source = asked.source.clone();
            async move {
                let mut batch = stage.batch(&source, after);
                if batch.events.is_empty() {
                    // Whether something came or the wait is over, the answer is the same.
                    let _ = timeout(WAIT, changed.changed()).await;
                    batch = stage.batch(&source, after);
                }
                let to = batch.scanned_to_position;
                Some((Ok(batch), (stage, changed, to)))
            }
        });
        Ok(Response::new(batches.boxed()))
    }

    async fn get_feed_head(
        &self,
        request: Request<GetFeedHeadRequest>,
    ) -> Result<Response<GetFeedHeadResponse>, Status> {
        let mut logs = self.logs();
        let log = logs.entry(request.into_inner().source).or_default();
        let head_position = i64::try_from(log.events.len()).unwrap();
        Ok(Response::new(GetFeedHeadResponse { head_position }))
    }
}
