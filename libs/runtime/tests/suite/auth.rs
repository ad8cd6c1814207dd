//! Whose calls are let in (P29): a zoo of tokens, and every method of the contracts.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use contracts::access::METHODS;
use contracts::events::{ListParkedEventsRequest, ListParkedEventsResponse};
use jsonwebtoken::{Algorithm, EncodingKey, Header, encode, get_current_timestamp};
use runtime::tokens::Grant;
use serde_json::{Value, json};
use std::time::Duration;
use tonic::{Code, Status};

use crate::world::*;

async fn refusal(world: &World, token: &str) -> Status {
    let message = ListParkedEventsRequest::default();
    let answer = world
        .parked()
        .await
        .list_parked_events(signed(message, token))
        .await;
    answer.expect_err("such a token must not be let in")
}

fn claims() -> Value {
    json!({
        "iss": ISSUER, "sub": "ada", "aud": "recoup", "tenant": TENANT,
        "scope": "feed:operate", "exp": get_current_timestamp() + 60,
    })
}

fn with(key: &str, value: Value) -> Value {
    let mut claims = claims();
    claims[key] = value;
    claims
}

fn without(key: &str) -> Value {
    let mut claims = claims();
    claims.as_object_mut().unwrap().remove(key);
    claims
}

fn part(value: &Value) -> String {
    URL_SAFE_NO_PAD.encode(value.to_string())
}

/// A world whose platform key the test holds, to sign what the product never would.
struct Forge {
    world: World,
    key: EncodingKey,
    kid: String,
    jwk: Value,
}

impl Forge {
    async fn start() -> Self {
        let world = World::start().await;
        let (platform, pem) = runtime::tokens::SigningKey::generate().unwrap();
        write(&world.folder, "platform.jwks", &platform.jwks());
        let jwks: Value = serde_json::from_str(&platform.jwks()).unwrap();
        let jwk = jwks["keys"][0].clone();
        let key = EncodingKey::from_ed_pem(pem.as_bytes()).unwrap();
        Self {
            world,
            key,
            kid: jwk["kid"].as_str().unwrap().to_owned(),
            jwk,
        }
    }

    fn sign(&self, claims: &Value) -> String {
        self.sign_with(claims, |_| {})
    }

    fn sign_with(&self, claims: &Value, change: impl FnOnce(&mut Header)) -> String {
        let mut header = Header::new(Algorithm::EdDSA);
        header.kid = Some(self.kid.clone());
        change(&mut header);
        encode(&header, claims, &self.key).unwrap()
    }
}

#[tokio::test]
async fn p29_a_good_token_says_who_calls() {
    let forge = Forge::start().await;
    // The key was changed under the running server: an unknown key makes it look.
    for audience in [json!("recoup"), json!(["other", "recoup"])] {
        let token = forge.sign(&with("aud", audience));
        let mut client = forge.world.parked().await;
        let request = signed(ListParkedEventsRequest::default(), &token);
        let answer = client
            .list_parked_events(request)
            .await
            .unwrap()
            .into_inner();
        assert!(
            answer
                .next_page_token
                .starts_with(&format!("{TENANT}|ada|ada|none|")),
            "{answer:?}"
        );
    }
}

#[tokio::test]
async fn p29_a_zoo_of_claims_that_do_not_count() {
    let forge = Forge::start().await;
    let now = get_current_timestamp();
    let zoo = [
        ("another issuer", with("iss", json!("https://evil.example"))),
        ("no issuer", without("iss")),
        ("another audience", with("aud", json!("others"))),
        ("no audience", without("aud")),
        ("not yet valid", with("nbf", json!(now + 120))),
        ("no expiry", without("exp")),
        ("an expiry that is text", with("exp", json!("tomorrow"))),
        ("a negative expiry", with("exp", json!(-1))),
        ("no subject", without("sub")),
        ("an empty subject", with("sub", json!(""))),
        ("a tenant that is no UUID", with("tenant", json!("acme"))),
        (
            "the name of a service",
            with("client_id", json!("invoicing")),
        ),
        ("the subject of a service", with("sub", json!("invoicing"))),
    ];
    for (what, claims) in zoo {
        let status = refusal(&forge.world, &forge.sign(&claims)).await;
        assert_eq!(status.code(), Code::Unauthenticated, "{what}: {status:?}");
        assert_eq!(
            reason(&status),
            ("TOKEN_INVALID".into(), "credit.recoup".into()),
            "{what}"
        );
    }
    let status = refusal(&forge.world, &forge.sign(&with("exp", json!(now - 31)))).await;
    assert_eq!(reason(&status).0, "TOKEN_EXPIRED");

    let mut client = forge.world.parked().await;
    for tolerated in [with("exp", json!(now - 20)), with("nbf", json!(now + 20))] {
        let request = signed(ListParkedEventsRequest::default(), &forge.sign(&tolerated));
        client
            .list_parked_events(request)
            .await
            .expect("clocks may differ by 30 s");
    }
}

