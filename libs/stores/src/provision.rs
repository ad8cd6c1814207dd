//! Roles and an empty database for a service. Safe to run again, also by several processes at once.
//!
//! | role | is | may |
//! |---|---|---|
//! | `recoup_owner`, `recoup_app`, `recoup_background` | groups, in every database alike | what migrations grant them and what row-level policies name |
//! | `<service>_owner` | login, member of `recoup_owner` | owns the database and its schema `public`: runs migrations |
//! | `<service>_app` | login, member of `recoup_app` | answers calls: one tenant at a time |
//! | `<service>_background` | login, member of `recoup_background` | feed, timer claims, operational figures: all tenants |
//!
//! No login may enter another service's database, create in `public` (but the owner), or pass row
//! level security by. Tables and grants on tables belong to the services' migrations.

use std::str::FromStr;
use std::time::Duration;

use sqlx::postgres::{PgConnectOptions, PgConnection};
use sqlx::{AssertSqlSafe, ConnectOptions, Connection};
use tokio::time::{Instant, sleep};

use crate::error::Doing;
use crate::process::POLL_INTERVAL;
use crate::urls::database_url;
use crate::{Result, StoresError};

/// Roles are shared by the whole cluster and Postgres fails two sessions that alter one at a time
/// ("tuple concurrently updated"), so provisioning takes turns. Advisory locks are per database:
/// every run connects to the same one.
const TURN: i64 = 0x7265_636f_7570; // "recoup"

/// Longer than any one turn: a few dozen statements and, for a template, a service's migrations.
const TURN_PATIENCE: Duration = Duration::from_secs(120);

/// What services are held to; the owner migrates and sets its own.
const SERVICE_TIMEOUTS: [(&str, &str); 3] = [
    ("lock_timeout", "2s"),
    ("statement_timeout", "5s"),
    ("idle_in_transaction_session_timeout", "10s"),
];

/// The three logins a service has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Login {
    /// Owns the database: migrations.
    Owner,
    /// Calls: one tenant at a time.
    App,
    /// Feed, timers, figures: all tenants.
    Background,
}

impl Login {
    /// All three.
    pub const ALL: [Self; 3] = [Self::Owner, Self::App, Self::Background];

    /// The login of `service`.
    #[must_use]
    pub fn role(self, service: &str) -> String {
        format!("{service}_{}", self.suffix())
    }

    /// The group it is a member of.
    #[must_use]
    pub fn group(self) -> String {
        format!("recoup_{}", self.suffix())
    }

    fn suffix(self) -> &'static str {
        match self {
            Self::Owner => "owner",
            Self::App => "app",
            Self::Background => "background",
        }
    }
}

/// Makes `service`'s roles and its database of the same name, in the server of `superuser_url`.
///
/// # Errors
/// `InvalidName`, `InvalidUrl`, `Busy`, and what Postgres says.
pub async fn service(superuser_url: &str, service: &str) -> Result<()> {
    let mut turn = Turn::take(superuser_url).await?;
    turn.create_roles(service).await?;
    turn.create_database(service, service).await?;
    turn.end().await
}

/// The right to provision a cluster, one process at a time. Ends with the value.
#[derive(Debug)]
pub struct Turn {
    /// Holds an advisory lock, so the lock goes with the connection, whatever happens.
    admin: PgConnection,
    superuser_url: String,
}

impl Turn {
    /// Waits until no other provisioning of the cluster runs.
    ///
    /// # Errors
    /// `InvalidUrl`, `Busy`, and what Postgres says.
    pub async fn take(superuser_url: &str) -> Result<Self> {
        let mut admin = connect(&database_url(superuser_url, "postgres")?).await?;
        // Asked again and again instead of waited for inside Postgres: a waiting statement holds a
        // snapshot, and an old snapshot holds up every event feed of the cluster.
        let give_up = Instant::now() + TURN_PATIENCE;
        loop {
            let taken = sqlx::query_scalar("SELECT pg_try_advisory_lock($1)")
                .bind(TURN)
                .fetch_one(&mut admin)
                .await
                .doing(|| "take a turn at provisioning".to_owned())?;
            if taken {
                return Ok(Self {
                    admin,
                    superuser_url: superuser_url.to_owned(),
                });
            }
            if Instant::now() >= give_up {
                return Err(StoresError::Busy {
                    seconds: TURN_PATIENCE.as_secs(),
                });
            }
            sleep(POLL_INTERVAL).await;
        }
    }

    /// The superuser's connection to database `postgres`.
    pub fn connection(&mut self) -> &mut PgConnection {
        &mut self.admin
    }

    /// Makes the three groups and `service`'s three logins.
    ///
    /// # Errors
    /// `InvalidName`, and what Postgres says.
    pub async fn create_roles(&mut self, service: &str) -> Result<()> {
        check_name(service)?;
        for login in Login::ALL {
            let (role, group) = (login.role(service), login.group());
            create_role(&mut self.admin, &group).await?;
            create_role(&mut self.admin, &role).await?;
            let refused = "NOSUPERUSER NOBYPASSRLS NOCREATEDB NOCREATEROLE";
            execute(
                &mut self.admin,
                format!("ALTER ROLE {group} NOLOGIN {refused}"),
            )
            .await?;
            execute(
                &mut self.admin,
                format!("ALTER ROLE {role} LOGIN INHERIT {refused}"),
            )
            .await?;
            execute(&mut self.admin, format!("GRANT {group} TO {role}")).await?;
            if login != Login::Owner {
                set_timeouts(&mut self.admin, &role).await?;
            }
        }
        Ok(())
    }

