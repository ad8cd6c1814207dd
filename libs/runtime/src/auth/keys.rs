//! Public keys that tokens are checked with. The key decides the algorithm, never
//! the token: so a public key can never serve as the secret of another algorithm.

use jsonwebtoken::jwk::{AlgorithmParameters, EllipticCurve, Jwk, JwkSet, PublicKeyUse};
use jsonwebtoken::{Algorithm, DecodingKey};

/// One public key.
#[derive(Clone)]
pub(super) struct VerifyingKey {
    pub kid: Option<String>,
    pub algorithm: Algorithm,
    pub key: DecodingKey,
}

/// Why keys cannot be used.
#[derive(Debug, thiserror::Error)]
pub(super) enum KeysError {
    #[error("not a JSON Web Key Set")]
    NotJwks,
    #[error("not a PEM public key of Ed25519 or P-256")]
    NotPem,
    #[error("no Ed25519 or P-256 key in it")]
    NoneUsable,
}

/// The Ed25519 and P-256 signing keys of a JSON Web Key Set; others are ignored.
pub(super) fn from_jwks(text: &[u8]) -> Result<Vec<VerifyingKey>, KeysError> {
    let set: JwkSet = serde_json::from_slice(text).map_err(|_| KeysError::NotJwks)?;
    let keys: Vec<VerifyingKey> = set.keys.iter().filter_map(usable).collect();
    if keys.is_empty() {
        Err(KeysError::NoneUsable)
    } else {
        Ok(keys)
    }
}

fn usable(jwk: &Jwk) -> Option<VerifyingKey> {
    let algorithm = match &jwk.algorithm {
        AlgorithmParameters::OctetKeyPair(key) if key.curve == EllipticCurve::Ed25519 => {
            Algorithm::EdDSA
        }
        AlgorithmParameters::EllipticCurve(key) if key.curve == EllipticCurve::P256 => {
            Algorithm::ES256
        }
        _ => return None,
    };
    if matches!(&jwk.common.public_key_use, Some(purpose) if *purpose != PublicKeyUse::Signature) {
        return None;
    }
    let key = DecodingKey::from_jwk(jwk).ok()?;
    Some(VerifyingKey {
        kid: jwk.common.key_id.clone(),
        algorithm,
        key,
    })
}

/// The one key of a PEM file.
pub(super) fn from_pem(text: &[u8]) -> Result<Vec<VerifyingKey>, KeysError> {
    let ed25519 = DecodingKey::from_ed_pem(text).map(|key| (Algorithm::EdDSA, key));
    let either = ed25519.or_else(|_| DecodingKey::from_ec_pem(text).map(|k| (Algorithm::ES256, k)));
    let (algorithm, key) = either.map_err(|_| KeysError::NotPem)?;
    Ok(vec![VerifyingKey {
        kid: None,
        algorithm,
        key,
    }])
}
