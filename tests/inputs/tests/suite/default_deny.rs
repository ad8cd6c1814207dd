//! P29: no method is open to a caller whose token is missing, forged, expired or mis-scoped.

use std::collections::BTreeMap;

use contracts::access::{METHODS, Method};
use futures_util::{StreamExt as _, future, stream};
use jsonwebtoken::{Algorithm, EncodingKey, Header, encode, get_current_timestamp};
use postgres::TenantId;
use prost_reflect::{DynamicMessage, MethodDescriptor};
use runtime::tokens::SigningKey;
use serde_json::json;
use tonic::Code;
use tonic::transport::Channel;
use uuid::Uuid;

use crate::contract::{access_of, call, methods, short};
use crate::up::{AUDIENCE, Up, grant};

/// Calls at a time.
const AT_ONCE: usize = 16;

/// Who is turned away, and with what.
#[derive(Clone)]
struct Stranger {
    who: &'static str,
    token: Option<String>,
    code: Code,
    reason: &'static str,
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn p29_every_method_turns_away_who_may_not_call_it() {
    let up = Up::start();
    let forgers = unknown_to_all(&up);
    let mut of_access = BTreeMap::new();
    let mut calls = Vec::new();
    for method in methods() {
        let access = access_of(&method);
        // Signing takes its time: methods of the same access meet the same strangers.
        let key = (access.scope, access.peers, access.any_tenant);
        let denied = of_access.entry(key).or_insert_with(|| denied(&up, access));
        for stranger in forgers.iter().chain(&*denied).cloned() {
            calls.push(turned_away(up.channel.clone(), method.clone(), stranger));
        }
    }
    let asked = calls.len();
    let faults: Vec<String> = stream::iter(calls)
        .buffer_unordered(AT_ONCE)
        .filter_map(future::ready)
        .collect()
        .await;
    eprintln!("{} methods, {asked} calls", methods().len());
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

/// Calls a method; tells when the stranger is not turned away as they must be.
async fn turned_away(
    channel: Channel,
    method: MethodDescriptor,
    stranger: Stranger,
) -> Option<String> {
    let request = vec![DynamicMessage::new(method.input())];
    let answer = call(&channel, &method, request, stranger.token.as_deref()).await;
    let as_expected = (answer.code, &*answer.reason) == (Some(stranger.code), stranger.reason);
    let told = || format!("{}, {}: {}", short(&method), stranger.who, answer.told());
    (!as_expected).then(told)
}

/// Whose tokens are nobody's: they would open every method if they were good.
fn unknown_to_all(up: &Up) -> Vec<Stranger> {
    let unknown = |who, token| Stranger {
        who,
        token: Some(token),
        code: Code::Unauthenticated,
        reason: "TOKEN_INVALID",
    };
    let tenant = Some(TenantId::new(Uuid::now_v7()));
    let scopes: Vec<&str> = METHODS.iter().map(|method| method.scope).collect();
    let scopes = scopes.join(" ");
    let (forger, _) = SigningKey::generate().unwrap();
    let forged = |issuer| forger.sign(&grant(issuer, tenant, &scopes)).unwrap();
    let now = get_current_timestamp();
    vec![
        Stranger {
            who: "without a token",
            token: None,
            code: Code::Unauthenticated,
            reason: "TOKEN_MISSING",
        },
        unknown("with nonsense", "nonsense".to_owned()),
        unknown("forged", forged("recoup")),
        unknown("signed by nobody known", forged("eve")),
        unknown(
            "signed by another issuer",
            signed(up, "credit", ("recoup", AUDIENCE), &scopes, now + 600),
        ),
        unknown(
            "for another audience",
            signed(up, "recoup", ("recoup", "eve"), &scopes, now + 600),
        ),
        Stranger {
            reason: "TOKEN_EXPIRED",
            ..unknown(
                "expired",
                signed(up, "recoup", ("recoup", AUDIENCE), &scopes, now - 86_400),
            )
        },
    ]
}

/// Who is known and may not call a method of this access.
fn denied(up: &Up, access: &Method) -> Vec<Stranger> {
    let denied = |who, token, reason| Stranger {
        who,
        token: Some(token),
        code: Code::PermissionDenied,
        reason,
    };
    let tenant = Some(TenantId::new(Uuid::now_v7()));
    let others: Vec<&str> = METHODS
        .iter()
        .map(|method| method.scope)
        .filter(|scope| *scope != access.scope)
        .collect();
    let mut found = vec![
        denied(
            "without a scope",
            up.sign("recoup", tenant, ""),
            "SCOPE_MISSING",
        ),
        denied(
            "with every other scope",
            up.sign("recoup", tenant, &others.join(" ")),
            "SCOPE_MISSING",
        ),
    ];
    if !access.peers.is_empty() {
        let services = ["credit", "invoicing", "payments", "reminders", "agency"];
        let outsider = services.into_iter().find(|one| !access.peers.contains(one));
        let person = up.sign("recoup", tenant, access.scope);
        let outsider = up.sign(outsider.unwrap(), tenant, access.scope);
        found.extend([
            denied("a person where services call", person, "PEER_NOT_ALLOWED"),
            denied("a service that is not listed", outsider, "PEER_NOT_ALLOWED"),
        ]);
    }
    if !access.any_tenant {
        let issuer = access.peers.first().copied().unwrap_or("recoup");
        let nobodys = up.sign(issuer, None, access.scope);
        found.push(denied("without a tenant", nobodys, "TENANT_MISSING"));
    }
    found
}

/// A token that `signer` signs and that says it were `iss`'s, for `aud`.
fn signed(up: &Up, signer: &str, (iss, aud): (&str, &str), scope: &str, exp: u64) -> String {
    let pem = up.private_key(signer);
    let known = SigningKey::from_pem(&up.private_key(iss)).unwrap();
    let jwks: serde_json::Value = serde_json::from_str(&known.jwks()).unwrap();
    let mut header = Header::new(Algorithm::EdDSA);
    header.kid = jwks["keys"][0]["kid"].as_str().map(str::to_owned);
    let claims = json!({
        "iss": iss, "aud": aud, "sub": "ada", "iat": exp - 1, "exp": exp,
        "tenant": Uuid::now_v7().to_string(), "scope": scope,
    });
    encode(
        &header,
        &claims,
        &EncodingKey::from_ed_pem(pem.as_bytes()).unwrap(),
    )
    .unwrap()
}
