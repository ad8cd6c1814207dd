//! What a caller may choose about the two servers. The rest is fixed, so that the demo, the tests
//! and the fault runs all see the same servers.

use std::path::PathBuf;

/// Where the stores live and how they are set.
#[derive(Debug, Clone)]
pub struct StoresConfig {
    /// Folder of everything the servers write; created when missing. One supervisor at a time.
    pub data_dir: PathBuf,
    /// Settings of Postgres.
    pub postgres: PostgresSettings,
    /// Settings of Redis.
    pub redis: RedisSettings,
}

impl StoresConfig {
    /// Standard servers under `data_dir`.
    pub fn new(data_dir: impl Into<PathBuf>) -> Self {
        Self {
            data_dir: data_dir.into(),
            postgres: PostgresSettings::default(),
            redis: RedisSettings::default(),
        }
    }
}

/// Settings of the private Postgres. `fsync` stays on: the services refuse to start without it.
#[derive(Debug, Clone)]
pub struct PostgresSettings {
    /// Sessions the server admits. Five services with three pools each fit into the default, 200.
    pub max_connections: u16,
    /// More settings, as `-c name=value` on the command line; they win over the fixed ones.
    pub settings: Vec<(String, String)>,
}

impl Default for PostgresSettings {
    fn default() -> Self {
        Self {
            max_connections: 200,
            settings: Vec::new(),
        }
    }
}

/// Settings of the private Redis. It never evicts: a hint that vanished silently is a wake-up lost.
#[derive(Debug, Clone, Default)]
pub struct RedisSettings {
    /// More settings, as `--name value` on the command line; they win over the fixed ones.
    pub settings: Vec<(String, String)>,
}
