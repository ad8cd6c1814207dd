//! The Postgres and Redis that tests run against: those named by the environment (`with-stores`
//! starts them once for a whole run), else servers of this test process.

use std::env;
use std::sync::Arc;

use sqlx::migrate::Migrator;
use stores::{ScratchDir, Stores, StoresConfig};
use tokio::sync::OnceCell;
use uuid::Uuid;

use crate::TestDatabase;

/// A Postgres and a Redis for tests. Clones mean the same servers.
#[derive(Debug, Clone)]
pub struct TestCluster(Arc<Servers>);

#[derive(Debug)]
struct Servers {
    superuser_url: String,
    redis_url: String,
    /// Set when this process started them; dropped in this order.
    stores: Option<Stores>,
    _data_dir: Option<ScratchDir>,
}

impl TestCluster {
    /// The cluster all tests share: RECOUP_TEST_POSTGRES and RECOUP_TEST_REDIS when both are set,
    /// else one that this process starts at first use and that ends with the process.
    ///
    /// A transaction held open here delays the event feed of every other test: use [`Self::own`].
    pub async fn shared() -> Self {
        static SHARED: OnceCell<TestCluster> = OnceCell::const_new();
        let found_or_started = || async {
            match Self::from_environment() {
                Some(cluster) => cluster,
                None => Self::own().await,
            }
        };
        SHARED.get_or_init(found_or_started).await.clone()
    }

    /// A cluster of this test alone, about a second to start, for tests that stop the servers,
    /// flush Redis or hold transactions open. It ends with its last clone and its last database.
    pub async fn own() -> Self {
        Self::own_with(|_| ()).await
    }

    /// As [`Self::own`], with settings changed by `adjust`.
    pub async fn own_with(adjust: impl FnOnce(&mut StoresConfig)) -> Self {
        let data_dir = ScratchDir::create().expect("a folder for the stores");
        let mut config = StoresConfig::new(data_dir.path());
        adjust(&mut config);
        let stores = Stores::start(config)
            .await
            .unwrap_or_else(|error| panic!("{error}"));
        Self(Arc::new(Servers {
            superuser_url: stores.superuser_url().to_owned(),
            redis_url: stores.redis_url().to_owned(),
            stores: Some(stores),
            _data_dir: Some(data_dir),
        }))
    }

    #[expect(
        clippy::disallowed_methods,
        reason = "set for the test process, not for a service"
    )]
    fn from_environment() -> Option<Self> {
        let superuser_url = env::var("RECOUP_TEST_POSTGRES").ok()?;
        let redis_url = env::var("RECOUP_TEST_REDIS").ok()?;
        Some(Self(Arc::new(Servers {
            superuser_url,
            redis_url,
            stores: None,
            _data_dir: None,
        })))
    }

    /// The superuser's URL of database `postgres`.
    #[must_use]
    pub fn superuser_url(&self) -> &str {
        &self.0.superuser_url
    }

    /// URL of Redis. Shared: put [`redis_prefix`] before every key.
    #[must_use]
    pub fn redis_url(&self) -> &str {
        &self.0.redis_url
    }

    /// The servers themselves, to stop, kill and start them: only of [`Self::own`].
    #[must_use]
    pub fn stores(&self) -> &Stores {
        self.0
            .stores
            .as_ref()
            .expect("shared servers are not stopped: use TestCluster::own()")
    }

    /// A migrated database of its own in this cluster; see [`TestDatabase::new`].
    pub async fn database(&self, service: &str, migrator: &Migrator) -> TestDatabase {
        TestDatabase::new_in(self, service, migrator).await
    }
}

/// A prefix for the Redis keys of one test; ends in a colon.
#[must_use]
pub fn redis_prefix() -> String {
    format!("test:{}:", Uuid::now_v7().simple())
}
