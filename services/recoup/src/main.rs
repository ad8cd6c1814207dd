//! The command line of `recoup`. Each command says in its own module what it does.

use std::process::ExitCode;

use clap::{Parser, Subcommand};
use recoup::{demo, token, up};

/// Recoup turns invoices into cash.
#[derive(Parser)]
#[command(name = "recoup", version, about)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    Up(up::Arguments),
    Token(token::Arguments),
    Demo(demo::Arguments),
}

#[tokio::main]
async fn main() -> ExitCode {
    match run(Arguments::parse().command).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            // The chain alone: with RUST_BACKTRACE set, Debug would add forty lines.
            eprintln!("recoup: {error:#}");
            ExitCode::FAILURE
        }
    }
}

async fn run(command: Command) -> anyhow::Result<()> {
    runtime::tls::install_crypto();
    match command {
        Command::Up(arguments) => up::run(&arguments).await,
        Command::Token(arguments) => token::run(&arguments),
        Command::Demo(arguments) => demo::run(&arguments).await,
    }
}