/// Tokens whose header names an algorithm that the key has not.
fn of_another_algorithm(forge: &Forge, body: &str, signature: &str) -> Vec<(&'static str, String)> {
    let header = |alg: &str| part(&json!({"typ": "JWT", "alg": alg, "kid": forge.kid}));
    // The public key is no secret: a token "signed" with it as an HMAC secret.
    let public = URL_SAFE_NO_PAD
        .decode(forge.jwk["x"].as_str().unwrap())
        .unwrap();
    let mut hmac = Header::new(Algorithm::HS256);
    hmac.kid = Some(forge.kid.clone());
    let confused = encode(&hmac, &claims(), &EncodingKey::from_secret(&public)).unwrap();
    vec![
        ("HMAC with the public key", confused),
        (
            "alg none without signature",
            format!("{}.{body}.", header("none")),
        ),
        ("alg None", format!("{}.{body}.{signature}", header("None"))),
        (
            "another curve in the header",
            format!("{}.{body}.{signature}", header("ES256")),
        ),
        (
            "RS256 in the header",
            format!("{}.{body}.{signature}", header("RS256")),
        ),
    ]
}

/// Tokens that nobody with the key has signed, and texts that are no tokens.
fn unsigned(forge: &Forge, good: &str, header: &str, body: &str) -> Vec<(&'static str, String)> {
    let (_, pem) = runtime::tokens::SigningKey::generate().unwrap();
    let stranger = EncodingKey::from_ed_pem(pem.as_bytes()).unwrap();
    let mut with_its_key = Header::new(Algorithm::EdDSA);
    with_its_key.kid = Some(forge.kid.clone());
    with_its_key.jwk = Some(serde_json::from_value(forge.jwk.clone()).unwrap());
    let (_, signature) = good.rsplit_once('.').unwrap();
    let forged = part(&with("sub", json!("eve")));
    let unknown = forge.sign_with(&claims(), |header| header.kid = Some("other".into()));
    let critical = forge.sign_with(&claims(), |header| header.crit = Some(vec!["b64".into()]));
    vec![
        (
            "other claims under the signature",
            format!("{header}.{forged}.{signature}"),
        ),
        ("no signature", format!("{header}.{body}.")),
        ("critical extensions", critical),
        ("an unknown key", unknown),
        (
            "a key of its own",
            encode(&with_its_key, &claims(), &stranger).unwrap(),
        ),
        ("two parts", format!("{header}.{body}")),
        ("four parts", format!("{good}.x")),
        ("nonsense", "nonsense".to_owned()),
        ("too long", format!("{good}{}", "A".repeat(9000))),
    ]
}

#[tokio::test]
async fn p29_the_key_decides_the_algorithm_not_the_token() {
    let forge = Forge::start().await;
    let good = forge.sign(&claims());
    let parts: Vec<&str> = good.split('.').collect();
    let [header, body, signature] = parts[..] else {
        panic!("a token has three parts")
    };
    let mut zoo = of_another_algorithm(&forge, body, signature);
    zoo.extend(unsigned(&forge, &good, header, body));
    for (what, token) in zoo {
        let status = refusal(&forge.world, &token).await;
        assert_eq!(status.code(), Code::Unauthenticated, "{what}: {status:?}");
        assert_eq!(reason(&status).0, "TOKEN_INVALID", "{what}");
        assert!(
            !format!("{status:?}").contains(body),
            "{what}: the token is echoed"
        );
    }
}

#[tokio::test]
async fn p29_without_one_bearer_token_nobody_is_let_in() {
    let world = World::start().await;
    let token = world.token();
    for headers in [
        vec![],
        vec!["Basic YTpi".to_owned()],
        vec![token.clone()],
        vec![format!("Bearer {token}"), format!("Bearer {token}")],
    ] {
        let mut request = tonic::Request::new(ListParkedEventsRequest::default());
        for header in headers {
            request
                .metadata_mut()
                .append("authorization", header.parse().unwrap());
        }
        let status = world
            .parked()
            .await
            .list_parked_events(request)
            .await
            .unwrap_err();
        assert_eq!(
            (status.code(), &*reason(&status).0),
            (Code::Unauthenticated, "TOKEN_MISSING")
        );
    }
}

async fn call(world: &World, path: &'static str, token: &str) -> Status {
    let mut client = tonic::client::Grpc::new(world.channel().await);
    client.ready().await.unwrap();
    let codec =
        tonic_prost::ProstCodec::<ListParkedEventsRequest, ListParkedEventsResponse>::default();
    let path = http::uri::PathAndQuery::from_static(path);
    let request = signed(ListParkedEventsRequest::default(), token);
    client
        .unary(request, path, codec)
        .await
        .expect_err("nothing behind it may answer")
}

