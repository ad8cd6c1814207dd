//! A server with the guinea pig in it, and what a client of it needs.

use std::future::Future;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use contracts::events::event_feed_service_client::EventFeedServiceClient;
use contracts::events::parked_event_service_client::ParkedEventServiceClient;
use contracts::events::{ListParkedEventsRequest, ReplayParkedEventsRequest};
use runtime::config::{AuthConfig, Layers, PeerConfig, ServerConfig, TlsConfig};
use runtime::tokens::{Grant, SigningKey};
use runtime::{Authenticator, Health, Runner, Server, ServerError, Shutdown, Tasks, Telemetry};
use serde::Deserialize;
use tempfile::TempDir;
use tokio::net::TcpListener;
use tokio::task::JoinHandle;
use tonic::transport::Channel;
use tonic::{Request, Status};
use tonic_types::StatusExt as _;

use crate::pig::{Pig, Steps};

pub const TENANT: &str = "0190a000-0000-7000-8000-000000000001";
pub const ISSUER: &str = "https://login.example";

/// The settings that every service has.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Settings {
    pub server: ServerConfig,
    pub tls: TlsConfig,
    pub auth: AuthConfig,
    pub telemetry: runtime::config::TelemetryConfig,
    #[serde(default)]
    pub peers: std::collections::BTreeMap<String, PeerConfig>,
    pub database: postgres::PostgresConfig,
}

pub fn settings(text: &str) -> Settings {
    Layers::try_new("credit", "")
        .unwrap()
        .text("test", text)
        .unwrap()
        .build()
        .unwrap()
}

pub struct World {
    pub address: SocketAddr,
    pub tasks: Tasks,
    pub shutdown: Shutdown,
    pub health: Health,
    pub telemetry: Telemetry,
    pub steps: Arc<Steps>,
    pub serving: JoinHandle<Result<Result<(), ServerError>, runtime::Panicked>>,
    /// Of the platform whose tokens count.
    pub platform: SigningKey,
    /// Of the service `invoicing`, a peer.
    pub invoicing: SigningKey,
    pub folder: TempDir,
}

impl World {
    pub async fn start() -> Self {
        Self::with("").await
    }

    /// With settings that differ from the defaults.
    pub async fn with(text: &str) -> Self {
        Self::in_folder(tempfile::tempdir().unwrap(), text).await
    }

    pub async fn in_folder(folder: TempDir, text: &str) -> Self {
        runtime::tls::install_crypto();
        let (platform, invoicing) = (key(), key());
        let issuers = format!(
            "\n[auth.issuers.platform]\nissuer = '{ISSUER}'\njwks_file = '{}'\n\
             [auth.issuers.invoicing]\nissuer = 'invoicing'\npeer = 'invoicing'\njwks_file = '{}'\n",
            write(&folder, "platform.jwks", &platform.jwks()).display(),
            write(&folder, "invoicing.jwks", &invoicing.jwks()).display(),
        );
        let settings = settings(&format!("{text}{issuers}"));
        let mutual = runtime::tls::is_mutual(&settings.tls);
        let authenticator = Authenticator::try_new(&settings.auth, mutual)
            .await
            .unwrap();
        let telemetry = Telemetry::without_export("credit").unwrap();
        let (tasks, background) = (Tasks::new(), Tasks::new());
        let shutdown = Shutdown::new(settings.server.drain_timeout());
        let meter = telemetry.meter("runtime");
        let server = Server::new(
            "credit",
            &settings.server,
            &settings.tls,
            authenticator,
            &meter,
            &tasks,
            &shutdown,
        );
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let steps = Arc::new(Steps::default());
        let pig = Pig {
            runner: Runner::new("credit", tasks.clone()),
            steps: steps.clone(),
        };
        let health = Health::new().await;
        let reported = health.clone();
        let serving = background.spawn("server", async move {
            server.serve(listener, pig.services(), &reported).await
        });
        Self {
            address,
            tasks,
            shutdown,
            health,
            telemetry,
            steps,
            serving,
            platform,
            invoicing,
            folder,
        }
    }

