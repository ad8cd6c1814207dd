//! The service in process, with a database of its own, a scripted invoicing beside it, and a key
//! that signs tokens.

use std::time::Duration;

use calendar::{Clock, ManualClock};
use contracts::payments::receipt_application_service_client::ReceiptApplicationServiceClient;
use contracts::payments::receipt_service_client::ReceiptServiceClient;
use payments::config::{Config, defaults};
use payments::domain::CustomerId;
use payments::store;
use payments::store::customer::AnnouncedCustomer;
use payments::store::tenant::KnownTenant;
use postgres::{Database, PostgresConfig, TenantId};
use runtime::config::Layers;
use runtime::tokens::{Grant, SigningKey};
use runtime::{Shutdown, Telemetry};
use testkit::{InProcess, TestDatabase, redis_prefix};
use tonic::Request;
use tonic::transport::Channel;
use tonic_types::StatusExt as _;
use uuid::Uuid;

use crate::invoicing_peer::InvoicingPeer;

/// The tenant most tests act for.
pub const OURS: TenantId =
    TenantId::new(Uuid::from_u128(0x0190_a000_0000_7000_8000_0000_0000_0001));
/// Another tenant.
pub const THEIRS: TenantId =
    TenantId::new(Uuid::from_u128(0x0190_a000_0000_7000_8000_0000_0000_0002));
/// The customer whose money most receipts are.
pub const PAYER: CustomerId =
    CustomerId(Uuid::from_u128(0x0190_a000_0000_7000_8000_0000_0000_00c1));
/// Another customer.
pub const OTHER: CustomerId =
    CustomerId(Uuid::from_u128(0x0190_a000_0000_7000_8000_0000_0000_00c2));

/// Everything that can be done here.
const SCOPES: &str = "payments.receipts:read payments.receipts:write payments.refunds:write \
    payments.applications:read payments.applications:write payments.bank_accounts:read \
    payments.bank_accounts:write payments.column_mappings:read payments.column_mappings:write \
    payments.bank_statements:read payments.bank_statements:write \
    payments.bank_lines:write feed:read";

/// A running service, and who it talks to.
pub struct World {
    pub database: TestDatabase,
    /// The service's own roles, for looking and for what the feeds would bring.
    pub db: Database,
    pub clock: ManualClock,
    pub invoicing: InvoicingPeer,
    pub server: InProcess,
    key: SigningKey,
    _folder: tempfile::TempDir,
}

impl World {
    /// The service on the 10th of March 2026 in Berlin, with two customers known in both tenants.
    pub async fn start() -> Self {
        runtime::tls::install_crypto();
        let database = TestDatabase::new("payments", &payments::migrations()).await;
        let invoicing = InvoicingPeer::start().await;
        let folder = tempfile::tempdir().unwrap();
        let (key, pem) = SigningKey::generate().unwrap();
        let file = |name: &str, text: &str| {
            let path = folder.path().join(name);
            std::fs::write(&path, text).unwrap();
            path.display().to_string()
        };
        let text = format!(
            "[database]\napp_url = '{}'\nbackground_url = '{}'\n\
             [redis]\nurl = '{}'\nprefix = '{}'\n\
             [timers]\nretry_pause_ms = 20\nmax_retry_pause_ms = 100\n\
             [auth]\nsigning_key_file = '{}'\n\
             [auth.issuers.platform]\nissuer = 'platform'\njwks_file = '{}'\n\
             [auth.issuers.agency]\nissuer = 'agency'\njwks_file = '{}'\npeer = 'agency'\n\
             [peers.credit]\nurl = '{peer}'\n\
             [peers.invoicing]\nurl = '{peer}'\n",
            database.app_url(),
            database.background_url(),
            database.cluster().redis_url(),
            redis_prefix(),
            file("service.pem", &pem),
            file("platform.jwks", &key.jwks()),
            file("agency.jwks", &key.jwks()),
            peer = invoicing.url(),
        );
        let layers = Layers::try_new(payments::SERVICE, &defaults()).unwrap();
        let config: Config = layers.text("test", &text).unwrap().build().unwrap();
        let (clock, hands) = Clock::manual("2026-03-10T09:00:00Z".parse().unwrap());
        let server = testkit::serve(move |listener, stop| async move {
            let telemetry = Telemetry::without_export(payments::SERVICE)?;
            let shutdown = Shutdown::new(Duration::from_secs(5));
            let asked = shutdown.clone();
            let running = payments::run(&config, listener, clock, &telemetry, shutdown);
            tokio::pin!(running);
            tokio::select! {
                outcome = &mut running => return outcome,
                () = stop.cancelled() => asked.request(),
            }
            running.await
        })
        .await;
        let urls = PostgresConfig::with_urls(database.app_url(), database.background_url());
        let db = Database::connect(&urls, payments::SERVICE).await.unwrap();
        let world = Self {
            database,
            db,
            clock: hands,
            invoicing,
            server,
            key,
            _folder: folder,
        };
        for tenant in [OURS, THEIRS] {
            world.knows_tenant(tenant).await;
            world.knows_customer(tenant, PAYER, "Payer GmbH").await;
            world.knows_customer(tenant, OTHER, "Other Ltd").await;
        }
        world
    }

    async fn knows_tenant(&self, tenant: TenantId) {
        let known = KnownTenant {
            zone: "Europe/Berlin".parse().unwrap(),
            home_currency: money::Currency::EUR,
        };
        let mut tx = self.db.begin(tenant).await.unwrap();
        let stored = store::tenant::upsert_in_tx(&mut tx, tenant, &known, 1).await;
        stored.unwrap();
        tx.commit().await.unwrap();
    }

    /// As if credit had announced the customer.
    pub async fn knows_customer(&self, tenant: TenantId, customer_id: CustomerId, name: &str) {
        let announced = AnnouncedCustomer {
            customer_id,
            external_id: Some(format!("crm-{}", customer_id.0.as_u128() % 0x1000)),
            display_name: name.to_owned(),
            parent_customer_id: None,
            version: 1,
        };
        let mut tx = self.db.begin(tenant).await.unwrap();
        let stored = store::customer::upsert_in_tx(&mut tx, tenant, &announced).await;
        stored.unwrap();
        tx.commit().await.unwrap();
    }

    pub fn channel(&self) -> Channel {
        self.server.channel.clone()
    }

    pub fn receipts(&self) -> ReceiptServiceClient<Channel> {
        ReceiptServiceClient::new(self.channel())
    }

    pub fn applications(&self) -> ReceiptApplicationServiceClient<Channel> {
        ReceiptApplicationServiceClient::new(self.channel())
    }

    /// A request of a tenant's application that may do everything here.
    pub fn signed<T>(&self, tenant: TenantId, message: T) -> Request<T> {
        self.with_token("platform", Some("shop"), tenant, message)
    }

    /// A request of the agency service.
    pub fn by_agency<T>(&self, tenant: TenantId, message: T) -> Request<T> {
        self.with_token("agency", None, tenant, message)
    }

    fn with_token<T>(
        &self,
        issuer: &str,
        client_id: Option<&str>,
        tenant: TenantId,
        message: T,
    ) -> Request<T> {
        let grant = Grant {
            issuer,
            audience: "recoup",
            subject: "ada",
            client_id,
            tenant: Some(tenant),
            scope: SCOPES,
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
