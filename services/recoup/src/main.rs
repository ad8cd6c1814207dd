//! The command line of `recoup`. Each command says in its own module what it does.

use std::process::ExitCode;

use clap::{Parser, Subcommand};
use recoup::client::{aging, case, customer, figures, invoice, placement, receipt};
use recoup::{demo, import, token, up};

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
    #[command(subcommand)]
    Import(import::Command),
    #[command(subcommand)]
    Customer(customer::Command),
    #[command(subcommand)]
    Invoice(invoice::Command),
    #[command(subcommand)]
    Receipt(receipt::Command),
    #[command(subcommand)]
    Case(case::Command),
    #[command(subcommand)]
    Placement(placement::Command),
    Aging(aging::Arguments),
    Figures(figures::Arguments),
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
        Command::Import(command) => import::run(&command).await,
        Command::Customer(command) => command.run().await,
        Command::Invoice(command) => command.run().await,
        Command::Receipt(command) => command.run().await,
        Command::Case(command) => command.run().await,
        Command::Placement(command) => command.run().await,
        Command::Aging(arguments) => aging::run(&arguments).await,
        Command::Figures(arguments) => figures::run(&arguments).await,
    }
}
