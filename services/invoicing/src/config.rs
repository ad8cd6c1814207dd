//! The settings of invoicing. What each key means stands in `config.default.toml`
//! and, for the sections that every service has, in the runtime library.

use std::collections::BTreeMap;
use std::path::Path;

use postgres::PostgresConfig;
use runtime::config::{
    AuthConfig, ConfigError, Layers, PeerConfig, RedisConfig, ServerConfig, TelemetryConfig,
    TlsConfig,
};
use serde::Deserialize;

/// The compiled-in settings, which document every key.
pub const DEFAULTS: &str = include_str!("../config.default.toml");

/// Everything that can be set.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Config {
    /// Where it listens and what it bears.
    pub server: ServerConfig,
    /// Certificates.
    pub tls: TlsConfig,
    /// Whose tokens count.
    pub auth: AuthConfig,
    /// Logs and traces.
    pub telemetry: TelemetryConfig,
    /// The services it calls or whose feed it reads.
    pub peers: BTreeMap<String, PeerConfig>,
    /// Its database.
    pub database: PostgresConfig,
    /// Where hints go.
    pub redis: RedisConfig,
}

/// The layers in force: compiled in, file, environment.
///
/// # Errors
/// A file that cannot be read, or an unknown or unfit key, by its full name.
pub fn layers(file: Option<&Path>) -> Result<Layers, ConfigError> {
    Layers::try_new(crate::SERVICE, DEFAULTS)?.of_process(file)
}
