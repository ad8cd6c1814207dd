//! `recoup import receivables`: a book of invoices with the days on which they were settled, lived
//! through again over the public gRPC API.
//!
//! 1. [`mapping`] says how to read the file; [`rows`] reads it whole, and finds every fault before
//!    anything is written.
//! 2. [`place`] is where it happens: a running sandbox, or an installation of its own.
//! 3. [`setup`] makes what the tenant lacks: profile, contact rules, words, strategy.
//! 4. [`replay`] goes through the days: what was invoiced, disputed and settled on each is done on
//!    that day of the sandbox's clock, and what falls due in between falls due.
//! 5. [`report`] asks for the figures, and for the reminders that were sent.
//!
//! Every request id is made from what it asks for, so that the same import again changes nothing
//! and one that was cut short goes on. Must not look into a database or a service.

pub mod calendar;
pub mod mapping;
pub mod place;
pub mod replay;
pub mod report;
pub mod rows;
pub mod sent;
pub mod setup;

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, bail};
use indicatif::{ProgressBar, ProgressStyle};
use jiff::civil::Date;

use crate::client::output::{self, Format};
use crate::import::mapping::Mapping;
use crate::import::place::Where;
use crate::import::rows::{Book, Fault};

/// Replays records of another system
#[derive(Debug, Clone, clap::Subcommand)]
pub enum Command {
    /// Replays a CSV of invoices with the days on which they were settled
    ///
    /// With --address on the sandbox that runs there. Without, on an installation of its own: one
    /// that is thrown away at the end, or stays in --data-dir, to be looked at with `recoup up
    /// --sandbox`.
    Receivables(Arguments),
}

/// What to import, and where.
#[derive(Debug, Clone, clap::Args)]
pub struct Arguments {
    /// The CSV, with names of columns in its first row
    file: PathBuf,
    /// How to read it, TOML
    #[arg(long, value_name = "FILE")]
    mapping: PathBuf,
    /// Leave bad rows out, and list them. Without it, one bad row and nothing is imported
    #[arg(long)]
    skip_bad: bool,
    /// Also tell what was outstanding at the end of this day; may be given several times
    #[arg(long, value_name = "DATE")]
    as_of: Vec<Date>,
    /// How the figures are shown
    #[arg(long, value_enum, default_value_t = Format::Table)]
    output: Format,
    #[command(flatten)]
    place: Where,
}

/// Runs the command.
///
/// # Errors
/// Bad rows, each with its column; what was refused; whatever keeps an installation from starting.
pub async fn run(command: &Command) -> anyhow::Result<()> {
    let Command::Receivables(arguments) = command;
    let mapping = Mapping::read(&arguments.mapping)?;
    let book = read(&arguments.file, &mapping, arguments.skip_bad)?;
    let bar = ProgressBar::new(0).with_style(ProgressStyle::with_template(
        "{bar:30} {pos}/{len} days {msg}",
    )?);
    let told = arguments
        .place
        .with(&mapping, &book, async |calls| {
            let done = replay::run(&calls, &mapping, &book, &bar).await?;
            report::ask(&calls, &mapping, &book, (done, &arguments.as_of)).await
        })
        .await;
    bar.finish_and_clear();
    let report = told?;
    match arguments.output {
        Format::Json => output::json(&report.json()?),
        Format::Table => report.show(),
    }
}

/// Reads a file whole.
///
/// # Errors
/// It cannot be read, or has a bad row and they may not be left out.
pub fn read(file: &Path, mapping: &Mapping, skip_bad: bool) -> anyhow::Result<Book> {
    let name = file.display();
    let bytes = fs::read(file).with_context(|| format!("read {name}"))?;
    let book = Book::read(&bytes, mapping).with_context(|| name.to_string())?;
    if !book.faults.is_empty() && !skip_bad {
        bail!("{name}: nothing was imported\n{}", listed(&book.faults));
    }
    if book.receivables.is_empty() {
        bail!("{name}: no row to import\n{}", listed(&book.faults));
    }
    Ok(book)
}

/// A line for each.
fn listed(faults: &[Fault]) -> String {
    let lines: Vec<String> = faults.iter().map(|fault| format!("  {fault}")).collect();
    lines.join("\n")
}
