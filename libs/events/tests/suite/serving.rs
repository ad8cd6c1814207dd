//! The feed over gRPC: through the real server, with real tokens.

use std::sync::Arc;
use std::time::Duration;

use contracts::events::event_feed_service_client::EventFeedServiceClient;
use contracts::events::event_feed_service_server::EventFeedServiceServer;
use contracts::events::{GetFeedHeadRequest, ReadEventsRequest, ReadEventsResponse};
use events::{EventFeed, Feed};
use postgres::TenantId;
use runtime::config::{AuthConfig, Layers, ServerConfig, TlsConfig};
use runtime::tokens::{Grant, SigningKey};
use runtime::{Authenticator, Health, Runner, Server, Services, Shutdown, Tasks, Telemetry};
use serde::Deserialize;
use testkit::eventually;
use tokio_util::sync::CancellationToken;
use tonic::service::Interceptor;
use tonic::service::interceptor::InterceptedService;
use tonic::transport::Channel;
use tonic::{Code, Request, Status};

use crate::fixture::{App, OURS, SOURCE, THEIRS, consumer, database, effects, feed, feed_of, tell};

#[derive(Deserialize)]
struct Settings {
    server: ServerConfig,
    auth: AuthConfig,
}

/// A server, and the key that signs tokens for it.
pub struct Producer {
    pub channel: Channel,
    key: SigningKey,
    tasks: Tasks,
    shutdown: Shutdown,
}

/// Puts a token into every call.
#[derive(Clone)]
pub struct Token(String);

impl Interceptor for Token {
    fn call(&mut self, mut request: Request<()>) -> Result<Request<()>, Status> {
        let bearer = format!("Bearer {}", self.0).parse().unwrap();
        request.metadata_mut().insert("authorization", bearer);
        Ok(request)
    }
}

type Client = EventFeedServiceClient<InterceptedService<Channel, Token>>;

impl Producer {
    async fn start(feed: Feed) -> Self {
        Self::serve(|runner| {
            let rpc = EventFeed::new(feed, runner.clone());
            Services::new().with(EventFeedServiceServer::new(rpc))
        })
        .await
    }

    pub async fn serve(services: impl FnOnce(&Runner) -> Services) -> Self {
        runtime::tls::install_crypto();
        let (key, _) = SigningKey::generate().unwrap();
        let folder = tempfile::tempdir().unwrap();
        let keys = folder.path().join("platform.jwks");
        std::fs::write(&keys, key.jwks()).unwrap();
        let issuer = format!(
            "[auth.issuers.platform]\nissuer = 'platform'\njwks_file = '{}'\n",
            keys.display()
        );
        let layers = Layers::try_new(SOURCE, "")
            .unwrap()
            .text("test", &issuer)
            .unwrap();
        let settings: Settings = layers.build().unwrap();
        let authenticator = Authenticator::try_new(&settings.auth, false).await.unwrap();
        let telemetry = Telemetry::without_export(SOURCE).unwrap();
        let (tasks, shutdown) = (Tasks::new(), Shutdown::new(Duration::from_secs(5)));
        let tls = TlsConfig::default();
        let meter = telemetry.meter("runtime");
        let server = Server::new(
            SOURCE,
            &settings.server,
            &tls,
            authenticator,
            &meter,
            &tasks,
            &shutdown,
        );
        let services = services(&Runner::new(SOURCE, tasks.clone()));
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let health = Health::new().await;
        #[expect(clippy::disallowed_methods, reason = "ends with the test's runtime")]
        tokio::spawn(async move { server.serve(listener, services, &health).await });
        let endpoint = Channel::from_shared(format!("http://{address}")).unwrap();
        let channel = endpoint.connect_lazy();
        Self {
            channel,
            key,
            tasks,
            shutdown,
        }
    }

    fn client(&self, tenant: Option<TenantId>, scope: &str) -> Client {
        EventFeedServiceClient::with_interceptor(self.channel.clone(), self.token(tenant, scope))
    }

