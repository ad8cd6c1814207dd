//! `with-stores COMMAND…` runs a command with a private Postgres and Redis around it and returns
//! its exit code; without a command it prints the URLs and waits for Ctrl-C. It must not know what
//! the command does with them.

use std::io::{IsTerminal, Write};
use std::os::unix::process::ExitStatusExt;
use std::path::PathBuf;
use std::process::{ExitCode, ExitStatus};

use anyhow::Context;
use clap::Parser;
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use stores::{ScratchDir, Stores, StoresConfig};
use tokio::signal::unix::{SignalKind, signal};

/// Starts a private Postgres and Redis, runs a command with RECOUP_TEST_POSTGRES and
/// RECOUP_TEST_REDIS set to their URLs, and stops them.
#[derive(Debug, Parser)]
#[command(version)]
struct Arguments {
    /// Keep the data here; without it, a temporary folder that is deleted at the end.
    #[arg(long)]
    data_dir: Option<PathBuf>,

    /// The command and its arguments; without it, the URLs are printed and Ctrl-C ends it.
    #[arg(trailing_var_arg = true)]
    command: Vec<String>,
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    tracing_subscriber::fmt()
        .with_env_filter(tracing_subscriber::EnvFilter::from_default_env())
        .with_writer(std::io::stderr)
        .init();
    match run(Arguments::parse()).await {
        Ok(code) => code,
        Err(error) => {
            // {:#} prints the chain of causes, and no backtrace whatever RUST_BACKTRACE says.
            let _ = writeln!(std::io::stderr(), "with-stores: {error:#}");
            ExitCode::FAILURE
        }
    }
}

async fn run(arguments: Arguments) -> anyhow::Result<ExitCode> {
    // Registered before anything is started: from here on no signal ends this process unseen.
    let signals = Signals::listen()?;
    let (data_dir, _scratch) = match arguments.data_dir {
        Some(data_dir) => (data_dir, None),
        None => {
            let scratch = ScratchDir::create()?;
            (scratch.path().to_owned(), Some(scratch))
        }
    };
    let stores = Stores::start(StoresConfig::new(data_dir)).await?;
    let code = match arguments.command.split_first() {
        Some((program, rest)) => run_command(&stores, program, rest, signals).await,
        None => wait_for_end(&stores, signals).await,
    };
    stores.stop().await?;
    code
}

async fn run_command(
    stores: &Stores,
    program: &str,
    arguments: &[String],
    mut signals: Signals,
) -> anyhow::Result<ExitCode> {
    let mut command = std::process::Command::new(program);
    command.args(arguments);
    forget_cargo(&mut command);
    command.env("RECOUP_TEST_POSTGRES", stores.superuser_url());
    command.env("RECOUP_TEST_REDIS", stores.redis_url());
    // This runtime has one thread, the main one, so the command is tied to the process.
    stores::end_with_parent(&mut command, Signal::SIGTERM);
    let mut child = tokio::process::Command::from(command)
        .spawn()
        .with_context(|| format!("run {program}"))?;
    loop {
        tokio::select! {
            status = child.wait() => return Ok(exit_code(status?)),
            signal = signals.next() => forward(signal, child.id()),
        }
    }
}

/// What cargo tells the program it runs must not reach a cargo that the command is or starts: build
/// scripts that look at it (ring's does) would run again, and everything above them be built anew.
fn forget_cargo(command: &mut std::process::Command) {
    let told = [
        "CARGO_PKG_",
        "CARGO_MANIFEST_",
        "CARGO_BIN_",
        "CARGO_CRATE_",
        "CARGO_PRIMARY_",
    ];
    for (name, _) in std::env::vars_os() {
        if name
            .to_str()
            .is_some_and(|name| told.iter().any(|told| name.starts_with(told)))
        {
            command.env_remove(name);
        }
    }
}

/// A Ctrl-C at the terminal has reached the command already, as a member of the foreground group;
/// a second one would make test runners quit without clearing up.
fn forward(signal: Signal, child: Option<u32>) {
    let from_terminal = signal == Signal::SIGINT && std::io::stdin().is_terminal();
    let Some(pid) = child
        .and_then(|pid| i32::try_from(pid).ok())
        .filter(|_| !from_terminal)
    else {
        return;
    };
    if let Err(error) = kill(Pid::from_raw(pid), signal) {
        tracing::debug!(%signal, %error, "the command ended meanwhile");
    }
}

async fn wait_for_end(stores: &Stores, mut signals: Signals) -> anyhow::Result<ExitCode> {
    let mut out = std::io::stdout();
    writeln!(out, "RECOUP_TEST_POSTGRES={}", stores.superuser_url())?;
    writeln!(out, "RECOUP_TEST_REDIS={}", stores.redis_url())?;
    out.flush()?;
    signals.next().await;
    Ok(ExitCode::SUCCESS)
}

/// As a shell reports it: 128 + n for a command that signal n ended.
fn exit_code(status: ExitStatus) -> ExitCode {
    let code = status
        .code()
        .or_else(|| status.signal().map(|signal| 128 + signal));
    code.and_then(|code| u8::try_from(code).ok())
        .map_or(ExitCode::FAILURE, ExitCode::from)
}

/// The signals that ask a process to end.
struct Signals {
    interrupt: tokio::signal::unix::Signal,
    terminate: tokio::signal::unix::Signal,
    hangup: tokio::signal::unix::Signal,
}

impl Signals {
    fn listen() -> std::io::Result<Self> {
        Ok(Self {
            interrupt: signal(SignalKind::interrupt())?,
            terminate: signal(SignalKind::terminate())?,
            hangup: signal(SignalKind::hangup())?,
        })
    }

    async fn next(&mut self) -> Signal {
        tokio::select! {
            _ = self.interrupt.recv() => Signal::SIGINT,
            _ = self.terminate.recv() => Signal::SIGTERM,
            _ = self.hangup.recv() => Signal::SIGHUP,
        }
    }
}
