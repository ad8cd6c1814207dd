//! Who is calling (P29): from the token in `authorization` to a [`Caller`].
//!
//! The order: find the issuer the token claims, find its key, let the key decide
//! the algorithm, check signature, expiry, issuer and audience, and, for a token of
//! one of our own services under mutual TLS, that the connection is that service's.
//! What a caller may do is decided in [`access`]. Tokens expire by real time, not by
//! the business clock. Must never log, store or echo a token.

pub(crate) mod access;
mod caller;
mod claims;
mod issuer;
mod keys;

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use http::HeaderMap;
use http::header::AUTHORIZATION;
use jsonwebtoken::errors::ErrorKind;
use jsonwebtoken::{Validation, dangerous, decode, decode_header, get_current_timestamp};
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::server::ParsedCertificate;
use sha2::{Digest as _, Sha256};

use crate::config::AuthConfig;
use crate::recent::Recent;
use crate::{Refusal, Shutdown, Tasks};

pub use caller::Caller;
pub(crate) use claims::{Act, Claims};
pub use issuer::IssuerError;
use issuer::{Issuer, KeyError};

/// Longer ones are refused unread.
const MAX_TOKEN_BYTES: usize = 8 * 1024;

/// Tokens whose check is remembered, per generation.
const REMEMBERED: usize = 4096;

/// Checks tokens. Cheap to clone.
#[derive(Clone)]
pub struct Authenticator {
    inner: Arc<Inner>,
}

struct Inner {
    audience: String,
    leeway_s: u64,
    refresh_interval: Duration,
    /// Whether a peer must show its certificate.
    mutual_tls: bool,
    /// By the `iss` of its tokens.
    issuers: HashMap<String, Arc<Issuer>>,
    /// By the SHA-256 of the token: a signature takes longer to check than all
    /// else of a small call.
    checked: Recent<[u8; 32], Checked>,
}

#[derive(Clone)]
struct Checked {
    caller: Arc<Caller>,
    issuer: Arc<Issuer>,
    /// Of the issuer's keys when the token was checked.
    generation: u64,
    /// Seconds since 1970, leeway included.
    until: u64,
}

impl Authenticator {
    /// Reads the keys of all issuers. An issuer whose URL does not answer is asked
    /// again when it is needed. `mutual_tls`: a peer's token counts only over a
    /// connection with that peer's certificate.
    ///
    /// # Errors
    /// An issuer without exactly one source of keys, or whose file cannot be used.
    pub async fn try_new(config: &AuthConfig, mutual_tls: bool) -> Result<Self, IssuerError> {
        let mut issuers = HashMap::new();
        for (name, settings) in &config.issuers {
            let floor = Duration::from_secs(config.refresh_floor_s);
            let issuer = Issuer::try_new(name, settings, floor).await?;
            issuers.insert(settings.issuer.clone(), Arc::new(issuer));
        }
        let inner = Inner {
            audience: config.audience.clone(),
            leeway_s: config.leeway_s,
            refresh_interval: Duration::from_secs(config.refresh_interval_s),
            mutual_tls,
            issuers,
            checked: Recent::new(REMEMBERED),
        };
        Ok(Self {
            inner: Arc::new(inner),
        })
    }

    /// Reads the keys of all issuers again and again until the shutdown, so that a
    /// withdrawn key stops counting. While an issuer is out of reach, the keys it
    /// had stay.
    pub fn keep_fresh(&self, tasks: &Tasks, shutdown: &Shutdown) {
        let (inner, stop) = (Arc::clone(&self.inner), shutdown.requested());
        tasks.spawn("issuer keys", async move {
            tokio::pin!(stop);
            loop {
                tokio::select! {
                    () = &mut stop => return,
                    () = tokio::time::sleep(inner.refresh_interval) => {}
                }
                for issuer in inner.issuers.values() {
                    issuer.refresh().await;
                }
            }
        });
    }