    /// Makes `database` if there is none, gives it to `service`, and closes it to everybody else
    /// and its schema `public` to everybody but the owner. The roles exist.
    ///
    /// # Errors
    /// `InvalidName`, and what Postgres says.
    pub async fn create_database(&mut self, database: &str, service: &str) -> Result<()> {
        check_name(database)?;
        check_name(service)?;
        if !database_exists(&mut self.admin, database).await? {
            execute(&mut self.admin, format!("CREATE DATABASE \"{database}\"")).await?;
        }
        give_database(&mut self.admin, database, service).await?;
        let owner = Login::Owner.role(service);
        let mut inside = connect(&database_url(&self.superuser_url, database)?).await?;
        for statement in [
            format!("ALTER SCHEMA public OWNER TO {owner}"),
            "REVOKE CREATE ON SCHEMA public FROM PUBLIC".to_owned(),
            "GRANT USAGE ON SCHEMA public TO PUBLIC".to_owned(),
        ] {
            execute(&mut inside, statement).await?;
        }
        inside
            .close()
            .await
            .doing(|| format!("leave database {database}"))
    }

    /// Lets the next one have the turn.
    ///
    /// # Errors
    /// What Postgres says.
    pub async fn end(self) -> Result<()> {
        self.admin
            .close()
            .await
            .doing(|| "end a turn at provisioning".to_owned())
    }
}

/// Gives a database to `service` and closes it to everybody else: what a copy of a database does
/// not inherit from it. It touches nothing shared, so it needs no turn.
///
/// # Errors
/// `InvalidName`, and what Postgres says.
pub async fn give_database(admin: &mut PgConnection, database: &str, service: &str) -> Result<()> {
    check_name(database)?;
    check_name(service)?;
    let [owner, app, background] = Login::ALL.map(|login| login.role(service));
    for statement in [
        format!("ALTER DATABASE \"{database}\" OWNER TO {owner}"),
        format!("REVOKE CONNECT ON DATABASE \"{database}\" FROM PUBLIC"),
        format!("GRANT CONNECT ON DATABASE \"{database}\" TO {owner}, {app}, {background}"),
    ] {
        execute(admin, statement).await?;
    }
    Ok(())
}

/// Refuses what would not be a plain identifier: these names end up in SQL text, where nothing can
/// be bound.
///
/// # Errors
/// `InvalidName`.
pub fn check_name(name: &str) -> Result<()> {
    let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_';
    let starts = name.starts_with(|c: char| c.is_ascii_lowercase());
    // Postgres cuts names off at 63 bytes; the longest suffix added here is `_background`.
    if starts && name.len() <= 52 && name.chars().all(plain) {
        return Ok(());
    }
    Err(StoresError::InvalidName(name.to_owned()))
}

async fn database_exists(admin: &mut PgConnection, database: &str) -> Result<bool> {
    sqlx::query_scalar("SELECT EXISTS (SELECT FROM pg_database WHERE datname = $1)")
        .bind(database)
        .fetch_one(admin)
        .await
        .doing(|| format!("look for database {database}"))
}

async fn create_role(admin: &mut PgConnection, role: &str) -> Result<()> {
    let exists: bool =
        sqlx::query_scalar("SELECT EXISTS (SELECT FROM pg_roles WHERE rolname = $1)")
            .bind(role)
            .fetch_one(&mut *admin)
            .await
            .doing(|| format!("look for role {role}"))?;
    match exists {
        true => Ok(()),
        false => execute(admin, format!("CREATE ROLE {role}")).await,
    }
}

async fn set_timeouts(admin: &mut PgConnection, role: &str) -> Result<()> {
    for (setting, value) in SERVICE_TIMEOUTS {
        execute(
            admin,
            format!("ALTER ROLE {role} SET {setting} = '{value}'"),
        )
        .await?;
    }
    Ok(())
}

/// Runs a statement made of checked names.
async fn execute(connection: &mut PgConnection, statement: String) -> Result<()> {
    sqlx::raw_sql(AssertSqlSafe(statement.clone()))
        .execute(connection)
        .await
        .map(drop)
        .doing(|| statement)
}

async fn connect(url: &str) -> Result<PgConnection> {
    let doing = || format!("connect to {url}");
    let options = PgConnectOptions::from_str(url).doing(doing)?;
    options.connect().await.doing(doing)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_plain_identifiers_are_names() {
        for good in ["credit", "t_credit_0123", "a"] {
            assert!(check_name(good).is_ok(), "{good}");
        }
        for bad in [
            "",
            "Credit",
            "1st",
            "_x",
            "a-b",
            "a\"b",
            "a b",
            "é",
            &"x".repeat(53),
        ] {
            assert!(check_name(bad).is_err(), "{bad}");
        }
    }
}
