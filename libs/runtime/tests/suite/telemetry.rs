//! What leaves the process of its logs and traces, and what never does (P30).
//!
//! One test: the subscriber is the process's.

use std::io::Write;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use contracts::events::{ListParkedEventsRequest, ReplayParkedEventsRequest};
use opentelemetry_proto::tonic::collector::trace::v1::trace_service_server::{
    TraceService, TraceServiceServer,
};
use opentelemetry_proto::tonic::collector::trace::v1::{
    ExportTraceServiceRequest, ExportTraceServiceResponse,
};
use opentelemetry_proto::tonic::trace::v1::Span;
use runtime::{Tasks, Telemetry};
use tokio::net::TcpListener;
use tonic::{Request, Response, Status};
use tracing_subscriber::util::SubscriberInitExt as _;

use crate::world::*;

/// A collector that keeps what it gets.
#[derive(Clone, Default)]
struct Sink {
    spans: Arc<Mutex<Vec<Span>>>,
    raw: Arc<Mutex<String>>,
}

#[tonic::async_trait]
impl TraceService for Sink {
    async fn export(
        &self,
        request: Request<ExportTraceServiceRequest>,
    ) -> Result<Response<ExportTraceServiceResponse>, Status> {
        self.raw.lock().unwrap().push_str(&format!("{request:?}"));
        let resources = request.into_inner().resource_spans;
        let scopes = resources
            .into_iter()
            .flat_map(|resource| resource.scope_spans);
        self.spans
            .lock()
            .unwrap()
            .extend(scopes.flat_map(|scope| scope.spans));
        Ok(Response::new(ExportTraceServiceResponse::default()))
    }
}

async fn start_sink() -> (Sink, SocketAddr) {
    let sink = Sink::default();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let serve = tonic::transport::Server::builder()
        .add_service(TraceServiceServer::new(sink.clone()))
        .serve_with_incoming(tonic::transport::server::TcpIncoming::from(listener));
    Tasks::new().spawn("sink", serve);
    (sink, address)
}

#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl Write for Log {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().write(bytes)
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

const TRACE: &str = "0af7651916cd43dd8448eb211c80319c";
const PARENT: &str = "b7ad6b7169203331";

/// Reads that succeed and fail, in a trace of the caller's.
async fn reads(world: &World, token: &str) {
    let mut client = world.parked().await;
    for source in ["", "internal", "canary-field"] {
        let message = ListParkedEventsRequest {
            source: source.into(),
            page_token: "canary-field".into(),
            ..Default::default()
        };
        let mut request = signed(message, token);
        let metadata = request.metadata_mut();
        metadata.insert(
            "traceparent",
            format!("00-{TRACE}-{PARENT}-01").parse().unwrap(),
        );
        metadata.insert("x-canary", "canary-header".parse().unwrap());
        if let Ok(answer) = client.list_parked_events(request).await {
            let described = answer.into_inner().next_page_token;
            let context = described.split('|').nth(4).unwrap();
            assert!(context.starts_with(&format!("00-{TRACE}-")), "{context}");
            assert!(!context.contains(PARENT), "the call has a span of its own");
        }
    }
    let request = signed(Default::default(), "canary-token");
    client.list_parked_events(request).await.unwrap_err();
}

/// Changes that panic and are refused.
async fn changes(world: &World, token: &str) {
    for subject in ["panic", "rule"] {
        let request = ReplayParkedEventsRequest {
            request_id: "canary-id".into(),
            subject: subject.into(),
            ..Default::default()
        };
        let request = signed(request, token);
        world
            .parked()
            .await
            .replay_parked_events(request)
            .await
            .unwrap_err();
    }
}

fn check_spans(spans: &[Span]) {
    let hex = |id: &[u8]| {
        id.iter()
            .map(|byte| format!("{byte:02x}"))
            .collect::<String>()
    };
    let ours: Vec<&Span> = spans
        .iter()
        .filter(|span| hex(&span.trace_id) == TRACE)
        .collect();
    assert_eq!(ours.len(), 3, "{spans:?}");
    for span in ours {
        assert_eq!(
            span.name,
            "recoup.events.v1.ParkedEventService/ListParkedEvents"
        );
        assert_eq!(hex(&span.parent_span_id), PARENT);
        let tenant = span
            .attributes
            .iter()
            .find(|attribute| attribute.key == "tenant");
        assert!(format!("{tenant:?}").contains(TENANT));
    }
    let transport = spans
        .iter()
        .filter(|span| !span.name.starts_with("recoup."));
    assert_eq!(
        transport.count(),
        0,
        "the exporter traces itself: {spans:?}"
    );
}

fn check_log(log: &str) {
    let parsed = log
        .lines()
        .map(|line| serde_json::from_str(line).expect(line));
    let entries: Vec<serde_json::Value> = parsed.collect();
    let bug = entries
        .iter()
        .find(|entry| entry["message"] == "internal error")
        .unwrap();
    assert_eq!(bug["cause"], "the cause");
    assert!(bug["error_id"].is_string());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn p30_spans_and_logs_tell_what_happened_and_nothing_personal() {
    let (sink, collector) = start_sink().await;
    let world = World::start().await;
    let settings = settings(&format!(
        "[telemetry]\nlogs = 'json'\nfilter = 'debug'\notlp_endpoint = 'http://{collector}'\n"
    ));
    let log = Log::default();
    let writer = log.clone();
    let (subscriber, telemetry) =
        Telemetry::with_writer("credit", &settings.telemetry, move || writer.clone()).unwrap();
    subscriber.init();

    let canary = runtime::tokens::Grant {
        subject: "canary-person",
        ..grant()
    };
    let token = world.platform.sign(&canary).unwrap();
    reads(&world, &token).await;
    changes(&world, &token).await;
    telemetry.flush().await;

    check_spans(&sink.spans.lock().unwrap());
    let log = String::from_utf8(log.0.lock().unwrap().clone()).unwrap();
    check_log(&log);
    let everything = log + &sink.raw.lock().unwrap() + &world.telemetry.metrics_text().unwrap();
    assert!(
        !everything.contains("canary"),
        "{}",
        context_of(&everything, "canary")
    );
    assert!(
        !everything.contains(token.split('.').nth(1).unwrap()),
        "a token was told"
    );
}

fn context_of<'a>(text: &'a str, needle: &str) -> &'a str {
    let at = text.find(needle).unwrap_or(0);
    let from = text[..at].rfind('\n').map_or(0, |line| line + 1);
    text[from..].lines().next().unwrap_or_default()
}
