//! The credit service as a process: `serve`, `migrate`, `print-config`.

use std::process::ExitCode;

use calendar::Clock;
use credit::config::{self, Config};
use runtime::process::{self, Arguments, Command, Process};

#[tokio::main]
async fn main() -> ExitCode {
    let about = env!("CARGO_PKG_DESCRIPTION");
    let arguments = Arguments::read(credit::SERVICE, about, "RECOUP_CREDIT_OWNER_URL");
    process::ended(credit::SERVICE, run(arguments).await)
}

async fn run(arguments: Arguments) -> anyhow::Result<()> {
    let layers = config::layers(arguments.config.as_deref())?;
    match arguments.command {
        Command::Serve => serve(&layers.build()?).await,
        Command::Migrate { owner_url } => {
            Ok(postgres::migrations::run(&owner_url, &credit::migrations()).await?)
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
    let (server, database) = (&config.server, &config.database);
    let process = Process::start(credit::SERVICE, server, &config.telemetry, database).await?;
    let (clock, telemetry) = (Clock::system(), process.telemetry);
    let (listener, shutdown) = (process.listener, process.shutdown);
    let outcome = credit::run(config, listener, clock, &telemetry, shutdown).await;
    telemetry.flush().await;
    outcome
}
