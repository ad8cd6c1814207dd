//! One issuer of tokens: where its keys come from and how they stay fresh.
//!
//! Keys are read at the start, again at a regular interval, and again when a token
//! names one that is not known, but not more often than a floor, however many such
//! tokens come. A failed read changes nothing: the keys that were there stay.

use std::path::PathBuf;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use tokio::sync::Mutex;
use tokio::time::Instant;

use super::keys::{self, KeysError, VerifyingKey};
use crate::config::IssuerConfig;

/// The longest time to read a key URL.
const FETCH_TIMEOUT: Duration = Duration::from_secs(2);

/// The largest key set that is read.
const MAX_KEYS_BYTES: usize = 256 * 1024;

/// Why an issuer in the settings cannot be used.
#[derive(Debug, thiserror::Error)]
#[error("issuer {name}: {message}")]
pub struct IssuerError {
    name: String,
    message: String,
}

/// Why there is no key for a token.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum KeyError {
    /// The issuer has no such key.
    Unknown,
    /// The issuer's keys could never be read.
    NeverRead,
}

enum Source {
    JwksFile(PathBuf),
    JwksUrl(reqwest::Client, String),
    PemFile(PathBuf),
}

pub(super) struct Issuer {
    name: String,
    source: Source,
    peer: Option<String>,
    peer_san: Option<String>,
    floor: Duration,
    keys: RwLock<Arc<[VerifyingKey]>>,
    /// Rises whenever the keys change.
    generation: AtomicU64,
    /// When the keys were last asked for; held while they are being read.
    asked: Mutex<Option<Instant>>,
}

impl Issuer {
    pub(super) async fn try_new(
        name: &str,
        config: &IssuerConfig,
        floor: Duration,
    ) -> Result<Self, IssuerError> {
        let fault = |message: String| IssuerError {
            name: name.to_owned(),
            message,
        };
        if config.issuer.is_empty() {
            return Err(fault(
                "issuer is empty: it is the iss of its tokens".to_owned(),
            ));
        }
        let issuer = Self {
            name: name.to_owned(),
            source: source(config).map_err(fault)?,
            peer: config.peer.clone(),
            peer_san: config.peer_san.clone().or_else(|| config.peer.clone()),
            floor,
            keys: RwLock::new(Arc::new([])),
            generation: AtomicU64::new(0),
            asked: Mutex::new(None),
        };
        match issuer.read().await {
            Ok(keys) => issuer.replace(keys),
            // A URL may answer later, a file will not.
            Err(error) if matches!(issuer.source, Source::JwksUrl(..)) => {
                tracing::warn!(issuer = name, error, "keys of an issuer cannot be read yet");
            }
            Err(error) => return Err(fault(error)),
        }
        Ok(issuer)
    }

    /// The service of Recoup that it is.
    pub(super) fn peer(&self) -> Option<&str> {
        self.peer.as_deref()
    }

    /// The name that the peer's certificate must carry.
    pub(super) fn peer_san(&self) -> Option<&str> {
        self.peer_san.as_deref().filter(|_| self.peer.is_some())
    }

    pub(super) fn generation(&self) -> u64 {
        self.generation.load(Ordering::Acquire)
    }

    /// The key of that id, with the generation it belongs to; without an id, the
    /// only key there is.
    pub(super) async fn key(&self, kid: Option<&str>) -> Result<(VerifyingKey, u64), KeyError> {
        if let Some(found) = self.find(kid) {
            return Ok(found);
        }
        let mut asked = self.asked.lock().await;
        // Whoever held the lock may have brought it.
        if let Some(found) = self.find(kid) {
            return Ok(found);
        }
        if asked.is_none_or(|at| at.elapsed() >= self.floor) {
            *asked = Some(Instant::now());
            self.reload().await;
        }
        self.find(kid).ok_or(if self.generation() == 0 {
            KeyError::NeverRead
        } else {
            KeyError::Unknown
        })
    }

    /// Reads the keys again; keeps the old ones if that fails.
    pub(super) async fn refresh(&self) {
        let mut asked = self.asked.lock().await;
        *asked = Some(Instant::now());
        self.reload().await;
    }

    async fn reload(&self) {
        match self.read().await {
            Ok(keys) => self.replace(keys),
            Err(error) => {
                tracing::warn!(
                    issuer = self.name,
                    error,
                    "keys of an issuer stay as they were"
                );
            }
        }
    }

    fn find(&self, kid: Option<&str>) -> Option<(VerifyingKey, u64)> {
        // Before the keys: a token is rather checked once too often.
        let generation = self.generation();
        let keys = Arc::clone(&self.keys.read().unwrap_or_else(PoisonError::into_inner));
        let found = match (kid, &*keys) {
            (None, [only]) => Some(only),
            (None, _) => None,
            (Some(_), [only]) if only.kid.is_none() => Some(only),
            (Some(kid), keys) => keys.iter().find(|key| key.kid.as_deref() == Some(kid)),
        };
        Some((found?.clone(), generation))
    }

    fn replace(&self, keys: Vec<VerifyingKey>) {
        *self.keys.write().unwrap_or_else(PoisonError::into_inner) = keys.into();
        self.generation.fetch_add(1, Ordering::Release);
    }

    async fn read(&self) -> Result<Vec<VerifyingKey>, String> {
        let text = |error: KeysError| error.to_string();
        match &self.source {
            Source::JwksFile(path) => keys::from_jwks(&read_file(path).await?).map_err(text),
            Source::PemFile(path) => keys::from_pem(&read_file(path).await?).map_err(text),
            Source::JwksUrl(client, url) => {
                keys::from_jwks(&fetch(client, url).await?).map_err(text)
            }
        }
    }
}

fn source(config: &IssuerConfig) -> Result<Source, String> {
    match (&config.jwks_file, &config.jwks_url, &config.pem_file) {
        (Some(path), None, None) => Ok(Source::JwksFile(path.clone())),
        (None, None, Some(path)) => Ok(Source::PemFile(path.clone())),
        (None, Some(url), None) => {
            let client = reqwest::Client::builder()
                .timeout(FETCH_TIMEOUT)
                .redirect(reqwest::redirect::Policy::none())
                .build()
                .map_err(|error| error.to_string())?;
            Ok(Source::JwksUrl(client, url.clone()))
        }
        _ => Err("exactly one of jwks_file, jwks_url and pem_file is needed".to_owned()),
    }
}

async fn read_file(path: &PathBuf) -> Result<Vec<u8>, String> {
    tokio::fs::read(path)
        .await
        .map_err(|error| format!("{}: {error}", path.display()))
}

async fn fetch(client: &reqwest::Client, url: &str) -> Result<Vec<u8>, String> {
    let text = |error: reqwest::Error| error.to_string();
    let answer = client.get(url).send().await.map_err(text)?;
    let mut answer = answer.error_for_status().map_err(text)?;
    let mut body = Vec::new();
    while let Some(chunk) = answer.chunk().await.map_err(text)? {
        if body.len() + chunk.len() > MAX_KEYS_BYTES {
            return Err("the key set is too large".to_owned());
        }
        body.extend_from_slice(&chunk);
    }
    Ok(body)
}
