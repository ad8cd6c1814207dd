//! The tokens with which this service calls others: 60 seconds, the scope of one
//! method, the tenant, the original actor as `act`.

use std::sync::Arc;
use std::time::Duration;

use http::HeaderValue;
use postgres::TenantId;
use tokio::time::Instant;

use super::Errand;
use crate::config::AuthConfig;
use crate::recent::Recent;
use crate::tokens::{Grant, SigningError, SigningKey};

/// How long a token counts.
const VALID_FOR: Duration = Duration::from_secs(60);

/// How long the same token is used again: signing takes longer than a small call.
const USED_FOR: Duration = Duration::from_secs(30);

/// Tokens kept, per generation.
const KEPT: usize = 1024;

/// The scope with which a token without a tenant reads the feed of all.
const ALL_TENANTS: &str = "feed:all";

/// Signs the tokens of one service. Cheap to clone.
#[derive(Clone)]
pub struct Signer {
    inner: Arc<Parts>,
}

struct Parts {
    key: SigningKey,
    service: &'static str,
    audience: String,
    signed: Recent<Wanted, (HeaderValue, Instant)>,
}

#[derive(Clone, PartialEq, Eq, Hash)]
struct Wanted {
    tenant: Option<TenantId>,
    actor: String,
    scope: &'static str,
}

impl Signer {
    /// Signs as `service` for receivers with this audience.
    #[must_use]
    pub fn new(key: SigningKey, service: &'static str, audience: &str) -> Self {
        let audience = audience.to_owned();
        Self {
            inner: Arc::new(Parts {
                key,
                service,
                audience,
                signed: Recent::new(KEPT),
            }),
        }
    }

    /// Signs as `service` with the key in the settings.
    ///
    /// # Errors
    /// [`SigningError`]: the settings name no key, or its file is none.
    pub fn from_config(config: &AuthConfig, service: &'static str) -> Result<Self, SigningError> {
        let path = config
            .signing_key_file
            .as_ref()
            .ok_or(SigningError::NotSet)?;
        let pem = std::fs::read_to_string(path).map_err(|source| SigningError::Unreadable {
            path: path.clone(),
            source,
        })?;
        Ok(Self::new(
            SigningKey::from_pem(&pem)?,
            service,
            &config.audience,
        ))
    }

    /// The service it signs as.
    pub(super) fn service(&self) -> &'static str {
        self.inner.service
    }

    /// The `authorization` entry for an errand that needs `scope`.
    pub(super) fn authorization(
        &self,
        errand: &Errand,
        scope: &'static str,
    ) -> Result<HeaderValue, SigningError> {
        let wanted = Wanted {
            tenant: errand.tenant(),
            actor: errand.actor().to_owned(),
            scope,
        };
        if let Some((value, signed)) = self.inner.signed.get(&wanted)
            && signed.elapsed() < USED_FOR
        {
            return Ok(value);
        }
        let value = self.sign(&wanted)?;
        self.inner
            .signed
            .put(wanted, (value.clone(), Instant::now()));
        Ok(value)
    }

    fn sign(&self, wanted: &Wanted) -> Result<HeaderValue, SigningError> {
        let across = format!("{} {ALL_TENANTS}", wanted.scope);
        let token = self.inner.key.sign(&Grant {
            issuer: self.inner.service,
            audience: &self.inner.audience,
            subject: self.inner.service,
            client_id: None,
            tenant: wanted.tenant,
            scope: if wanted.tenant.is_some() {
                wanted.scope
            } else {
                &across
            },
            on_behalf_of: Some(&wanted.actor),
            valid_for: VALID_FOR,
        })?;
        let value = HeaderValue::try_from(format!("Bearer {token}"));
        let mut value = value.map_err(|_| SigningError::NotSigned)?;
        value.set_sensitive(true);
        Ok(value)
    }
}
