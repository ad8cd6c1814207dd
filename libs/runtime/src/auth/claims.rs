//! The claims of a token, as read and as minted. Plain data.

use serde::{Deserialize, Serialize};

/// What a token says.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Claims {
    /// Who signed it.
    pub iss: String,
    /// Whom it speaks for.
    pub sub: String,
    /// Whom it is meant for. A list in tokens of others; checked elsewhere.
    #[serde(skip_deserializing)]
    pub aud: String,
    /// Seconds since 1970 after which it does not count.
    pub exp: u64,
    /// Seconds since 1970 when it was signed.
    #[serde(default)]
    pub iat: u64,
    /// The tenant, a UUID.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tenant: Option<String>,
    /// What it allows, separated by spaces.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub scope: Option<String>,
    /// The application.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub client_id: Option<String>,
    /// In a service's token: on whose behalf it calls. Ignored in any other.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub act: Option<Act>,
}

/// On whose behalf a service calls.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Act {
    /// The `sub` of the original token.
    pub sub: String,
}

/// The one claim that is read before the signature is checked, to find the key.
#[derive(Debug, Deserialize)]
pub(super) struct Claimed {
    pub iss: String,
}
