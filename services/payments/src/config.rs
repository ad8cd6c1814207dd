//! The settings of payments. What each key means stands in `config.default.toml`
//! and, for the sections that every service has, in the libraries that own them.

use std::collections::BTreeMap;
use std::path::Path;

use postgres::PostgresConfig;
use runtime::config::{
    AuthConfig, ConfigError, Layers, PeerConfig, RedisConfig, ServerConfig, TelemetryConfig,
    TlsConfig,
};
use serde::Deserialize;
use timers::TimersConfig;

/// The settings of this service, which document every key of its own.
const OWN: &str = include_str!("../config.default.toml");

/// What the timers do otherwise here: money on its way is asked after within a minute of whatever
/// held it up (P13), also after a long outage.
const TIMERS: &str = "[timers]\nmax_retry_pause_ms = 20000\n";

/// The compiled-in settings.
#[must_use]
pub fn defaults() -> String {
    [OWN, timers::DEFAULTS].join("\n")
}

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

/// The layers in force: compiled in, file, environment.
///
/// # Errors
/// A file that cannot be read, or an unknown or unfit key, by its full name.
pub fn layers(file: Option<&Path>) -> Result<Layers, ConfigError> {
    Layers::try_new(crate::SERVICE, &defaults())?
        .text(crate::SERVICE, TIMERS)?
        .of_process(file)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn p13_money_on_its_way_is_asked_after_within_a_minute() {
        let config: Config = layers(None).unwrap().build().unwrap();
        let pause_ms = u64::from(config.timers.max_retry_pause_ms.get());
        assert!(pause_ms + u64::from(config.timers.sweep_period_ms.get()) < 60_000);
    }
}