    pub async fn channel(&self) -> Channel {
        let endpoint = Channel::from_shared(format!("http://{}", self.address)).unwrap();
        endpoint.connect().await.unwrap()
    }

    pub async fn parked(&self) -> ParkedEventServiceClient<Channel> {
        ParkedEventServiceClient::new(self.channel().await)
    }

    pub async fn feed(&self) -> EventFeedServiceClient<Channel> {
        EventFeedServiceClient::new(self.channel().await)
    }

    /// A token of the platform that may do all that the guinea pig can.
    pub fn token(&self) -> String {
        self.platform.sign(&grant()).unwrap()
    }

    /// A signed request for the guinea pig's list.
    pub fn list(&self, source: &str) -> Request<ListParkedEventsRequest> {
        let message = ListParkedEventsRequest {
            source: source.into(),
            ..Default::default()
        };
        signed(message, &self.token())
    }

    /// A signed request for the guinea pig's replay.
    pub fn replay(&self, subject: &str) -> Request<ReplayParkedEventsRequest> {
        let message = ReplayParkedEventsRequest {
            request_id: "r1".into(),
            subject: subject.into(),
            ..Default::default()
        };
        signed(message, &self.token())
    }

    /// Asks for the stop and waits for the end.
    pub async fn stop(self) {
        self.shutdown.request();
        within(self.serving).await.unwrap().unwrap().unwrap();
    }
}

pub fn key() -> SigningKey {
    SigningKey::generate().unwrap().0
}

pub fn grant() -> Grant<'static> {
    Grant {
        issuer: ISSUER,
        audience: "recoup",
        subject: "ada",
        client_id: Some("shop"),
        tenant: Some(TENANT.parse().unwrap()),
        scope: "feed:read feed:operate",
        on_behalf_of: None,
        valid_for: Duration::from_secs(60),
    }
}

pub fn signed<T>(message: T, token: &str) -> Request<T> {
    let mut request = Request::new(message);
    request
        .metadata_mut()
        .insert("authorization", format!("Bearer {token}").parse().unwrap());
    request
}

pub fn write(folder: &TempDir, name: &str, text: &str) -> PathBuf {
    let path = folder.path().join(name);
    std::fs::write(&path, text).unwrap();
    path
}

/// A message as gRPC frames it.
pub fn framed<M: prost::Message>(message: &M) -> Vec<u8> {
    let length = u32::try_from(message.encoded_len()).unwrap();
    [&[0], &length.to_be_bytes()[..], &message.encode_to_vec()].concat()
}

/// A gRPC-Web call of the guinea pig as a browser makes it: one HTTP/1.1 POST.
pub async fn post(
    world: &World,
    method: &str,
    headers: http::HeaderMap,
    body: Vec<u8>,
) -> (http::HeaderMap, Vec<u8>) {
    let service = "recoup.events.v1.ParkedEventService";
    let url = format!("http://{}/{service}/{method}", world.address);
    let client = reqwest::Client::builder().http1_only().build().unwrap();
    let request = client.post(url).headers(headers).body(body);
    let answer = within(request.send()).await.unwrap();
    assert_eq!(answer.status(), 200);
    (
        answer.headers().clone(),
        answer.bytes().await.unwrap().to_vec(),
    )
}

/// The reason and the domain of a status, which every one of ours has.
pub fn reason(status: &Status) -> (String, String) {
    let info = status
        .get_details_error_info()
        .unwrap_or_else(|| panic!("no ErrorInfo: {status:?}"));
    (info.reason, info.domain)
}

/// What a test waits for must happen soon.
pub async fn within<F: Future>(work: F) -> F::Output {
    tokio::time::timeout(Duration::from_secs(20), work)
        .await
        .expect("it takes too long")
}

/// Waits until a condition holds.
pub async fn until(holds: impl Fn() -> bool) {
    within(async {
        while !holds() {
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
    })
    .await;
}
