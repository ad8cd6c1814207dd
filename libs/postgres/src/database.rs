//! The pools of a service and the kinds of transaction it opens on them.

use std::time::Duration;

use sqlx::postgres::PgConnectOptions;
use sqlx::{PgConnection, Row as _};
use tokio::sync::watch;

use crate::activity::{Activity, Counter};
use crate::pool::Pool;
use crate::{DbError, OwnConnection, PostgresConfig, TenantId, Tx};

/// The database of one service. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Database {
    write: Pool,
    read: Pool,
    report: Pool,
    background: Pool,
    statement_timeout: Duration,
    counter: Counter,
}

/// For whom a transaction is opened and how long its statements may take.
#[derive(Debug, Clone, Copy)]
pub struct Scope {
    /// The tenant whose rows it sees.
    pub tenant: TenantId,
    /// What is left until the caller's deadline; no statement runs longer.
    pub left: Option<Duration>,
}

impl From<TenantId> for Scope {
    fn from(tenant: TenantId) -> Self {
        Self { tenant, left: None }
    }
}

impl Database {
    /// Connects the pools of `service` and refuses a database on which Recoup's
    /// promises would not hold: one that acknowledges before it is durable (P2),
    /// or a role to which row-level security does not apply (P28).
    ///
    /// # Errors
    /// [`DbError::Unavailable`] when nobody answers, [`DbError::Unfit`] with what
    /// to change.
    pub async fn connect(config: &PostgresConfig, service: &str) -> Result<Self, DbError> {
        let pool = |purpose: &'static str, url: &str, size: u32, timeout_ms: u32| {
            connect_pool(config, service, purpose, url, size, timeout_ms)
        };
        let (app, all) = (config.app_url.as_str(), config.background_url.as_str());
        let database = Self {
            write: pool(
                "write",
                app,
                config.pools.write,
                config.statement_timeout_ms,
            )?,
            read: pool("read", app, config.pools.read, config.statement_timeout_ms)?,
            report: pool("report", app, config.pools.report, config.report_timeout_ms)?,
            background: pool(
                "background",
                all,
                config.pools.background,
                config.report_timeout_ms,
            )?,
            statement_timeout: Duration::from_millis(u64::from(config.statement_timeout_ms)),
            counter: Counter::default(),
        };
        for pool in [&database.write, &database.background] {
            refuse_unfit(&mut *pool.get().await?).await?;
        }
        Ok(database)
    }

    /// Opens a transaction that changes rows of one tenant.
    ///
    /// # Errors
    /// [`DbError`] when no connection is to be had.
    pub async fn begin(&self, scope: impl Into<Scope>) -> Result<Tx, DbError> {
        let Scope { tenant, left } = scope.into();
        let opening = opening("BEGIN", Some(tenant), self.shortened(left));
        open(&self.write, &opening, Some(tenant), Some(&self.counter)).await
    }

    /// Opens a transaction that reads rows of one tenant, all of it as of one
    /// moment.
    ///
    /// # Errors
    /// As [`Database::begin`].
    pub async fn begin_read(&self, scope: impl Into<Scope>) -> Result<Tx, DbError> {
        let Scope { tenant, left } = scope.into();
        let opening = opening(READ_ONLY, Some(tenant), self.shortened(left));
        open(&self.read, &opening, Some(tenant), None).await
    }

    /// As [`Database::begin_read`], for figures over many rows: few at a time,
    /// with a longer limit for each statement.
    ///
    /// # Errors
    /// As [`Database::begin`].
    pub async fn begin_report(&self, tenant: TenantId) -> Result<Tx, DbError> {
        let opening = opening(READ_ONLY, Some(tenant), None);
        open(&self.report, &opening, Some(tenant), None).await
    }

    /// Opens a transaction of the background role, which sees all tenants. The
    /// feeds, the timers and the figures of operation use it, nobody else.
    ///
    /// # Errors
    /// As [`Database::begin`].
    pub async fn begin_background(&self) -> Result<Tx, DbError> {
        open(&self.background, "BEGIN", None, Some(&self.counter)).await
    }

    /// A connection of the background role for looking many times a second, apart from the pools
    /// and opened with the first look.
    #[must_use]
    pub fn own_connection(&self) -> OwnConnection {
        OwnConnection::new(self.background.options().clone())
    }

    /// What the transactions that may change something are at, those of this process.
    #[must_use]
    pub fn activity(&self) -> Activity {
        self.counter.activity()
    }

    /// Changes after every commit of this process that wrote something others wait for
    /// ([`Tx::note_news`]).
    #[must_use]
    pub fn news(&self) -> watch::Receiver<u64> {
        self.counter.news()
    }

    /// Whether the database answers: what readiness asks.
    pub async fn is_ready(&self) -> bool {
        match self.begin_background().await {
            Ok(tx) => tx.rollback().await.is_ok(),
            Err(_) => false,
        }
    }

    /// Closes all pools; a connection that is in use is closed when it is free.
    pub fn close(&self) {
        for pool in [&self.write, &self.read, &self.report, &self.background] {
            pool.close();
        }
    }

    /// A statement limit only where the caller's deadline is the nearer one.
    fn shortened(&self, left: Option<Duration>) -> Option<Duration> {
        left.filter(|left| *left < self.statement_timeout)
    }
}

