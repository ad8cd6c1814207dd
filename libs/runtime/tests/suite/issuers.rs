//! Where keys come from, and what happens when they change or cannot be read.

use std::sync::Arc;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use axum::Router;
use axum::http::StatusCode;
use axum::routing::get;
use contracts::events::ListParkedEventsRequest;
use runtime::tokens::SigningKey;
use runtime::{Authenticator, Tasks};
use tokio::net::TcpListener;
use tonic::Code;

use crate::world::*;

/// An issuer on loopback that serves whatever it is told to.
struct Issuer {
    url: String,
    jwks: Arc<Mutex<Option<String>>>,
    reads: Arc<AtomicUsize>,
}

impl Issuer {
    async fn start(jwks: Option<String>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/keys", listener.local_addr().unwrap());
        let (jwks, reads) = (Arc::new(Mutex::new(jwks)), Arc::new(AtomicUsize::new(0)));
        let (told, counted) = (jwks.clone(), reads.clone());
        let answer = move || {
            counted.fetch_add(1, Ordering::SeqCst);
            let answer = told
                .lock()
                .unwrap()
                .clone()
                .ok_or(StatusCode::SERVICE_UNAVAILABLE);
            async { answer }
        };
        let router = Router::new().route("/keys", get(answer));
        Tasks::new().spawn("issuer", async { axum::serve(listener, router).await });
        Self { url, jwks, reads }
    }

    fn tell(&self, jwks: Option<String>) {
        *self.jwks.lock().unwrap() = jwks;
    }

    fn settings(&self, floor_s: u64, interval_s: u64) -> String {
        format!(
            "[auth]\nrefresh_floor_s = {floor_s}\nrefresh_interval_s = {interval_s}\n\
             [auth.issuers.web]\nissuer = 'https://web.example'\njwks_url = '{}'\n",
            self.url
        )
    }
}

async fn code(world: &World, key: &SigningKey) -> Code {
    let grant = runtime::tokens::Grant {
        issuer: "https://web.example",
        ..grant()
    };
    let request = signed(
        ListParkedEventsRequest::default(),
        &key.sign(&grant).unwrap(),
    );
    let answer = world.parked().await.list_parked_events(request).await;
    answer.map_or_else(|status| status.code(), |_| Code::Ok)
}

#[tokio::test]
async fn keys_of_a_url_are_read_anew_for_an_unknown_key_but_not_for_every_one() {
    let (first, second, stranger) = (key(), key(), key());
    let issuer = Issuer::start(Some(first.jwks())).await;
    let world = World::with(&issuer.settings(3600, 3600)).await;
    assert_eq!(code(&world, &first).await, Code::Ok);
    assert_eq!(issuer.reads.load(Ordering::SeqCst), 1);

    issuer.tell(Some(second.jwks()));
    assert_eq!(
        code(&world, &second).await,
        Code::Ok,
        "a new key is looked for"
    );
    assert_eq!(
        code(&world, &first).await,
        Code::Unauthenticated,
        "a withdrawn key is forgotten"
    );
    for _ in 0..20 {
        assert_eq!(code(&world, &stranger).await, Code::Unauthenticated);
    }
    assert_eq!(
        issuer.reads.load(Ordering::SeqCst),
        2,
        "a flood of unknown keys reads nothing"
    );
}

#[tokio::test]
async fn an_issuer_out_of_reach_keeps_its_keys_and_one_never_reached_is_unavailable() {
    let first = key();
    let issuer = Issuer::start(None).await;
    let world = World::with(&issuer.settings(0, 3600)).await;
    assert_eq!(code(&world, &first).await, Code::Unavailable);

    issuer.tell(Some(first.jwks()));
    assert_eq!(code(&world, &first).await, Code::Ok);
    issuer.tell(None);
    assert_eq!(
        code(&world, &key()).await,
        Code::Unauthenticated,
        "asks, and is not answered"
    );
    assert!(issuer.reads.load(Ordering::SeqCst) >= 4);
    assert_eq!(
        code(&world, &first).await,
        Code::Ok,
        "the outage changes nothing"
    );
}

#[tokio::test]
async fn keys_are_kept_fresh_in_the_background() {
    runtime::tls::install_crypto();
    let issuer = Issuer::start(Some(key().jwks())).await;
    let settings = settings(&issuer.settings(3600, 1));
    let authenticator = Authenticator::try_new(&settings.auth, false).await.unwrap();
    let (tasks, shutdown) = (
        Tasks::new(),
        runtime::Shutdown::new(settings.server.drain_timeout()),
    );
    authenticator.keep_fresh(&tasks, &shutdown);
    until(|| issuer.reads.load(Ordering::SeqCst) >= 2).await;
    shutdown.request();
    within(tasks.drain(shutdown.time_left())).await.unwrap();
}

#[tokio::test]
async fn a_pem_key_counts_and_p256_does_too() {
    let pair = rcgen::KeyPair::generate_for(&rcgen::PKCS_ECDSA_P256_SHA256).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let path = write(&folder, "public.pem", &pair.public_key_pem());
    let text = format!(
        "[auth.issuers.web]\nissuer = 'https://web.example'\npem_file = '{}'",
        path.display()
    );
    let world = World::in_folder(folder, &text).await;
    let claims = serde_json::json!({
        "iss": "https://web.example", "sub": "ada", "aud": "recoup", "scope": "feed:operate",
        "exp": jsonwebtoken::get_current_timestamp() + 60,
    });
    let header = jsonwebtoken::Header::new(jsonwebtoken::Algorithm::ES256);
    let key = jsonwebtoken::EncodingKey::from_ec_pem(pair.serialize_pem().as_bytes()).unwrap();
    let token = jsonwebtoken::encode(&header, &claims, &key).unwrap();
    let request = signed(ListParkedEventsRequest::default(), &token);
    world
        .parked()
        .await
        .list_parked_events(request)
        .await
        .unwrap();
}

#[tokio::test]
async fn settings_of_an_issuer_that_cannot_work_are_refused_at_the_start() {
    runtime::tls::install_crypto();
    let folder = tempfile::tempdir().unwrap();
    let rsa_only = write(
        &folder,
        "rsa.jwks",
        r#"{"keys":[{"kty":"RSA","n":"AQAB","e":"AQAB"}]}"#,
    );
    for (issuer, expected) in [
        ("issuer = 'x'".to_owned(), "issuer web: exactly one of"),
        (
            "issuer = 'x'\njwks_file = 'a'\njwks_url = 'http://b'".to_owned(),
            "issuer web: exactly one of",
        ),
        ("jwks_file = 'a'".to_owned(), "issuer web: issuer is empty"),
        (
            "issuer = 'x'\njwks_file = '/nowhere'".to_owned(),
            "issuer web: /nowhere: No such file",
        ),
        (
            format!("issuer = 'x'\njwks_file = '{}'", rsa_only.display()),
            "issuer web: no Ed25519 or P-256",
        ),
        (
            format!("issuer = 'x'\npem_file = '{}'", rsa_only.display()),
            "issuer web: not a PEM",
        ),
    ] {
        let settings = settings(&format!("[auth.issuers.web]\n{issuer}"));
        let error = Authenticator::try_new(&settings.auth, false)
            .await
            .err()
            .unwrap()
            .to_string();
        assert!(error.starts_with(expected), "{error}");
    }
}
