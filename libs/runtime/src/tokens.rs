//! Signing of tokens: those with which a service calls another (60 s), and those
//! that `recoup token` hands to people and tests. Must not decide who may get one.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use jsonwebtoken::jwk::{Jwk, PublicKeyUse, ThumbprintHash};
use jsonwebtoken::{Algorithm, EncodingKey, Header, encode, get_current_timestamp};
use postgres::TenantId;

use crate::auth::{Act, Claims};

/// PKCS#8 of an Ed25519 private key (RFC 8410), up to the 32 bytes of the key.
const PKCS8_ED25519: [u8; 16] = [
    0x30, 0x2e, 0x02, 0x01, 0x00, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x04, 0x22, 0x04, 0x20,
];

/// Why a key cannot be made or used.
#[derive(Debug, thiserror::Error)]
pub enum SigningError {
    /// The system gives no random bytes.
    #[error("no random bytes for a key")]
    NoEntropy,
    /// The settings name no key.
    #[error("auth.signing_key_file is not set: a service that calls others needs a key")]
    NotSet,
    /// The file of the key cannot be read.
    #[error("{}: {source}", path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// Not an Ed25519 private key in PKCS#8 PEM.
    #[error("the signing key is not an Ed25519 private key in PKCS#8 PEM")]
    NotAKey,
    /// A token could not be signed.
    #[error("the token could not be signed")]
    NotSigned,
}

/// An Ed25519 key that signs tokens. Cheap to clone.
#[derive(Clone)]
pub struct SigningKey {
    inner: Arc<Inner>,
}

struct Inner {
    key: EncodingKey,
    kid: String,
    public: Jwk,
}

/// What a token is to say.
#[derive(Debug, Clone)]
pub struct Grant<'a> {
    /// Who signs it, as the receivers' settings know it.
    pub issuer: &'a str,
    /// Whom it is meant for.
    pub audience: &'a str,
    /// Whom it speaks for.
    pub subject: &'a str,
    /// The application, if not the subject.
    pub client_id: Option<&'a str>,
    /// The tenant; none for operators and readers of all tenants' feeds.
    pub tenant: Option<TenantId>,
    /// What it allows, separated by spaces.
    pub scope: &'a str,
    /// On whose behalf a service calls.
    pub on_behalf_of: Option<&'a str>,
    /// How long it counts.
    pub valid_for: Duration,
}

impl SigningKey {
    /// Makes a new key, and gives it as PKCS#8 PEM too, to be stored in a file that
    /// nobody else may read.
    ///
    /// # Errors
    /// [`SigningError::NoEntropy`].
    pub fn generate() -> Result<(Self, String), SigningError> {
        let mut seed = [0_u8; 32];
        let random = rustls::crypto::ring::default_provider().secure_random;
        random
            .fill(&mut seed)
            .map_err(|_| SigningError::NoEntropy)?;
        let encoded = STANDARD.encode([PKCS8_ED25519.as_slice(), &seed].concat());
        let pem = format!("-----BEGIN PRIVATE KEY-----\n{encoded}\n-----END PRIVATE KEY-----\n");
        Ok((Self::from_pem(&pem)?, pem))
    }

    /// Reads a key from PKCS#8 PEM.
    ///
    /// # Errors
    /// [`SigningError::NotAKey`].
    pub fn from_pem(pem: &str) -> Result<Self, SigningError> {
        let not_a_key = |_| SigningError::NotAKey;
        let key = EncodingKey::from_ed_pem(pem.as_bytes()).map_err(not_a_key)?;
        let mut public = Jwk::from_encoding_key(&key, Algorithm::EdDSA).map_err(not_a_key)?;
        let kid = public
            .thumbprint(ThumbprintHash::SHA256)
            .map_err(not_a_key)?;
        public.common.key_id = Some(kid.clone());
        public.common.public_key_use = Some(PublicKeyUse::Signature);
        Ok(Self {
            inner: Arc::new(Inner { key, kid, public }),
        })
    }

    /// The public half as a JSON Web Key Set, for the receivers' settings.
    #[must_use]
    pub fn jwks(&self) -> String {
        serde_json::json!({ "keys": [self.inner.public] }).to_string()
    }

    /// Signs a token.
    ///
    /// # Errors
    /// [`SigningError::NotSigned`].
    pub fn sign(&self, grant: &Grant<'_>) -> Result<String, SigningError> {
        let now = get_current_timestamp();
        let claims = Claims {
            iss: grant.issuer.to_owned(),
            sub: grant.subject.to_owned(),
            aud: grant.audience.to_owned(),
            exp: now + grant.valid_for.as_secs(),
            iat: now,
            tenant: grant.tenant.map(|tenant| tenant.to_string()),
            scope: Some(grant.scope.to_owned()),
            client_id: grant.client_id.map(str::to_owned),
            act: grant.on_behalf_of.map(|actor| Act {
                sub: actor.to_owned(),
            }),
        };
        let mut header = Header::new(Algorithm::EdDSA);
        header.kid = Some(self.inner.kid.clone());
        encode(&header, &claims, &self.inner.key).map_err(|_| SigningError::NotSigned)
    }
}

impl std::fmt::Debug for SigningKey {
    /// By its public id.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("SigningKey")
            .field("kid", &self.inner.kid)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_generated_key_can_be_read_back_and_is_the_same() {
        let (made, pem) = SigningKey::generate().unwrap();
        let read = SigningKey::from_pem(&pem).unwrap();
        assert_eq!(made.jwks(), read.jwks());
        let (other, _) = SigningKey::generate().unwrap();
        assert_ne!(made.jwks(), other.jwks());
        assert!(!format!("{made:?}{}", made.jwks()).contains("PRIVATE"));
    }

    #[test]
    fn what_is_not_an_ed25519_private_key_is_refused() {
        for text in [
            "",
            "secret",
            "-----BEGIN PRIVATE KEY-----\nMAA=\n-----END PRIVATE KEY-----\n",
        ] {
            assert!(
                matches!(SigningKey::from_pem(text), Err(SigningError::NotAKey)),
                "{text}"
            );
        }
    }
}