    pub fn token(&self, tenant: Option<TenantId>, scope: &str) -> Token {
        let grant = Grant {
            issuer: "platform",
            audience: "recoup",
            subject: "ada",
            client_id: None,
            tenant,
            scope,
            on_behalf_of: None,
            valid_for: Duration::from_secs(60),
        };
        Token(self.key.sign(&grant).unwrap())
    }
}

fn from_start(follow: bool) -> ReadEventsRequest {
    ReadEventsRequest {
        source: SOURCE.to_owned(),
        follow,
        ..ReadEventsRequest::default()
    }
}

/// All batches of a reading that ends.
async fn batches(mut client: Client, request: ReadEventsRequest) -> Vec<ReadEventsResponse> {
    let mut stream = client.read_events(request).await.unwrap().into_inner();
    let mut batches = Vec::new();
    while let Some(batch) = stream.message().await.unwrap() {
        batches.push(batch);
    }
    batches
}

#[tokio::test]
async fn p28_a_token_reads_its_own_tenant_and_the_feed_scope_reads_all() {
    let (_test, db) = database().await;
    let producer = Producer::start(feed(&db)).await;
    tell(&db, OURS, "ours", 1).await;
    tell(&db, THEIRS, "theirs", 1).await;

    let subjects = async |client| -> Vec<String> {
        let all = batches(client, from_start(false)).await;
        all.into_iter()
            .flat_map(|batch| batch.events)
            .map(|event| event.subject)
            .collect()
    };
    assert_eq!(
        subjects(producer.client(Some(OURS), "feed:read")).await,
        ["ours"]
    );
    assert_eq!(
        subjects(producer.client(Some(OURS), "feed:read feed:all")).await,
        ["ours"]
    );
    assert_eq!(
        subjects(producer.client(None, "feed:read feed:all")).await,
        ["ours", "theirs"]
    );
    let mut nobody = producer.client(None, "feed:read");
    let refused = nobody.read_events(from_start(false)).await.unwrap_err();
    assert_eq!(refused.code(), Code::PermissionDenied);
}

#[tokio::test]
async fn a_reading_without_follow_ends_at_the_head_in_batches_of_the_size_asked() {
    let (_test, db) = database().await;
    let producer = Producer::start(feed(&db)).await;
    for version in 1..=7 {
        tell(&db, OURS, "a", version).await;
    }
    let request = ReadEventsRequest {
        batch_limit: 3,
        ..from_start(false)
    };
    let all = batches(producer.client(Some(OURS), "feed:read"), request).await;
    let sizes: Vec<usize> = all.iter().map(|batch| batch.events.len()).collect();
    assert_eq!(sizes, [3, 3, 1]);
    let mut client = producer.client(Some(OURS), "feed:read");
    let head = GetFeedHeadRequest {
        source: SOURCE.to_owned(),
    };
    let head = client
        .get_feed_head(head)
        .await
        .unwrap()
        .into_inner()
        .head_position;
    assert_eq!(all.last().unwrap().scanned_to_position, head);
}

#[tokio::test]
async fn a_following_reader_hears_of_progress_while_nothing_happens() {
    let (_test, db) = database().await;
    let feed = feed(&db);
    let producer = Producer::start(feed.clone()).await;
    let mut client = producer.client(Some(OURS), "feed:read");
    let wait = Some(prost_types::Duration {
        seconds: 0,
        nanos: 50_000_000,
    });
    let request = ReadEventsRequest {
        wait,
        ..from_start(true)
    };
    let mut stream = client.read_events(request).await.unwrap().into_inner();
    let empty = stream.message().await.unwrap().unwrap();
    assert!(empty.events.is_empty());
    tell(&db, OURS, "a", 1).await;
    loop {
        let batch = stream.message().await.unwrap().unwrap();
        if let [event] = batch.events.as_slice() {
            assert_eq!(
                (event.subject.as_str(), event.source.as_str()),
                ("a", SOURCE)
            );
            break;
        }
    }
}