#[tokio::test]
async fn p29_every_method_of_the_contracts_is_closed_without_its_scope() {
    let world = World::start().await;
    let all: Vec<&str> = METHODS.iter().map(|method| method.scope).collect();
    assert!(METHODS.len() > 50);
    for method in METHODS {
        let others: Vec<&str> = all
            .iter()
            .copied()
            .filter(|scope| *scope != method.scope)
            .collect();
        let token = world
            .platform
            .sign(&Grant {
                scope: &others.join(" "),
                ..grant()
            })
            .unwrap();
        let status = call(&world, method.path, &token).await;
        assert_eq!(status.code(), Code::PermissionDenied, "{}", method.path);
        assert_eq!(reason(&status).0, "SCOPE_MISSING", "{}", method.path);
    }
}

#[tokio::test]
async fn p29_methods_between_services_are_closed_to_everybody_else() {
    let world = World::start().await;
    let between: Vec<_> = METHODS
        .iter()
        .filter(|method| !method.peers.is_empty())
        .collect();
    assert!(!between.is_empty());
    for method in between {
        let platform = world
            .platform
            .sign(&Grant {
                scope: method.scope,
                ..grant()
            })
            .unwrap();
        let invoicing = Grant {
            issuer: "invoicing",
            subject: "invoicing",
            scope: method.scope,
            ..grant()
        };
        let peer = world.invoicing.sign(&invoicing).unwrap();
        assert!(
            !method.peers.contains(&"invoicing"),
            "the test needs a peer that is not listed"
        );
        for token in [platform, peer] {
            let status = call(&world, method.path, &token).await;
            assert_eq!(reason(&status).0, "PEER_NOT_ALLOWED", "{}", method.path);
            assert_eq!(status.code(), Code::PermissionDenied);
        }
    }
}

#[tokio::test]
async fn p29_a_token_without_a_tenant_calls_only_what_spans_tenants() {
    let world = World::start().await;
    let token = |scope| {
        world
            .platform
            .sign(&Grant {
                tenant: None,
                scope,
                ..grant()
            })
            .unwrap()
    };
    for method in METHODS
        .iter()
        .filter(|method| method.peers.is_empty() && !method.any_tenant)
    {
        let status = call(&world, method.path, &token(method.scope)).await;
        assert_eq!(reason(&status).0, "TENANT_MISSING", "{}", method.path);
    }
    let message = ListParkedEventsRequest::default();
    let request = signed(message, &token("feed:operate"));
    let answer = world
        .parked()
        .await
        .list_parked_events(request)
        .await
        .unwrap();
    assert!(
        answer
            .into_inner()
            .next_page_token
            .starts_with("none|ada|shop|")
    );
}

#[tokio::test]
async fn p29_what_no_contract_lists_is_denied_and_what_is_not_served_says_so() {
    let world = World::start().await;
    for path in [
        "/recoup.events.v1.ParkedEventService/Nothing",
        "/other.Service/Method",
        "/",
        "/x",
    ] {
        let status = call(&world, path, &world.token()).await;
        assert_eq!(
            (status.code(), &*reason(&status).0),
            (Code::PermissionDenied, "METHOD_UNKNOWN")
        );
        let status = call(&world, path, "nonsense").await;
        assert_eq!(status.code(), Code::Unauthenticated, "{path}");
    }
    let elsewhere = METHODS
        .iter()
        .find(|method| method.path.starts_with("/recoup.invoicing.") && method.peers.is_empty())
        .unwrap();
    let token = world
        .platform
        .sign(&Grant {
            scope: elsewhere.scope,
            ..grant()
        })
        .unwrap();
    let status = call(&world, elsewhere.path, &token).await;
    assert_eq!(status.code(), Code::Unimplemented);
    assert_eq!(
        reason(&status),
        ("METHOD_NOT_SERVED".into(), "invoicing.recoup".into())
    );
}

#[tokio::test]
async fn p29_a_service_calls_for_somebody_and_nobody_else_can_pretend_to() {
    let world = World::start().await;
    let service = Grant {
        issuer: "invoicing",
        subject: "invoicing",
        client_id: None,
        on_behalf_of: Some("grace"),
        valid_for: Duration::from_secs(60),
        ..grant()
    };
    let list = |token: String| {
        let request = signed(ListParkedEventsRequest::default(), &token);
        async { world.parked().await.list_parked_events(request).await }
    };
    let answer = list(world.invoicing.sign(&service).unwrap())
        .await
        .unwrap()
        .into_inner();
    assert!(
        answer
            .next_page_token
            .starts_with(&format!("{TENANT}|grace|invoicing|invoicing|"))
    );

    let pretended = world.platform.sign(&service).unwrap();
    assert_eq!(
        reason(&list(pretended).await.unwrap_err()).0,
        "TOKEN_INVALID"
    );
    let for_another = Grant {
        issuer: ISSUER,
        subject: "ada",
        ..service
    };
    let answer = list(world.platform.sign(&for_another).unwrap())
        .await
        .unwrap()
        .into_inner();
    assert!(
        answer.next_page_token.contains("|ada|ada|none|"),
        "act of a platform is ignored"
    );
}
