//! The service in process, with a database of its own, played peers, and a key that signs tokens.

use std::time::Duration;

use agency::config::{Config, defaults};
use calendar::{Clock, ManualClock};
use postgres::TenantId;
use runtime::config::Layers;
use runtime::tokens::{Grant, SigningKey};
use runtime::{Shutdown, Telemetry};
use testkit::{InProcess, TestDatabase};
use tokio::runtime::{Builder, Runtime};
use tonic::Request;
use tonic::transport::{Channel, Endpoint};
use tonic_types::StatusExt as _;
use uuid::Uuid;

use crate::peers::Peers;

/// The tenant most tests act for.
pub const OURS: TenantId =
    TenantId::new(Uuid::from_u128(0x0190_a000_0000_7000_8000_0000_0000_0001));
/// Another tenant.
pub const THEIRS: TenantId =
    TenantId::new(Uuid::from_u128(0x0190_a000_0000_7000_8000_0000_0000_0002));

/// What goes on by itself has gone on within this.
pub const SOON: Duration = Duration::from_secs(20);

const NOUNS: [&str; 12] = [
    "agencies",
    "agency_reports",
    "agreements",
    "commissions",
    "placement_approvals",
    "placement_batches",
    "placement_policies",
    "placements",
    "proposal_runs",
    "remittances",
    "results",
    "placement_files",
];

/// A service in a runtime of its own, which ends with all its tasks when this is dropped: as a
/// process that is killed.
struct Process {
    server: InProcess,
    runtime: Option<Runtime>,
}

impl Drop for Process {
    fn drop(&mut self) {
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }
}

/// A running service.
pub struct World {
    pub peers: Peers,
    pub clock: ManualClock,
    process: Process,
    _database: TestDatabase,
    config: Config,
    time: Clock,
    key: SigningKey,
    _folder: tempfile::TempDir,
}

impl World {
    pub async fn start() -> Self {
        runtime::tls::install_crypto();
        let database = TestDatabase::new("agency", &agency::migrations()).await;
        let peers = Peers::start().await;
        let folder = tempfile::tempdir().unwrap();
        let (key, pem) = SigningKey::generate().unwrap();
        let file = |name: &str, text: &str| {
            let path = folder.path().join(name);
            std::fs::write(&path, text).unwrap();
            path.display().to_string()
        };
        let mut text = format!(
            "[database]\napp_url = '{}'\nbackground_url = '{}'\n\
             [auth]\nsigning_key_file = '{}'\n\
             [auth.issuers.platform]\nissuer = 'platform'\njwks_file = '{}'\n\
             [timers]\nsweep_period_ms = 200\nretry_pause_ms = 20\nmax_retry_pause_ms = 100\n",
            database.app_url(),
            database.background_url(),
            file("service.pem", &pem),
            file("platform.jwks", &key.jwks()),
        );
        for peer in ["credit", "invoicing", "payments", "reminders"] {
            text += &format!("[peers.{peer}]\nurl = '{}'\n", peers.url());
        }
        let layers = Layers::try_new(agency::SERVICE, &defaults()).unwrap();
        let config: Config = layers.text("test", &text).unwrap().build().unwrap();
        let (time, clock) = Clock::manual("2026-05-04T09:00:00Z".parse().unwrap());
        let process = serve(config.clone(), time.clone()).await;
        Self {
            peers,
            clock,
            process,
            _database: database,
            config,
            time,
            key,
            _folder: folder,
        }
    }

    /// Kills the service where it is and starts another on the same database.
    pub async fn crash(self) -> Self {
        drop(self.process);
        let process = serve(self.config.clone(), self.time.clone()).await;
        Self { process, ..self }
    }

    /// A connection to the service, kept by the test and not by the service.
    pub fn channel(&self) -> Channel {
        let endpoint = Endpoint::from_shared(self.process.server.url());
        endpoint.unwrap().connect_lazy()
    }

    /// A token of a tenant's application that may do everything here.
    pub fn token(&self, tenant: TenantId) -> String {
        let scopes = NOUNS.map(|noun| format!("agency.{noun}:read agency.{noun}:write"));
        let scope = format!("{} feed:read", scopes.join(" "));
        let grant = Grant {
            issuer: "platform",
            audience: "recoup",
            subject: "ada",
            client_id: Some("desk"),
            tenant: Some(tenant),
            scope: &scope,
            on_behalf_of: None,
            valid_for: Duration::from_secs(60),
        };
        format!("Bearer {}", self.key.sign(&grant).unwrap())
    }

    /// A request with such a token.
    pub fn signed<T>(&self, tenant: TenantId, message: T) -> Request<T> {
        let mut request = Request::new(message);
        let token = self.token(tenant).parse().unwrap();
        request.metadata_mut().insert("authorization", token);
        request
    }
}

async fn serve(config: Config, clock: Clock) -> Process {
    let runtime = Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .unwrap();
    let serving = runtime.spawn(testkit::serve(move |listener, stop| async move {
        let telemetry = Telemetry::without_export(agency::SERVICE)?;
        let shutdown = Shutdown::new(Duration::from_secs(5));
        let asked = shutdown.clone();
        let running = agency::run(&config, listener, clock, &telemetry, shutdown);
        tokio::pin!(running);
        tokio::select! {
            outcome = &mut running => return outcome,
            () = stop.cancelled() => asked.request(),
        }
        running.await
    }));
    Process {
        server: serving.await.unwrap(),
        runtime: Some(runtime),
    }
}

/// The reason of a refusal.
pub fn reason(status: &tonic::Status) -> String {
    let info = status.get_details_error_info();
    info.map(|info| info.reason).unwrap_or_default()
}

/// The fields that a refusal names.
pub fn fields(status: &tonic::Status) -> Vec<String> {
    let bad = status.get_details_bad_request();
    let violations = bad.map(|bad| bad.field_violations).unwrap_or_default();
    violations.into_iter().map(|one| one.field).collect()
}
