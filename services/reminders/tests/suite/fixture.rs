//! The service in process, with a database, a prefix in Redis, a mail server and a clock of its own,
//! and a key that signs tokens.

use std::time::Duration;

use calendar::{Clock, ManualClock};
use postgres::TenantId;
use reminders::config::{Config, defaults};
use runtime::config::Layers;
use runtime::tokens::{Grant, SigningKey};
use runtime::{Shutdown, Telemetry};
use testkit::{InProcess, SmtpSink, TestDatabase};
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

/// What a tenant's application may do: everything here.
const SCOPES: &str = "feed:read \
    reminders.strategies:read reminders.strategies:write \
    reminders.templates:read reminders.templates:write reminders.message_contents:read \
    reminders.contact_policies:read reminders.contact_policies:write \
    reminders.consents:read reminders.consents:write \
    reminders.communications:read reminders.communications:write \
    reminders.promises:read reminders.promises:write \
    reminders.holds:read reminders.holds:write \
    reminders.tasks:read reminders.tasks:write \
    reminders.cases:read reminders.messages:read reminders.messages:write \
    reminders.dunning_runs:read reminders.dunning_runs:write";

/// A running service.
pub struct World {
    _database: TestDatabase,
    pub server: InProcess,
    pub clock: ManualClock,
    pub smtp: SmtpSink,
    key: SigningKey,
    agency: SigningKey,
    _folder: tempfile::TempDir,
}

impl World {
    /// With Redis, and a clock that stands at nine in the morning of a Monday.
    pub async fn start() -> Self {
        Self::start_with("").await
    }

    /// With settings of its own.
    pub async fn start_with(settings: &str) -> Self {
        Self::start_layered(&[settings]).await
    }

    /// With settings of its own, the later over the earlier.
    pub async fn start_layered(settings: &[&str]) -> Self {
        runtime::tls::install_crypto();
        let database = TestDatabase::new("reminders", &reminders::migrations()).await;
        let smtp = SmtpSink::start().await;
        let folder = tempfile::tempdir().unwrap();
        let (key, pem) = SigningKey::generate().unwrap();
        let (agency, _) = SigningKey::generate().unwrap();
        let file = |name: &str, text: &str| {
            let path = folder.path().join(name);
            std::fs::write(&path, text).unwrap();
            path.display().to_string()
        };
        let text = format!(
            "[database]\napp_url = '{}'\nbackground_url = '{}'\n\
             [redis]\nurl = '{}'\nprefix = '{}'\n\
             [smtp]\nhost = '127.0.0.1'\nport = {}\nsecurity = 'none'\n\
             [auth]\nsigning_key_file = '{}'\n\
             [auth.issuers.platform]\nissuer = 'platform'\njwks_file = '{}'\n\
             [auth.issuers.agency]\nissuer = 'agency'\njwks_file = '{}'\npeer = 'agency'\n",
            database.app_url(),
            database.background_url(),
            database.cluster().redis_url(),
            testkit::redis_prefix(),
            smtp.addr().port(),
            file("service.pem", &pem),
            file("platform.jwks", &key.jwks()),
            file("agency.jwks", &agency.jwks()),
        );
        let layers = Layers::try_new(reminders::SERVICE, &defaults()).unwrap();
        let layers = layers.text("test", &text).unwrap();
        let layers = layers.text("peers", NOWHERE).unwrap();
        let lay = |layers: Layers, text: &&str| layers.text("own", text).unwrap();
        let layers = settings.iter().fold(layers, lay);
        let config: Config = layers.build().unwrap();
        let (clock, hand) = Clock::manual("2026-03-02T09:00:00Z".parse().unwrap());
        let server = serve(config, clock).await;
        Self {
            _database: database,
            server,
            clock: hand,
            smtp,
            key,
            agency,
            _folder: folder,
        }
    }

    pub fn channel(&self) -> Channel {
        self.server.channel.clone()
    }

    /// A request of a tenant's application that may do everything here.
    pub fn signed<T>(&self, tenant: TenantId, message: T) -> Request<T> {
        let grant = Grant {
            issuer: "platform",
            audience: "recoup",
            subject: "ada",
            client_id: Some("shop"),
            tenant: Some(tenant),
            scope: SCOPES,
            on_behalf_of: None,
            valid_for: Duration::from_secs(60),
        };
        bearing(message, &self.key.sign(&grant).unwrap())
    }

    /// A request of the agency service for a tenant.
    pub fn signed_by_agency<T>(&self, tenant: TenantId, message: T) -> Request<T> {
        let grant = Grant {
            issuer: "agency",
            audience: "recoup",
            subject: "agency",
            client_id: None,
            tenant: Some(tenant),
            scope: "reminders.placement_holds:write",
            on_behalf_of: Some("ada"),
            valid_for: Duration::from_secs(60),
        };
        bearing(message, &self.agency.sign(&grant).unwrap())
    }
}

fn bearing<T>(message: T, token: &str) -> Request<T> {
    let mut request = Request::new(message);
    let bearer = format!("Bearer {token}");
    request
        .metadata_mut()
        .insert("authorization", bearer.parse().unwrap());
    request
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

/// Peers that nobody is behind, until a test says otherwise.
const NOWHERE: &str = "[peers.credit]\nurl = 'http://127.0.0.1:1'\n\
                       [peers.invoicing]\nurl = 'http://127.0.0.1:1'\n\
                       [peers.payments]\nurl = 'http://127.0.0.1:1'\n\
                       [peers.agency]\nurl = 'http://127.0.0.1:1'\n";

async fn serve(config: Config, clock: Clock) -> InProcess {
    testkit::serve(move |listener, stop| async move {
        let telemetry = Telemetry::without_export(reminders::SERVICE)?;
        let shutdown = Shutdown::new(Duration::from_secs(5));
        let asked = shutdown.clone();
        let running = reminders::run(&config, listener, clock, &telemetry, shutdown);
        tokio::pin!(running);
        tokio::select! {
            outcome = &mut running => return outcome,
            () = stop.cancelled() => asked.request(),
        }
        running.await
    })
    .await
}
