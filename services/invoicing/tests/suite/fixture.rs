//! The service in process, with a database of its own and a key that signs tokens.

use std::collections::BTreeSet;
use std::time::Duration;

use calendar::{Clock, ManualClock};
use contracts::access::METHODS;
use invoicing::config::{Config, DEFAULTS};
use postgres::TenantId;
use runtime::config::Layers;
use runtime::tokens::{Grant, SigningKey};
use runtime::{Shutdown, Telemetry};
use testkit::{InProcess, TestDatabase};
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
    pub database: TestDatabase,
    pub clock: ManualClock,
    pub server: InProcess,
    key: SigningKey,
    _folder: tempfile::TempDir,
}

impl World {
    /// Alone: nothing comes through credit's feed.
    pub async fn start() -> Self {
        Self::beside("http://127.0.0.1:1").await
    }

    /// Beside a credit at this address.
    pub async fn beside(credit_url: &str) -> Self {
        runtime::tls::install_crypto();
        let database = TestDatabase::new("invoicing", &invoicing::migrations()).await;
        let folder = tempfile::tempdir().unwrap();
        let (key, pem) = SigningKey::generate().unwrap();
        let file = |name: &str, text: &str| {
            let path = folder.path().join(name);
            std::fs::write(&path, text).unwrap();
            path.display().to_string()
        };
        // One key will do for the platform and for payments: the issuer tells them apart.
        let keys = file("callers.jwks", &key.jwks());
        let text = format!(
            "[database]\napp_url = '{}'\nbackground_url = '{}'\n\
             [auth]\nsigning_key_file = '{}'\n\
             [auth.issuers.platform]\nissuer = 'platform'\njwks_file = '{keys}'\n\
             [auth.issuers.payments]\nissuer = 'payments'\npeer = 'payments'\n\
             jwks_file = '{keys}'\n\
             [peers.credit]\nurl = '{credit_url}'\n",
            database.app_url(),
            database.background_url(),
            file("service.pem", &pem),
        );
        let layers = Layers::try_new(invoicing::SERVICE, DEFAULTS).unwrap();
        let config: Config = layers.text("test", &text).unwrap().build().unwrap();
        let (clock, hands) = Clock::manual("2026-03-01T09:00:00Z".parse().unwrap());
        let server = testkit::serve(move |listener, stop| async move {
            let telemetry = Telemetry::without_export(invoicing::SERVICE)?;
            let shutdown = Shutdown::new(Duration::from_secs(5));
            let asked = shutdown.clone();
            let running = invoicing::run(&config, listener, clock, &telemetry, shutdown);
            tokio::pin!(running);
            tokio::select! {
                outcome = &mut running => return outcome,
                () = stop.cancelled() => asked.request(),
            }
            running.await
        })
        .await;
        Self {
            database,
            clock: hands,
            server,
            key,
            _folder: folder,
        }
    }

    pub fn channel(&self) -> Channel {
        self.server.channel.clone()
    }

    /// A request of a tenant's application that may do everything here.
    pub fn signed<T>(&self, tenant: TenantId, message: T) -> Request<T> {
        self.signed_by("platform", tenant, message)
    }

    /// A request of payments on behalf of a tenant's application.
    pub fn of_payments<T>(&self, tenant: TenantId, message: T) -> Request<T> {
        self.signed_by("payments", tenant, message)
    }

    fn signed_by<T>(&self, issuer: &str, tenant: TenantId, message: T) -> Request<T> {
        let scopes = METHODS.iter().map(|method| method.scope);
        let ours = scopes.filter(|scope| scope.starts_with("invoicing.") || *scope == "feed:read");
        let scopes: BTreeSet<_> = ours.collect();
        let scope = &Vec::from_iter(scopes).join(" ");
        let grant = Grant {
            issuer,
            audience: "recoup",
            subject: "ada",
            client_id: Some("shop"),
            tenant: Some(tenant),
            scope,
            on_behalf_of: None,
            valid_for: Duration::from_secs(60),
        };
        let bearer = format!("Bearer {}", self.key.sign(&grant).unwrap());
        let mut request = Request::new(message);
        request
            .metadata_mut()
            .insert("authorization", bearer.parse().unwrap());
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
