//! Both servers together, and each by itself for fault runs.

use std::sync::Arc;

use nix::sys::signal::Signal;

use crate::binaries::Binaries;
use crate::data_dir::DataDir;
use crate::postgres::Postgres;
use crate::provision::Login;
use crate::redis::Redis;
use crate::server_user::ServerUser;
use crate::{Result, StopMode, StoresConfig, login_url};

/// A running private Postgres and Redis. They end with this value, and with this process, however
/// it ends; `stop` is the orderly way.
#[derive(Debug)]
pub struct Stores {
    // Fields are dropped in this order: the servers end before the data directory is given up.
    postgres: Postgres,
    redis: Redis,
    data_dir: Arc<DataDir>,
}

impl Stores {
    /// Starts both under `config.data_dir` and returns when both answer: 0.5 to 1 s the first time,
    /// 0.1 s on a data directory that was used before. Waits for servers that a killed supervisor
    /// left shutting down.
    ///
    /// # Errors
    /// `NotInstalled`, `NotReachable`, `SocketPathTooLong`, `DataDirInUse`, and what the servers say.
    pub async fn start(config: StoresConfig) -> Result<Self> {
        let binaries = Binaries::find()?;
        let user = ServerUser::of_this_process()?;
        binaries.check_reach(&user)?;
        let data_dir = Arc::new(DataDir::open(&config.data_dir, &user).await?);
        let (for_postgres, for_redis) = (Arc::clone(&data_dir), Arc::clone(&data_dir));
        let stores = Self {
            postgres: Postgres::try_new(
                binaries.clone(),
                user.clone(),
                for_postgres,
                config.postgres,
            )?,
            redis: Redis::try_new(binaries, user, for_redis, config.redis)?,
            data_dir,
        };
        tokio::try_join!(stores.postgres.start(), stores.redis.start())?;
        Ok(stores)
    }

    /// The superuser's URL of database `postgres`.
    pub fn superuser_url(&self) -> &str {
        self.postgres.url()
    }

    /// URL of a database for a user of this Postgres; sqlx and psql both read it.
    ///
    /// # Errors
    /// `InvalidUrl` when the names make none.
    pub fn postgres_url(&self, database: &str, user: &str) -> Result<String> {
        login_url(self.postgres.url(), database, user)
    }

    /// URL of a service's own database for one of its logins (see [`crate::provision`]).
    ///
    /// # Errors
    /// `InvalidUrl` when the name makes none.
    pub fn service_url(&self, service: &str, login: Login) -> Result<String> {
        self.postgres_url(service, &login.role(service))
    }

    /// `redis+unix://…`; a database other than 0 is chosen by `?db=`.
    pub fn redis_url(&self) -> &str {
        self.redis.url()
    }

    /// Where the servers write.
    pub fn data_dir(&self) -> &std::path::Path {
        self.data_dir.path()
    }

    /// Stops what runs, in an orderly way; returns when both are gone.
    ///
    /// # Errors
    /// None today: a server that does not stop is killed.
    pub async fn stop(&self) -> Result<()> {
        if self.redis_pid().is_some() {
            self.stop_redis().await?;
        }
        if self.postgres_pid().is_some() {
            self.stop_postgres(StopMode::Fast).await?;
        }
        Ok(())
    }

    /// Process id of the postmaster while it runs.
    pub fn postgres_pid(&self) -> Option<i32> {
        self.postgres.server.pid()
    }

    /// Process id of Redis while it runs.
    pub fn redis_pid(&self) -> Option<i32> {
        self.redis.server.pid()
    }

    /// Stops Postgres alone; returns when it is gone.
    ///
    /// # Errors
    /// `WrongState` when it is not running.
    pub async fn stop_postgres(&self, mode: StopMode) -> Result<()> {
        self.postgres.stop(mode).await
    }

    /// Starts Postgres again on what it wrote; returns when it answers.
    ///
    /// # Errors
    /// `WrongState` when it is running, else what the server says.
    pub async fn start_postgres(&self) -> Result<()> {
        self.postgres.start().await
    }

    /// Stops Redis alone, its file written; returns when it is gone.
    ///
    /// # Errors
    /// `WrongState` when it is not running.
    pub async fn stop_redis(&self) -> Result<()> {
        self.redis.server.stop(Signal::SIGTERM).await
    }

    /// Kills Redis (SIGKILL): up to one second of writes is lost; returns when it is gone.
    ///
    /// # Errors
    /// `WrongState` when it is not running.
    pub async fn kill_redis(&self) -> Result<()> {
        self.redis.server.stop(Signal::SIGKILL).await
    }

    /// Starts Redis again on its file; returns when it answers.
    ///
    /// # Errors
    /// `WrongState` when it is running, else what the server says.
    pub async fn start_redis(&self) -> Result<()> {
        self.redis.start().await
    }
}
