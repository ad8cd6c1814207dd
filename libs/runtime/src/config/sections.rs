//! The sections that every service has in its settings, as they stand in
//! `shared.default.toml`, which says what each key means. Plain data: what is done
//! with a section is said where it is used.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use secrecy::{ExposeSecret as _, SecretString};
use serde::{Deserialize, Deserializer};

use super::ConfigError;

/// `[server]`: where the service listens and what it bears.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ServerConfig {
    /// Address of gRPC and gRPC-Web.
    pub listen: SocketAddr,
    /// Address of `/metrics`, `/livez` and `/readyz`.
    pub admin_listen: SocketAddr,
    /// From the stop signal to the end of the process, in milliseconds.
    pub drain_timeout_ms: u64,
    /// What one process bears.
    pub limits: Limits,
}

impl ServerConfig {
    /// From the stop signal to the end of the process.
    #[must_use]
    pub fn drain_timeout(&self) -> Duration {
        Duration::from_millis(self.drain_timeout_ms)
    }
}

/// `[server.limits]`: what one process bears before it refuses.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Limits {
    /// Unary calls at work in the whole process.
    pub max_in_flight_calls: usize,
    /// Streams open in the whole process.
    pub max_open_streams: usize,
    /// HTTP/2 streams of one connection.
    pub max_concurrent_streams: u32,
    /// Streams a client may reset before they were looked at, per connection.
    pub max_pending_accept_reset_streams: usize,
    /// Streams we had to reset for a client's faults, per connection.
    pub max_local_error_reset_streams: usize,
    /// All headers of a request together, in bytes.
    pub max_header_list_bytes: u32,
    /// One HTTP/2 frame, in bytes.
    pub max_frame_bytes: u32,
    /// Silence after which a connection is probed, in milliseconds.
    pub keepalive_interval_ms: u64,
    /// How long a probe may stay unanswered, in milliseconds.
    pub keepalive_timeout_ms: u64,
    /// Age at which a connection is closed in good order, in seconds.
    pub max_connection_age_s: u64,
    /// Silence after which a stream is ended, in milliseconds.
    pub stream_idle_timeout_ms: u64,
    /// Calls of one tenant in a second; 0: no limit.
    pub tenant_calls_per_second: u32,
    /// Calls a tenant may make at once before its rate counts.
    pub tenant_burst: u32,
}

/// `[tls]`: the certificate of this process, as a server and towards peers.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TlsConfig {
    /// Certificate chain, PEM. None: plain text.
    #[serde(deserialize_with = "path")]
    pub cert_file: Option<PathBuf>,
    /// Private key of the certificate, PEM.
    #[serde(deserialize_with = "path")]
    pub key_file: Option<PathBuf>,
    /// Certificates that sign those of clients, PEM. None: clients show none.
    #[serde(deserialize_with = "path")]
    pub client_ca_file: Option<PathBuf>,
    /// Whether every client must show a certificate, or only our own services.
    pub require_client_cert: bool,
}

/// `[auth]`: whose tokens are accepted, and with which key we sign ours.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AuthConfig {
    /// The audience that a token must name.
    pub audience: String,
    /// Tolerance for the clocks of issuers, in seconds.
    pub leeway_s: u64,
    /// Shortest time between two reads of an issuer's key URL, in seconds.
    pub refresh_floor_s: u64,
    /// Time between two regular reads of an issuer's key URL, in seconds.
    pub refresh_interval_s: u64,
    /// Key that signs the tokens of this service, PEM. None: it calls nobody.
    #[serde(deserialize_with = "path")]
    pub signing_key_file: Option<PathBuf>,
    /// Whose tokens are accepted, by a name of your choice.
    #[serde(default)]
    pub issuers: BTreeMap<String, IssuerConfig>,
}

/// `[auth.issuers.<name>]`: one issuer and where its keys are. Exactly one of the
/// three sources.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct IssuerConfig {
    /// The `iss` of its tokens.
    pub issuer: String,
    /// File with its JSON Web Key Set.
    #[serde(deserialize_with = "path")]
    pub jwks_file: Option<PathBuf>,
    /// URL of its JSON Web Key Set.
    #[serde(deserialize_with = "text")]
    pub jwks_url: Option<String>,
    /// File with one public key, PEM.
    #[serde(deserialize_with = "path")]
    pub pem_file: Option<PathBuf>,
    /// The service of Recoup that this issuer is.
    #[serde(deserialize_with = "text")]
    pub peer: Option<String>,
    /// Name that the peer's certificate must carry; the peer's own if absent.
    #[serde(deserialize_with = "text")]
    pub peer_san: Option<String>,
}

/// `[telemetry]`: logs and traces.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TelemetryConfig {
    /// For people or for machines.
    pub logs: LogFormat,
    /// What is logged: directives of `tracing-subscriber`'s `EnvFilter`.
    pub filter: String,
    /// OTLP collector (gRPC). None: no traces leave the process.
    #[serde(deserialize_with = "text")]
    pub otlp_endpoint: Option<String>,
    /// Share of the traces begun here that are exported, in percent.
    pub sample_percent: u8,
}

/// How a log line looks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LogFormat {
    /// For people.
    Pretty,
    /// One JSON object a line.
    Json,
}

/// `[peers.<name>]`: a service that this one calls.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PeerConfig {
    /// Where it is, `http://…` or `https://…`.
    pub url: String,
    /// Certificates that sign the peer's, PEM; needed for `https`.
    #[serde(deserialize_with = "path")]
    pub ca_file: Option<PathBuf>,
    /// Name in the peer's certificate; the host of the URL if absent.
    #[serde(deserialize_with = "text")]
    pub tls_name: Option<String>,
    /// How long a connection may take, in milliseconds.
    pub connect_timeout_ms: u64,
}

/// `[redis]`: where hints about new events and due timers go.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RedisConfig {
    /// URL, perhaps with a password; empty: no hints.
    pub url: SecretString,
    /// Before every key and channel.
    pub prefix: String,
}

impl RedisConfig {
    /// What `make` makes of URL and prefix; nothing where no Redis is set.
    ///
    /// # Errors
    /// [`ConfigError::NotRedis`], without what `make` says: the URL may carry a password.
    pub fn with<T, E>(
        &self,
        make: impl FnOnce(&str, &str) -> Result<T, E>,
    ) -> Result<Option<T>, ConfigError> {
        let url = self.url.expose_secret();
        if url.is_empty() {
            return Ok(None);
        }
        let made = make(url, &self.prefix);
        made.map(Some).map_err(|_| ConfigError::NotRedis)
    }
}

fn text<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<String>, D::Error> {
    let text = String::deserialize(deserializer)?;
    Ok(Some(text).filter(|text| !text.is_empty()))
}

fn path<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<PathBuf>, D::Error> {
    Ok(text(deserializer)?.map(PathBuf::from))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn made(url: &str, outcome: Result<u8, &str>) -> Result<Option<u8>, String> {
        let redis = RedisConfig {
            url: SecretString::from(url),
            prefix: "recoup:".to_owned(),
        };
        let made = redis.with(|given, prefix| {
            assert_eq!((given, prefix), (url, "recoup:"));
            outcome
        });
        made.map_err(|error| error.to_string())
    }

    #[test]
    fn without_a_url_nothing_is_made_and_a_wrong_one_is_not_shown() {
        assert_eq!(made("", Ok(1)), Ok(None));
        assert_eq!(made("redis://:secret@host", Ok(1)), Ok(Some(1)));
        let refused = made("redi://:secret@host", Err("redi://:secret@host is none"));
        assert_eq!(refused, Err("redis.url is no Redis URL".to_owned()));
    }
}
