//! The settings of reminders. What each key means stands in `config.default.toml` and, for the
//! sections that every service has, in the libraries that own them.

use std::collections::BTreeMap;
use std::path::Path;
use std::time::Duration;

use anyhow::Context as _;
use postgres::PostgresConfig;
use runtime::config::{
    AuthConfig, ConfigError, Layers, PeerConfig, RedisConfig, ServerConfig, TelemetryConfig,
    TlsConfig,
};
use secrecy::SecretString;
use serde::Deserialize;
use timers::TimersConfig;

use crate::domain::message::SendTiming;

/// The settings of this service, which document every key of its own.
const OWN: &str = include_str!("../config.default.toml");

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
    /// The mail server.
    pub smtp: SmtpConfig,
    /// How messages are sent.
    pub sending: SendingConfig,
}

/// `[smtp]`: the mail server.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SmtpConfig {
    /// Host name; empty: no e-mail leaves.
    pub host: String,
    /// Port.
    pub port: u16,
    /// How the connection is protected.
    pub security: SmtpSecurity,
    /// Name to log in with; empty: without.
    pub username: String,
    /// Password to log in with.
    pub password: SecretString,
    /// Behind the @ of every Message-ID.
    pub message_id_domain: String,
}

/// How a connection to the mail server is protected.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum SmtpSecurity {
    /// Not at all.
    None,
    /// By STARTTLS, which must succeed.
    Starttls,
    /// From the first byte.
    Tls,
}

/// `[sending]`: how messages are sent.
#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SendingConfig {
    /// How long a sender holds a message, in milliseconds of real time.
    pub lease_ms: u64,
    /// How long handing over may take, in milliseconds.
    pub send_timeout_ms: u64,
    /// Tries before a message is parked.
    pub max_attempts: i32,
    /// Pause after the first try that was not taken, in seconds.
    pub retry_pause_s: u32,
    /// Longest pause between two tries, in seconds.
    pub max_retry_pause_s: u32,
    /// Whether a message of unknown outcome is sent once more.
    pub resend_unknown: bool,
}

impl SendingConfig {
    /// The lease and the send timeout, checked against each other.
    ///
    /// # Errors
    /// A message sent on a valid look could outlast the lease.
    pub fn timing(&self) -> anyhow::Result<SendTiming> {
        let (lease, timeout) = (self.lease_ms, self.send_timeout_ms);
        let timing =
            SendTiming::try_new(Duration::from_millis(lease), Duration::from_millis(timeout));
        timing.context("sending.lease_ms and sending.send_timeout_ms")
    }

    /// The pause after the `nth` try that was not taken, from 1: doubled each time up to the longest.
    #[must_use]
    pub fn pause(&self, nth: i32) -> Duration {
        let doublings = u32::try_from(nth.saturating_sub(1)).unwrap_or(0).min(30);
        let full = u64::from(self.retry_pause_s) << doublings;
        Duration::from_secs(full.min(u64::from(self.max_retry_pause_s)))
    }
}

/// The layers in force: compiled in, file, environment.
///
/// # Errors
/// A file that cannot be read, or an unknown or unfit key, by its full name.
pub fn layers(file: Option<&Path>) -> Result<Layers, ConfigError> {
    Layers::try_new(crate::SERVICE, &defaults())?.of_process(file)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn config() -> Config {
        let layers = Layers::try_new(crate::SERVICE, &defaults()).unwrap();
        layers.build().unwrap()
    }

    #[test]
    fn p19_a_message_is_sent_within_its_lease_and_the_job_that_sends_it() {
        let config = config();
        let timing = config.sending.timing().unwrap();
        assert!(timing.lease() < Duration::from_millis(u64::from(config.timers.lease_ms.get())));
    }

    #[test]
    fn pauses_double_up_to_the_longest() {
        let sending = config().sending;
        let seconds: Vec<u64> = [1, 2, 7, 8, 99]
            .map(|nth| sending.pause(nth).as_secs())
            .into();
        assert_eq!(seconds, [60, 120, 3_840, 7_200, 7_200]);
    }
}
