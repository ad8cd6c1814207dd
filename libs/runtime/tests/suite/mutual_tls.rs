//! Certificates between services (P29): a token of a peer counts only over a
//! connection with that peer's certificate.

use contracts::events::ListParkedEventsRequest;
use contracts::events::parked_event_service_client::ParkedEventServiceClient;
use rcgen::{BasicConstraints, CertificateParams, IsCa, Issuer, KeyPair};
use runtime::config::{PeerConfig, TlsConfig};
use runtime::{Errand, Peer, PeerError, Signer};
use tempfile::TempDir;
use tonic::Code;

use crate::world::*;

/// An authority, and certificates that it signed, in files.
struct Authority {
    issuer: Issuer<'static, KeyPair>,
    name: &'static str,
}

impl Authority {
    fn new(folder: &TempDir, name: &'static str) -> Self {
        let mut params = CertificateParams::new(Vec::<String>::new()).unwrap();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let key = KeyPair::generate().unwrap();
        let certificate = params.self_signed(&key).unwrap();
        write(folder, &format!("{name}.ca"), &certificate.pem());
        Self {
            issuer: Issuer::new(params, key),
            name,
        }
    }

    /// Writes `<authority>-<name>.crt` and `.key`.
    fn sign(&self, folder: &TempDir, name: &str) {
        let params = CertificateParams::new(vec![name.to_owned()]).unwrap();
        let key = KeyPair::generate().unwrap();
        let certificate = params.signed_by(&key, &self.issuer).unwrap();
        write(
            folder,
            &format!("{}-{name}.crt", self.name),
            &certificate.pem(),
        );
        write(
            folder,
            &format!("{}-{name}.key", self.name),
            &key.serialize_pem(),
        );
    }
}

fn tls(folder: &TempDir, certificate: &str) -> TlsConfig {
    TlsConfig {
        cert_file: Some(folder.path().join(format!("{certificate}.crt"))),
        key_file: Some(folder.path().join(format!("{certificate}.key"))),
        client_ca_file: None,
        require_client_cert: false,
    }
}

async fn start(required: bool) -> World {
    let folder = tempfile::tempdir().unwrap();
    let ours = Authority::new(&folder, "ours");
    let others = Authority::new(&folder, "others");
    for name in ["credit", "invoicing", "payments"] {
        ours.sign(&folder, name);
    }
    others.sign(&folder, "invoicing");
    let path = |name: &str| folder.path().join(name).display().to_string();
    let text = format!(
        "[tls]\ncert_file = '{}'\nkey_file = '{}'\nclient_ca_file = '{}'\nrequire_client_cert = {required}\n",
        path("ours-credit.crt"),
        path("ours-credit.key"),
        path("ours.ca"),
    );
    World::in_folder(folder, &text).await
}

/// Calls as the service `invoicing` with the given certificate.
async fn call(world: &World, own: &TlsConfig, ca: &str) -> Result<String, PeerError> {
    let config = PeerConfig {
        url: format!("https://{}", world.address),
        ca_file: Some(world.folder.path().join(ca)),
        tls_name: Some("credit".into()),
        connect_timeout_ms: 2_000,
    };
    let signer = Signer::new(world.invoicing.clone(), "invoicing", "recoup");
    let meter = world.telemetry.meter("peers");
    let peer = Peer::try_new("credit", &config, own, signer, &meter).unwrap();
    let answer = peer.ask(
        Errand::of_job(TENANT.parse().unwrap(), ""),
        |channel| async move {
            let request = ListParkedEventsRequest::default();
            ParkedEventServiceClient::new(channel)
                .list_parked_events(request)
                .await
        },
    );
    answer.await.map(|answer| answer.next_page_token)
}

#[tokio::test]
async fn p29_a_peers_token_counts_only_with_its_certificate() {
    let world = start(false).await;
    let folder = &world.folder;
    let described = call(&world, &tls(folder, "ours-invoicing"), "ours.ca")
        .await
        .unwrap();
    assert!(described.contains("|invoicing|invoicing|"), "{described}");

    for own in [tls(folder, "ours-payments"), TlsConfig::default()] {
        let error = call(&world, &own, "ours.ca").await.unwrap_err();
        assert_eq!(
            (error.code, &*error.reason),
            (Code::PermissionDenied, "PEER_NOT_ALLOWED")
        );
    }
    let error = call(&world, &tls(folder, "others-invoicing"), "ours.ca")
        .await
        .unwrap_err();
    assert_eq!(error.reason, "PEER_UNAVAILABLE", "the handshake fails");
    let error = call(&world, &tls(folder, "ours-invoicing"), "others.ca")
        .await
        .unwrap_err();
    assert_eq!(
        error.reason, "PEER_UNAVAILABLE",
        "the peer is not who we asked for"
    );
}

#[tokio::test]
async fn p29_a_platform_needs_no_certificate_unless_all_do() {
    for (required, let_in) in [(false, true), (true, false)] {
        let world = start(required).await;
        let ca = std::fs::read(world.folder.path().join("ours.ca")).unwrap();
        let tls = tonic::transport::ClientTlsConfig::new()
            .ca_certificate(tonic::transport::Certificate::from_pem(ca))
            .domain_name("credit");
        let endpoint =
            tonic::transport::Endpoint::from_shared(format!("https://{}", world.address));
        let channel = endpoint.unwrap().tls_config(tls).unwrap().connect_lazy();
        let answer = ParkedEventServiceClient::new(channel)
            .list_parked_events(world.list(""))
            .await;
        assert_eq!(answer.is_ok(), let_in, "{answer:?}");
    }
}

#[tokio::test]
async fn half_of_a_certificate_is_refused_at_the_start() {
    let world = World::with("").await;
    for (tls, expected) in [
        (
            "cert_file = '/nowhere'",
            "tls.cert_file and tls.key_file belong together",
        ),
        (
            "cert_file = '/nowhere'\nkey_file = '/nowhere'",
            "/nowhere: No such file",
        ),
        (
            "require_client_cert = true",
            "tls.require_client_cert needs",
        ),
    ] {
        let settings = settings(&format!("[tls]\n{tls}\n"));
        let authenticator = runtime::Authenticator::try_new(&settings.auth, false)
            .await
            .unwrap();
        let meter = world.telemetry.meter("other");
        let server = runtime::Server::new(
            "credit",
            &settings.server,
            &settings.tls,
            authenticator,
            &meter,
            &world.tasks,
            &world.shutdown,
        );
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let ended = server
            .serve(listener, runtime::Services::new(), &world.health)
            .await;
        let error = ended.unwrap_err().to_string();
        assert!(error.starts_with(expected), "{error}");
    }
}