const READ_ONLY: &str = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY";

/// One simple query that opens a transaction and sets what holds in it: one round trip.
fn opening(begin: &str, tenant: Option<TenantId>, statement_limit: Option<Duration>) -> String {
    let mut opening = begin.to_owned();
    if let Some(tenant) = tenant {
        // A UUID is hexadecimal digits and hyphens: safe as text.
        opening.push_str(&format!("; SET LOCAL recoup.tenant_id TO '{tenant}'"));
    }
    if let Some(limit) = statement_limit {
        let limit_ms = limit.as_millis().max(1);
        opening.push_str(&format!("; SET LOCAL statement_timeout = {limit_ms}"));
    }
    opening
}

/// Opens a transaction, counted where it may change something. A connection that turns out dead (the
/// server was restarted since it was used last) is thrown away and the next one asked, as nothing has
/// happened yet.
async fn open(
    pool: &Pool,
    opening: &str,
    tenant: Option<TenantId>,
    counter: Option<&Counter>,
) -> Result<Tx, DbError> {
    let mut dead = 0;
    loop {
        let connection = pool.get().await?;
        let counted = counter.map(Counter::begin);
        match Tx::open(connection, opening.to_owned(), tenant, counted).await {
            Err(DbError::Unavailable(_)) if dead < pool.max_size() => dead += 1,
            outcome => return outcome,
        }
    }
}

fn connect_pool(
    config: &PostgresConfig,
    service: &str,
    purpose: &'static str,
    url: &str,
    size: u32,
    statement_timeout_ms: u32,
) -> Result<Pool, DbError> {
    let options: PgConnectOptions = url
        .parse()
        .map_err(|_| DbError::Unfit(format!("the database URL of the {purpose} pool is no URL")))?;
    let options = options
        .application_name(&format!("{service}/{purpose}"))
        // More than a service has: one that is thrown out is parsed and planned anew each time.
        .statement_cache_capacity(1_000)
        .options([
            ("statement_timeout", statement_timeout_ms.to_string()),
            ("lock_timeout", config.lock_timeout_ms.to_string()),
            ("idle_in_transaction_session_timeout", "10000".to_owned()),
        ]);
    Pool::try_new(options, size, config.acquire_timeout())
}

async fn refuse_unfit(connection: &mut PgConnection) -> Result<(), DbError> {
    let row = sqlx::query(
        "SELECT current_setting('fsync') AS fsync,
                current_setting('full_page_writes') AS full_page_writes,
                current_setting('synchronous_commit') AS synchronous_commit,
                current_setting('server_version_num')::int AS version,
                rolsuper OR rolbypassrls AS unbound,
                rolname::text AS role
           FROM pg_roles WHERE rolname = current_user",
    )
    .fetch_one(connection)
    .await?;
    for setting in ["fsync", "full_page_writes", "synchronous_commit"] {
        if row.try_get::<&str, _>(setting)? == "off" {
            return Err(DbError::Unfit(format!(
                "{setting} is off: an acknowledged change could be lost; switch it on"
            )));
        }
    }
    let role: &str = row.try_get("role")?;
    if row.try_get::<bool, _>("unbound")? {
        return Err(DbError::Unfit(format!(
            "role {role} passes by row-level security: connect with a role that is neither superuser nor BYPASSRLS"
        )));
    }
    if row.try_get::<i32, _>("version")? < 150_000 {
        return Err(DbError::Unfit("Postgres 15 or later is needed".to_owned()));
    }
    Ok(())
}