#[tokio::test]
async fn one_address_tells_the_feeds_of_several_services() {
    let (_test, db) = database().await;
    let (_other_test, other_db) = database().await;
    let (here, there) = (feed(&db), feed_of("credit", &other_db));
    let producer = Producer::serve(|runner| {
        let ours = EventFeed::new(here, runner.clone());
        let rpc = ours.and(EventFeed::new(there, runner.clone()));
        Services::new().with(EventFeedServiceServer::new(rpc))
    })
    .await;
    tell(&db, OURS, "invoice", 1).await;
    tell(&other_db, OURS, "customer", 1).await;
    for (source, subject) in [(SOURCE, "invoice"), ("credit", "customer")] {
        let request = ReadEventsRequest {
            source: source.to_owned(),
            ..ReadEventsRequest::default()
        };
        let told = batches(producer.client(Some(OURS), "feed:read"), request).await;
        let event = &told[0].events[0];
        assert_eq!((&*event.source, &*event.subject), (source, subject));
    }
    let request = GetFeedHeadRequest {
        source: "payments".to_owned(),
    };
    let refused = producer
        .client(Some(OURS), "feed:read")
        .get_feed_head(request)
        .await
        .unwrap_err();
    assert!(
        refused.message().contains("invoicing, credit"),
        "{refused:?}"
    );
}

#[tokio::test]
async fn bad_requests_name_their_fields() {
    let (_test, db) = database().await;
    let producer = Producer::start(feed(&db)).await;
    let wait = |seconds| Some(prost_types::Duration { seconds, nanos: 0 });
    for (field, request) in [
        (
            "source",
            ReadEventsRequest {
                source: "credit".to_owned(),
                ..from_start(false)
            },
        ),
        (
            "after_position",
            ReadEventsRequest {
                after_position: -1,
                ..from_start(false)
            },
        ),
        (
            "batch_limit",
            ReadEventsRequest {
                batch_limit: 1_001,
                ..from_start(false)
            },
        ),
        (
            "wait",
            ReadEventsRequest {
                wait: wait(31),
                ..from_start(false)
            },
        ),
        (
            "wait",
            ReadEventsRequest {
                wait: wait(-1),
                ..from_start(false)
            },
        ),
    ] {
        let mut client = producer.client(Some(OURS), "feed:read");
        let refused = client.read_events(request).await.unwrap_err();
        assert_eq!(refused.code(), Code::InvalidArgument);
        assert!(
            refused.message().contains(field),
            "{field}: {}",
            refused.message()
        );
    }
}

/// The whole way, with the consumer cut off at random: nothing missed, nothing twice.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn p23_a_consumer_killed_again_and_again_applies_every_event_once() {
    let (_producer_test, produced) = database().await;
    let (_consumer_test, consumed) = database().await;
    let feed = feed(&produced);
    let producer = Producer::start(feed.clone()).await;
    let app = Arc::new(App::default());

    let writer = async {
        for version in 1..=300 {
            tell(&produced, OURS, "a", version).await;
        }
    };
    let killer = async {
        for round in 0..30_u64 {
            let client = producer.client(None, "feed:read feed:all");
            let run = consumer(&consumed, &app).run(client, CancellationToken::new());
            // Dropped in the middle of whatever it does.
            let cut = tokio::time::timeout(Duration::from_millis(5 + round * 7 % 40), run).await;
            assert!(cut.is_err(), "a consumer goes on until it is told to stop");
        }
    };
    tokio::join!(writer, killer);

    let stop = CancellationToken::new();
    let client = producer.client(None, "feed:read feed:all");
    let last = consumer(&consumed, &app).run(client, stop.clone());
    let finished = async {
        eventually(
            Duration::from_secs(20),
            "all events have acted",
            async || effects(&consumed, OURS).await.len() >= 300,
        )
        .await;
        stop.cancel();
    };
    tokio::join!(last, finished);
    let versions: Vec<i64> = effects(&consumed, OURS)
        .await
        .into_iter()
        .map(|(_, version)| version)
        .collect();
    assert_eq!(versions, (1..=300).collect::<Vec<i64>>());
    producer.shutdown.request();
    producer.tasks.drain(Duration::from_secs(5)).await.unwrap();
}