    /// The caller behind the token in these headers. `certificates`: what the
    /// client showed in the TLS handshake, its own first.
    ///
    /// # Errors
    /// UNAUTHENTICATED: TOKEN_MISSING, TOKEN_INVALID, TOKEN_EXPIRED.
    /// PERMISSION_DENIED, PEER_NOT_ALLOWED: a service's token on a connection that
    /// is not that service's. UNAVAILABLE, ISSUER_UNREACHABLE: the issuer's keys
    /// were never read.
    pub(crate) async fn authenticate(
        &self,
        headers: &HeaderMap,
        certificates: Option<&[CertificateDer<'_>]>,
    ) -> Result<Arc<Caller>, Refusal> {
        let token = bearer(headers)?;
        let digest: [u8; 32] = Sha256::digest(token).into();
        let checked = match self.inner.checked.get(&digest) {
            Some(checked) if checked.still_counts() => checked,
            _ => {
                let checked = self.check(token).await?;
                self.inner.checked.put(digest, checked.clone());
                checked
            }
        };
        if let (true, Some(san)) = (self.inner.mutual_tls, checked.issuer.peer_san())
            && !shows(certificates, san)
        {
            return Err(Refusal::denied(
                "PEER_NOT_ALLOWED",
                "the token of a service counts only with its certificate",
            ));
        }
        Ok(checked.caller)
    }

    async fn check(&self, token: &str) -> Result<Checked, Refusal> {
        let header = decode_header(token).map_err(|_| invalid("its header cannot be read"))?;
        if header.crit.is_some() {
            return Err(invalid("it has critical extensions"));
        }
        let claimed: claims::Claimed = dangerous::insecure_decode_claims(token)
            .map_err(|_| invalid("its claims cannot be read"))?;
        let issuer = self.inner.issuers.get(&claimed.iss);
        let issuer = issuer.ok_or_else(|| invalid("its issuer is unknown"))?;
        let (key, generation) =
            issuer
                .key(header.kid.as_deref())
                .await
                .map_err(|error| match error {
                    KeyError::Unknown => invalid("its key is unknown"),
                    KeyError::NeverRead => {
                        Refusal::unavailable("ISSUER_UNREACHABLE", crate::refusal::SOON)
                            .caused_by("the issuer's keys were never read")
                    }
                })?;
        let mut validation = Validation::new(key.algorithm);
        validation.leeway = self.inner.leeway_s;
        validation.validate_nbf = true;
        validation.set_audience(&[&self.inner.audience]);
        validation.set_issuer(&[&claimed.iss]);
        validation.set_required_spec_claims(&["exp", "iss", "aud", "sub"]);
        let claims = decode::<Claims>(token, &key.key, &validation)
            .map_err(refused)?
            .claims;
        let until = claims.exp.saturating_add(self.inner.leeway_s);
        let caller = Arc::new(Caller::of(claims, issuer.peer(), |name| {
            self.is_peer(name)
        })?);
        Ok(Checked {
            caller,
            issuer: Arc::clone(issuer),
            generation,
            until,
        })
    }

    fn is_peer(&self, name: &str) -> bool {
        self.inner
            .issuers
            .values()
            .any(|issuer| issuer.peer() == Some(name))
    }
}

impl Checked {
    fn still_counts(&self) -> bool {
        self.until > get_current_timestamp() && self.generation == self.issuer.generation()
    }
}

fn bearer(headers: &HeaderMap) -> Result<&str, Refusal> {
    let mut values = headers.get_all(AUTHORIZATION).iter();
    let (Some(value), None) = (values.next(), values.next()) else {
        let text = "exactly one authorization entry with a bearer token is needed";
        return Err(Refusal::unauthenticated("TOKEN_MISSING", text));
    };
    let text = value.to_str().map_err(|_| invalid("it is not text"))?;
    match text.split_once(' ') {
        Some((scheme, token)) if scheme.eq_ignore_ascii_case("bearer") => {
            let token = token.trim();
            if token.len() > MAX_TOKEN_BYTES {
                Err(invalid("it is too long"))
            } else {
                Ok(token)
            }
        }
        _ => Err(Refusal::unauthenticated(
            "TOKEN_MISSING",
            "a bearer token is needed",
        )),
    }
}

/// The client gets one text for all of them; which check failed is for the log.
pub(crate) fn invalid(cause: &'static str) -> Refusal {
    Refusal::unauthenticated("TOKEN_INVALID", "the token does not count here").caused_by(cause)
}

/// The error's own text is not used: it may quote the token.
fn refused(error: jsonwebtoken::errors::Error) -> Refusal {
    match error.kind() {
        ErrorKind::ExpiredSignature => {
            Refusal::unauthenticated("TOKEN_EXPIRED", "the token has expired: get a new one")
        }
        ErrorKind::InvalidSignature => invalid("its signature is wrong"),
        ErrorKind::InvalidAlgorithm => invalid("its algorithm is not that of the key"),
        ErrorKind::InvalidAudience => invalid("its audience is another"),
        ErrorKind::ImmatureSignature => invalid("it is not valid yet"),
        ErrorKind::MissingRequiredClaim(_) => invalid("a claim is missing"),
        _ => invalid("it cannot be read"),
    }
}

/// Whether the client's own certificate carries this name. That the certificate
/// is signed by the right authority was checked in the handshake.
fn shows(certificates: Option<&[CertificateDer<'_>]>, san: &str) -> bool {
    let (Some([own, ..]), Ok(name)) = (certificates, ServerName::try_from(san)) else {
        return false;
    };
    ParsedCertificate::try_from(own)
        .is_ok_and(|own| rustls::client::verify_server_name(&own, &name).is_ok())
}
