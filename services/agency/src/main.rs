//! The agency service as a process: `serve`, `migrate`, `print-config`.

use std::path::PathBuf;
use std::process::ExitCode;

use agency::config::{self, Config};
use anyhow::Context as _;
use calendar::Clock;
use clap::{Parser, Subcommand};
use runtime::{Shutdown, Tasks, Telemetry, admin};
use tokio::net::TcpListener;

#[derive(Parser)]
#[command(name = "agency", version, about)]
struct Arguments {
    /// Settings that lie over the compiled-in ones, TOML.
    #[arg(long, global = true)]
    config: Option<PathBuf>,
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Serves until SIGTERM or SIGINT.
    Serve,
    /// Brings the database's schema up to date, as its owner.
    Migrate {
        /// URL of the database with the role that owns it.
        #[arg(long, env = "RECOUP_AGENCY_OWNER_URL", hide_env_values = true)]
        owner_url: String,
    },
    /// Prints the settings in force, without secrets.
    PrintConfig,
}

#[tokio::main]
async fn main() -> ExitCode {
    match run(Arguments::parse()).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            // The chain alone: with RUST_BACKTRACE set, Debug would add forty lines.
            eprintln!("agency: {error:#}");
            ExitCode::FAILURE
        }
    }
}

async fn run(arguments: Arguments) -> anyhow::Result<()> {
    let layers = config::layers(arguments.config.as_deref())?;
    match arguments.command {
        Command::Serve => serve(&layers.build()?).await,
        Command::Migrate { owner_url } => {
            Ok(postgres::migrations::run(&owner_url, &agency::migrations()).await?)
        }
        Command::PrintConfig => {
            #[expect(clippy::print_stdout, reason = "the output of the command")]
            {
                println!("{}", layers.print());
            }
            Ok(())
        }
    }
}

async fn serve(config: &Config) -> anyhow::Result<()> {
    runtime::tls::install_crypto();
    let telemetry = Telemetry::start(agency::SERVICE, &config.telemetry)?;
    let background = Tasks::new();
    let shutdown = Shutdown::on_signals(config.server.drain_timeout(), &background)?;
    let listen = async |address| {
        TcpListener::bind(address)
            .await
            .with_context(|| format!("listening on {address}"))
    };
    let listener = listen(config.server.listen).await?;
    let admin_listener = listen(config.server.admin_listen).await?;
    let probe = postgres::Database::connect(&config.database, agency::SERVICE).await?;
    let is_ready = move || {
        let probe = probe.clone();
        async move { probe.is_ready().await }
    };
    background.spawn(
        "admin",
        admin::serve(
            admin_listener,
            telemetry.clone(),
            shutdown.clone(),
            is_ready,
        ),
    );
    let outcome = agency::run(config, listener, Clock::system(), &telemetry, shutdown).await;
    telemetry.flush().await;
    outcome
}
