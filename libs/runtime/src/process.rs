//! The process of one service: what its program is told to do, and what stands around the service
//! while it serves. Must not know what is served: that is the service's own `run`.

use std::fmt::Display;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;

use clap::{CommandFactory as _, FromArgMatches as _, Parser, Subcommand};
use postgres::{Database, PostgresConfig};
use tokio::net::TcpListener;
use tokio::sync::OnceCell;

use crate::config::{ServerConfig, TelemetryConfig};
use crate::{Shutdown, Tasks, Telemetry, TelemetryError, admin, tls};

/// The command line of a service.
#[derive(Debug, Parser)]
#[command(version)]
pub struct Arguments {
    /// Settings that lie over the compiled-in ones, TOML.
    #[arg(long, global = true)]
    pub config: Option<PathBuf>,
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

/// What a service's program does.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Serves until SIGTERM or SIGINT.
    Serve,
    /// Brings the database's schema up to date, as its owner.
    Migrate {
        /// URL of the database with the role that owns it.
        #[arg(long, hide_env_values = true)]
        owner_url: String,
    },
    /// Prints the settings in force, without secrets.
    PrintConfig,
}

impl Arguments {
    /// The arguments of the program `service`, which is `about` something; the owner's URL may also
    /// stand in the variable `owner_url`. Where they are wrong, or help is asked for, the process
    /// says so and ends.
    #[must_use]
    pub fn read(service: &'static str, about: &'static str, owner_url: &'static str) -> Self {
        let matches = line(service, about, owner_url).get_matches();
        Self::from_arg_matches(&matches).unwrap_or_else(|error| error.exit())
    }
}

fn line(service: &'static str, about: &'static str, owner_url: &'static str) -> clap::Command {
    Arguments::command()
        .name(service)
        .about(about)
        .mut_subcommand("migrate", |migrate| {
            migrate.mut_arg("owner_url", |url| url.env(owner_url))
        })
}

/// What the process of `service` ends with; why it failed goes to standard error.
#[must_use]
pub fn ended<E: Display>(service: &str, outcome: Result<(), E>) -> ExitCode {
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            // The chain alone: with RUST_BACKTRACE set, Debug would add forty lines.
            eprintln!("{service}: {error:#}");
            ExitCode::FAILURE
        }
    }
}

/// Why a process cannot start.
#[derive(Debug, thiserror::Error)]
pub enum ProcessError {
    /// Logs, traces or metrics cannot start.
    #[error(transparent)]
    Telemetry(#[from] TelemetryError),
    /// The handlers of signals cannot be installed.
    #[error("signals")]
    Signals(#[source] std::io::Error),
    /// An address cannot be listened on.
    #[error("listening on {address}")]
    Listen {
        /// The address.
        address: SocketAddr,
        /// Why.
        source: std::io::Error,
    },
}

/// What stands around a service that serves.
pub struct Process {
    /// Where the service answers.
    pub listener: TcpListener,
    /// Logs, traces and metrics; to be flushed at the end.
    pub telemetry: Telemetry,
    /// The end, asked for by SIGTERM or SIGINT.
    pub shutdown: Shutdown,
}

impl Process {
    /// Installs the cryptography, starts telemetry, heeds signals, listens on both addresses and
    /// answers `/metrics`, `/livez` and `/readyz`, which asks the database over a connection of its own.
    /// Once a process, inside the runtime.
    ///
    /// # Errors
    /// [`ProcessError`]: a setting that is wrong, or an address that is taken.
    pub async fn start(
        service: &'static str,
        server: &ServerConfig,
        telemetry: &TelemetryConfig,
        database: &PostgresConfig,
    ) -> Result<Self, ProcessError> {
        tls::install_crypto();
        let telemetry = Telemetry::start(service, telemetry)?;
        let background = Tasks::new();
        let shutdown = Shutdown::on_signals(server.drain_timeout(), &background);
        let shutdown = shutdown.map_err(ProcessError::Signals)?;
        let listener = listen(server.listen).await?;
        let admin_listener = listen(server.admin_listen).await?;
        let (probe, database) = (Arc::new(OnceCell::new()), database.clone());
        let is_ready = move || {
            let (probe, database) = (Arc::clone(&probe), database.clone());
            async move {
                let connected = probe.get_or_try_init(|| Database::connect(&database, service));
                match connected.await {
                    Ok(db) => db.is_ready().await,
                    Err(_) => false,
                }
            }
        };
        let (figures, end) = (telemetry.clone(), shutdown.clone());
        background.spawn(
            "admin",
            admin::serve(admin_listener, figures, end, is_ready),
        );
        Ok(Self {
            listener,
            telemetry,
            shutdown,
        })
    }
}

async fn listen(address: SocketAddr) -> Result<TcpListener, ProcessError> {
    let listener = TcpListener::bind(address).await;
    listener.map_err(|source| ProcessError::Listen { address, source })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(words: &[&str]) -> Result<Arguments, clap::Error> {
        let line = line("credit", "Credit.", "RECOUP_TEST_NO_SUCH_VARIABLE");
        let matches = line.try_get_matches_from(words)?;
        Arguments::from_arg_matches(&matches)
    }

    #[test]
    fn a_program_serves_migrates_or_prints_its_settings() {
        let serve = parsed(&["credit", "serve", "--config", "credit.toml"]).unwrap();
        assert!(matches!(serve.command, Command::Serve));
        assert_eq!(serve.config, Some("credit.toml".into()));
        let migrate = parsed(&["credit", "migrate", "--owner-url", "postgres://owner"]).unwrap();
        let Command::Migrate { owner_url } = migrate.command else {
            panic!("{migrate:?}")
        };
        assert_eq!(owner_url, "postgres://owner");
        let print = parsed(&["credit", "print-config"]).unwrap();
        assert!(matches!(print.command, Command::PrintConfig));
    }

    #[test]
    fn without_the_owners_url_nothing_is_migrated_and_the_help_names_its_variable() {
        assert!(parsed(&["credit", "migrate"]).is_err());
        assert!(parsed(&["credit"]).is_err());
        let help = parsed(&["credit", "migrate", "--help"]).unwrap_err();
        assert!(help.to_string().contains("RECOUP_TEST_NO_SUCH_VARIABLE"));
    }
}
