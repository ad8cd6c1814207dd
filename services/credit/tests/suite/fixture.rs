//! The service in process, with a database of its own and a key that signs tokens.

use std::time::Duration;

use calendar::{Clock, ManualClock};
use credit::config::{Config, defaults};
use postgres::TenantId;
use runtime::config::Layers;
use runtime::tokens::{Grant, SigningKey};
use runtime::{Shutdown, Telemetry};
use testkit::{InProcess, PlayedFeed, TestDatabase};
use tonic::Request;
use tonic::transport::Channel;
use tonic_types::StatusExt as _;
use uuid::Uuid;

/// The tenant most tests act for.
pub const OURS: TenantId =
    TenantId::new(Uuid::from_u128(0x0190_a000_0000_7000_8000_0000_0000_0001));
/// Another tenant.
pub const THEIRS: TenantId =
    TenantId::new(Uuid::from_u128(0x0190_a000_0000_7000_8000_0000_0000_0002));

/// A running service.
pub struct World {
    _database: TestDatabase,
    pub clock: ManualClock,
    pub server: InProcess,
    /// What invoicing and payments tell.
    pub feed: PlayedFeed,
    _peers: InProcess,
    key: SigningKey,
    _folder: tempfile::TempDir,
}

impl World {
    pub async fn start() -> Self {
        runtime::tls::install_crypto();
        let database = TestDatabase::new("credit", &credit::migrations()).await;
        let feed = PlayedFeed::default();
        let peers = feed.serve().await;
        let folder = tempfile::tempdir().unwrap();
        let (key, pem) = SigningKey::generate().unwrap();
        let file = |name: &str, text: &str| {
            let path = folder.path().join(name);
            std::fs::write(&path, text).unwrap();
            path.display().to_string()
        };
        let text = format!(
            "[database]\napp_url = '{}'\nbackground_url = '{}'\n\
             [auth]\nsigning_key_file = '{}'\n\
             [auth.issuers.platform]\nissuer = 'platform'\njwks_file = '{}'\n\
             [peers.invoicing]\nurl = '{peer}'\n[peers.payments]\nurl = '{peer}'\n",
            database.app_url(),
            database.background_url(),
            file("service.pem", &pem),
            file("platform.jwks", &key.jwks()),
            peer = peers.url(),
        );
        let layers = Layers::try_new(credit::SERVICE, &defaults()).unwrap();
        let config: Config = layers.text("test", &text).unwrap().build().unwrap();
        let (clock, hands) = Clock::manual("2026-03-02T09:00:00Z".parse().unwrap());
        let server = testkit::serve(move |listener, stop| async move {
            let telemetry = Telemetry::without_export(credit::SERVICE)?;
            let shutdown = Shutdown::new(Duration::from_secs(5));
            let asked = shutdown.clone();
            let running = credit::run(&config, listener, clock, &telemetry, shutdown);
            tokio::pin!(running);
            tokio::select! {
                outcome = &mut running => return outcome,
                () = stop.cancelled() => asked.request(),
            }
            running.await
        })
        .await;
        Self {
            _database: database,
            clock: hands,
            server,
            feed,
            _peers: peers,
            key,
            _folder: folder,
        }
    }

    pub fn channel(&self) -> Channel {
        self.server.channel.clone()
    }

    /// A token of a tenant's application that may do everything here.
    pub fn token(&self, tenant: TenantId) -> String {
        let scope = "credit.tenant_profiles:read credit.tenant_profiles:write \
                     credit.exchange_rates:read credit.exchange_rates:write \
                     credit.customers:read credit.customers:write \
                     credit.policies:read credit.policies:write \
                     credit.reservations:read credit.reservations:write credit.decisions:read \
                     credit.holds:read credit.holds:write credit.hold_overrides:write \
                     credit.profiles:read credit.limits:write feed:read";
        let grant = Grant {
            issuer: "platform",
            audience: "recoup",
            subject: "ada",
            client_id: Some("shop"),
            tenant: Some(tenant),
            scope,
            on_behalf_of: None,
            valid_for: Duration::from_secs(60),
        };
        format!("Bearer {}", self.key.sign(&grant).unwrap())
    }

    /// A request with such a token.
    pub fn signed<T>(&self, tenant: TenantId, message: T) -> Request<T> {
        let mut request = Request::new(message);
        request
            .metadata_mut()
            .insert("authorization", self.token(tenant).parse().unwrap());
        request
    }
}

/// The reason of a refusal.
pub fn reason(status: &tonic::Status) -> String {
    status
        .get_details_error_info()
        .map(|info| info.reason)
        .unwrap_or_default()
}

/// The fields that a refusal names.
pub fn fields(status: &tonic::Status) -> Vec<String> {
    let bad = status
        .get_details_bad_request()
        .map(|bad| bad.field_violations);
    bad.unwrap_or_default()
        .into_iter()
        .map(|violation| violation.field)
        .collect()
}
