//! The invoicing service as a process: `serve`, `migrate`, `print-config`.

use std::process::ExitCode;

use calendar::Clock;
use invoicing::config::{self, Config};
use runtime::process::{self, Arguments, Command, Process};

#[tokio::main]
async fn main() -> ExitCode {
    let about = env!("CARGO_PKG_DESCRIPTION");
    let arguments = Arguments::read(invoicing::SERVICE, about, "RECOUP_INVOICING_OWNER_URL");
    process::ended(invoicing::SERVICE, run(arguments).await)
}

async fn run(arguments: Arguments) -> anyhow::Result<()> {
    let layers = config::layers(arguments.config.as_deref())?;
    match arguments.command {
        Command::Serve => serve(&layers.build()?).await,
        Command::Migrate { owner_url } => {
            Ok(postgres::migrations::run(&owner_url, &invoicing::migrations()).await?)
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
    let process = Process::start(invoicing::SERVICE, server, &config.telemetry, database).await?;
    let (clock, telemetry) = (Clock::system(), process.telemetry);
    let (listener, shutdown) = (process.listener, process.shutdown);
    let outcome = invoicing::run(config, listener, clock, &telemetry, shutdown).await;
    telemetry.flush().await;
    outcome
}
