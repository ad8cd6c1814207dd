//! The one runner of migrations: a subcommand of every service, never part of
//! serving. Two at the same time do not meet (a lock that is only tried: waiting
//! for it would deadlock with CREATE INDEX CONCURRENTLY), and a migration that
//! cannot get its table lock within 2 s lets the traffic pass and tries again.
//!
//! A service's schema is the mechanisms' migrations, numbered below 100, and its
//! own from 100 on.

use std::pin::pin;
use std::time::Duration;

use sqlx::migrate::{MigrateError, Migrator};
use sqlx::postgres::PgConnectOptions;
use sqlx::{Connection as _, PgConnection};
use tokio::time::sleep;

use crate::{Database, DbError, PostgresConfig};

/// The migrations of this library: protection of tenant tables, idempotency,
/// operations, audit.
pub static MECHANISMS: Migrator = sqlx::migrate!("./migrations");

/// Key of the runner's lock: "recoup" in ASCII.
const RUNNER_LOCK: i64 = 0x7265_636f_7570;

/// How often a migration is tried that cannot get its locks.
const TRIES: u32 = 30;

/// Why the schema could not be brought up to date.
#[derive(Debug, thiserror::Error)]
pub enum MigrationError {
    /// Another runner is at work on this database.
    #[error("another migration runner is at work on this database; try again when it has ended")]
    AnotherRunner,
    /// A migration needs a lock that the traffic does not give up.
    #[error("migration could not get its locks within 2 s, {TRIES} times in a row")]
    Locked,
    /// The schema is not the one this program was built for.
    #[error(
        "the schema is at migration {found}, this program needs {needed}: run the `migrate` subcommand first"
    )]
    Behind {
        /// Last migration that was applied; 0 for none.
        found: i64,
        /// Last migration this program knows.
        needed: i64,
    },
    /// A migration failed, or one that was applied has been changed since.
    #[error(transparent)]
    Failed(#[from] MigrateError),
    /// The database failed.
    #[error(transparent)]
    Db(#[from] DbError),
}

impl From<sqlx::Error> for MigrationError {
    fn from(error: sqlx::Error) -> Self {
        Self::Db(error.into())
    }
}

/// One migrator of several, in the order of their numbers.
#[must_use]
pub fn merged(parts: &[&Migrator]) -> Migrator {
    Migrator::with_migrations(parts.iter().flat_map(|part| part.iter().cloned()).collect())
}

/// Brings the database behind `owner_url` up to date.
///
/// # Errors
/// [`MigrationError`]; what was applied before the failure stays, and the next run
/// goes on from there.
pub async fn run(owner_url: &str, migrator: &Migrator) -> Result<(), MigrationError> {
    let options: PgConnectOptions = owner_url.parse()?;
    let options = options.options([("lock_timeout", "2000"), ("statement_timeout", "0")]);
    let mut connection = PgConnection::connect_with(&options).await?;
    let free: bool = sqlx::query_scalar("SELECT pg_try_advisory_lock($1)")
        .bind(RUNNER_LOCK)
        .fetch_one(&mut connection)
        .await?;
    if !free {
        return Err(MigrationError::AnotherRunner);
    }
    let mut unlocked = merged(&[migrator]);
    unlocked.set_locking(false);
    let outcome = run_patiently(&unlocked, &mut connection).await;
    // Given back by statement, as a closed session's lock stands until its backend has ended: a runner that
    // comes right after this one would be refused. A session that broke gives it back by ending.
    let returned = sqlx::query("SELECT pg_advisory_unlock($1)")
        .bind(RUNNER_LOCK)
        .execute(&mut connection)
        .await;
    outcome?;
    returned?;
    connection.close().await?;
    Ok(())
}

async fn run_patiently(
    migrator: &Migrator,
    connection: &mut PgConnection,
) -> Result<(), MigrationError> {
    for tried in 1..=TRIES {
        match migrator.run(&mut *connection).await {
            Err(error) if lacks_lock(&error) => {
                tracing::info!(tried, "a migration waits for its locks");
                tokio::time::sleep(Duration::from_secs(1)).await;
            }
            outcome => return Ok(outcome?),
        }
    }
    Err(MigrationError::Locked)
}

fn lacks_lock(error: &MigrateError) -> bool {
    match error {
        MigrateError::Execute(error) | MigrateError::ExecuteMigration(error, _) => error
            .as_database_error()
            .and_then(|error| error.code())
            .is_some_and(|code| code == "55P03" || code == "40P01"),
        _ => false,
    }
}

/// How soon a database that is out of reach is tried again.
const AWAY_PAUSE: Duration = Duration::from_millis(500);

/// Connects a service and [`check`]s the schema. Waits while the database is out of reach, until `end`:
/// a process that gave up would come back by the pauses of whoever starts it again, long after the
/// database (P37).
///
/// # Errors
/// As [`Database::connect`] and [`check`]; a database out of reach only once `end` has come.
pub async fn connect(
    config: &PostgresConfig,
    service: &str,
    migrator: &Migrator,
    end: impl Future<Output = ()>,
) -> Result<Database, MigrationError> {
    let mut end = pin!(end);
    loop {
        let away = match connect_now(config, service, migrator).await {
            Err(MigrationError::Db(error)) if error.is_unavailable() => error,
            outcome => return outcome,
        };
        tracing::warn!(error = %away, "waiting for the database");
        tokio::select! {
            () = &mut end => return Err(away.into()),
            () = sleep(AWAY_PAUSE) => {}
        }
    }
}

async fn connect_now(
    config: &PostgresConfig,
    service: &str,
    migrator: &Migrator,
) -> Result<Database, MigrationError> {
    let db = Database::connect(config, service).await?;
    check(&db, migrator).await?;
    Ok(db)
}

/// Checks at start-up that the schema has every migration this program knows.
/// More is fine: the next release may already be rolling out (P38).
///
/// # Errors
/// [`MigrationError::Behind`] with both numbers.
pub async fn check(db: &Database, migrator: &Migrator) -> Result<(), MigrationError> {
    let needed = migrator
        .iter()
        .map(|migration| migration.version)
        .max()
        .unwrap_or(0);
    let mut tx = db.begin_background().await?;
    let exists: bool = sqlx::query_scalar("SELECT to_regclass('_sqlx_migrations') IS NOT NULL")
        .fetch_one(&mut *tx)
        .await?;
    let found: i64 = if exists {
        sqlx::query_scalar("SELECT coalesce(max(version), 0) FROM _sqlx_migrations WHERE success")
            .fetch_one(&mut *tx)
            .await?
    } else {
        0
    };
    tx.commit().await?;
    if found < needed {
        return Err(MigrationError::Behind { found, needed });
    }
    Ok(())
}
