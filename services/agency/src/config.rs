//! The settings of agency. What each key means stands in `config.default.toml` and, for the
//! sections that every service has, in the runtime library.

use std::collections::BTreeMap;
use std::path::Path;

use anyhow::Context as _;
use postgres::PostgresConfig;
use runtime::config::{
    AuthConfig, Layers, PeerConfig, ServerConfig, TelemetryConfig, TlsConfig, environment,
};
use secrecy::SecretString;
use serde::Deserialize;
use timers::TimersConfig;

/// The settings of this service, which document every key of its own.
const OWN: &str = include_str!("../config.default.toml");

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
    /// How due timers are taken up.
    pub timers: TimersConfig,
}

/// `[redis]`: hints about new events and due timers.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RedisConfig {
    /// URL, perhaps with a password; empty: no hints.
    pub url: SecretString,
    /// Before every key and channel.
    pub prefix: String,
}

/// The compiled-in settings, with those of the timers.
#[must_use]
pub fn defaults() -> String {
    [OWN, timers::DEFAULTS].join("\n")
}

/// The layers in force: compiled in, file, environment.
///
/// # Errors
/// A file that cannot be read, or an unknown or unfit key, by its full name.
pub fn layers(file: Option<&Path>) -> anyhow::Result<Layers> {
    let mut layers = Layers::try_new(crate::SERVICE, &defaults())?;
    if let Some(file) = file {
        layers = layers.file(file)?;
    }
    layers.environment(environment()).context("settings")
}
