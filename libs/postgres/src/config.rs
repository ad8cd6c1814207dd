//! The settings of the pools, as they stand in a service's configuration.

use std::time::Duration;

use serde::Deserialize;

/// Where the database is and how many connections to hold. The URLs carry the
/// login roles of the service: one a member of `recoup_app`, one a member of
/// `recoup_background`.
#[derive(Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PostgresConfig {
    /// URL with the role that serves calls, one tenant at a time.
    pub app_url: String,
    /// URL with the role that serves feeds and timers, all tenants.
    pub background_url: String,
    /// How many connections each pool holds.
    pub pools: PoolSizes,
    /// How long a call waits for a connection before it is refused, in
    /// milliseconds; at most 1000.
    pub acquire_timeout_ms: u32,
    /// Longest statement of a write or a read, in milliseconds.
    pub statement_timeout_ms: u32,
    /// Longest statement of a report, in milliseconds.
    pub report_timeout_ms: u32,
    /// Longest wait for a row lock, in milliseconds.
    pub lock_timeout_ms: u32,
}

/// Connections per pool.
#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PoolSizes {
    /// For transactions that change something.
    pub write: u32,
    /// For lookups and lists.
    pub read: u32,
    /// For figures over many rows.
    pub report: u32,
    /// For feeds and timers.
    pub background: u32,
}

impl PostgresConfig {
    /// The settings of the default configuration for these two URLs.
    #[must_use]
    pub fn with_urls(app_url: impl Into<String>, background_url: impl Into<String>) -> Self {
        Self {
            app_url: app_url.into(),
            background_url: background_url.into(),
            pools: PoolSizes {
                write: 8,
                read: 4,
                report: 2,
                background: 4,
            },
            acquire_timeout_ms: 1_000,
            statement_timeout_ms: 5_000,
            report_timeout_ms: 30_000,
            lock_timeout_ms: 2_000,
        }
    }

    pub(crate) fn acquire_timeout(&self) -> Duration {
        Duration::from_millis(u64::from(self.acquire_timeout_ms))
    }
}

impl std::fmt::Debug for PostgresConfig {
    /// Without the URLs: they may carry passwords.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("PostgresConfig")
            .field("pools", &self.pools)
            .finish_non_exhaustive()
    }
}
