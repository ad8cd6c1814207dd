//! `recoup demo`: some months of a tenant's receivables, played through the public gRPC APIs on a
//! sandbox clock, and what came of them: told by the services, and checked against the truth that
//! only the demo knows.
//!
//! | module | what it owns |
//! |---|---|
//! | [`book`] | what happens, from a seed alone, and the truth of it |
//! | [`play`] | making it happen, a day at a time |
//! | [`figures`] | aging and figures at the end |
//! | [`compare`] | those figures beside the proof's |
//! | [`proof`] | the databases and mails, added up again beside the services |
//! | [`report`] | the page with charts |
//! | [`table`] | tables |
//! | [`client`] | calls, money and days on the wire |
//!
//! It starts clean every time: the folder of an earlier run is replaced. Nothing that it prints
//! depends on the time of day, on identities, or on what ran first.

mod book;
mod client;
mod compare;
mod figures;
mod play;
pub mod proof;
pub mod report;
pub mod table;

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context as _, bail, ensure};
use indicatif::{ProgressBar, ProgressStyle};
use runtime::{Shutdown, Tasks, Telemetry};
use stores::ScratchDir;

use crate::demo::book::{Book, Size};
use crate::demo::client::World;
use crate::demo::play::opening::TENANT_NAME;
use crate::demo::proof::{Check, Period, mails};
use crate::demo::report::Report;
use crate::demo::table::Table;
use crate::installation::{Installation, Surroundings, Time};
use crate::settings::{self, Config, Listen};
use crate::token::DEVELOPMENT_TENANT;

/// Plays a book of receivables through all services and checks what comes of it; exits with 1 when
/// anything is not as it must be.
#[derive(Debug, Clone, clap::Args)]
pub struct Arguments {
    /// Customers of the book
    #[arg(long, default_value_t = 250, value_parser = clap::value_parser!(u32).range(1..=2000))]
    customers: u32,
    /// Months in which invoices are issued
    #[arg(long, default_value_t = 18, value_parser = clap::value_parser!(u32).range(1..=60))]
    months: u32,
    /// Which book of that size
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Folder for the report and the mails; what an earlier demo left there is replaced
    #[arg(long, env = "RECOUP_DEMO_OUT", default_value = "target/demo")]
    out: PathBuf,
}

/// What marks a folder as one that a demo wrote and the next may replace.
const MARK: &str = ".recoup-demo";

/// Runs the command.
///
/// # Errors
/// What did not come out as it must.
pub async fn run(arguments: &Arguments) -> anyhow::Result<()> {
    let size = Size {
        customers: arguments.customers,
        months: arguments.months,
        seed: arguments.seed,
    };
    let out = fresh_folder(&arguments.out)?;
    let local = "127.0.0.1:0".parse()?;
    let listen = Listen {
        listen: Some(local),
        admin_listen: Some(local),
    };
    let config: Config = settings::of_server(listen)?.build()?;
    let telemetry = Telemetry::start("recoup", &config.telemetry)?;
    let shutdown = Shutdown::on_signals(config.server.drain_timeout(), &Tasks::new())?;
    let bar = ProgressBar::new(0).with_style(ProgressStyle::with_template(
        "{bar:40} {pos}/{len} days, {elapsed} {msg}",
    )?);
    bar.enable_steady_tick(Duration::from_millis(200));

    let book = Book::of(size);
    let outcome = on_scratch_data(listen, (&telemetry, shutdown), (&book, &out), &bar).await;
    bar.finish_and_clear();
    outcome?.tell(&out)
}

/// What is printed at the end.
#[derive(Debug)]
struct Outcome {
    tables: Vec<Table>,
    failures: Vec<String>,
}

impl Outcome {
    fn tell(self, out: &Path) -> anyhow::Result<()> {
        for table in &self.tables {
            say(&table.shown());
        }
        say(&format!("report  {}", out.join("report.html").display()));
        say(&format!("mails   {}", out.join("mail").display()));
        if self.failures.is_empty() {
            say("\nEverything is as it must be.");
            return Ok(());
        }
        for failure in self.failures.iter().take(20) {
            say(&format!("not as it must be: {failure}"));
        }
        bail!("{} things are not as they must be", self.failures.len())
    }
}

/// Plays on an installation of its own. A signal ends the installation, and the next call of the
/// play with it.
async fn on_scratch_data(
    listen: Listen,
    (telemetry, shutdown): (&Telemetry, Shutdown),
    (book, out): (&Book, &Path),
    bar: &ProgressBar,
) -> anyhow::Result<Outcome> {
    bar.set_message("starting Postgres, Redis and the services");
    let scratch = ScratchDir::create()?;
    let start = play::at_opening(book.from)?;
    let surroundings = Surroundings {
        listen,
        time: Time::Sandbox { start },
        mail_dir: Some(out.join("mail")),
        ..Surroundings::default()
    };
    let running = (telemetry, shutdown);
    let installation = Installation::start(scratch.path(), surroundings, running).await?;
    let played = play_and_tell(&installation, (book, out), bar).await;
    installation.end().await?;
    played
}

async fn play_and_tell(
    installation: &Installation,
    (book, out): (&Book, &Path),
    bar: &ProgressBar,
) -> anyhow::Result<Outcome> {
    let world = World::try_new(installation)?;
    let play = play::whole(&world, book, bar).await?;
    bar.set_message("adding up");
    let told = play.told().await.context("adding up")?;
    let reading = figures::read(&world, book.from, book.until).await?;
    bar.set_message("the proof");
    let period = Period {
        from_date: book.from,
        to_date: book.until,
    };
    let (stores, tenant) = (installation.stores(), DEVELOPMENT_TENANT.uuid());
    let proof = proof::check(stores, tenant, period)
        .await
        .context("the proof")?;
    let mails = mails::check(&out.join("mail"), stores, tenant)
        .await
        .context("the mails")?;
    let (beside, differences) = compare::beside(&compare::told(&reading)?, &proof.figures);

    let checks: Vec<Check> = proof.checks.iter().chain(&mails.checks).cloned().collect();
    let mut failures = told.failures;
    failures.extend(differences);
    failures.extend(checks.iter().flat_map(Check::failures));
    let mut tables = vec![reading.aging_table(), reading.figures_table()];
    tables.extend(told.tables);
    tables.extend([Check::table(&checks), beside]);
    let report = Report {
        title: format!("{TENANT_NAME}: {} to {}", book.from, book.until),
        tenant_name: TENANT_NAME.to_owned(),
        facts: play.facts(mails.files.len()),
        period,
        history: proof.history,
        tables: tables.clone(),
        mails: mails.files,
    };
    report::write(&report, out)?;
    Ok(Outcome { tables, failures })
}

/// The folder to write to, empty. One that is not empty and that no demo wrote is left alone.
fn fresh_folder(out: &Path) -> anyhow::Result<PathBuf> {
    if out.exists() {
        let ours = out.join(MARK).exists();
        let empty = fs::read_dir(out)?.next().is_none();
        ensure!(
            ours || empty,
            "{} is not a folder of an earlier demo",
            out.display()
        );
        if ours {
            fs::remove_dir_all(out).with_context(|| format!("emptying {}", out.display()))?;
        }
    }
    fs::create_dir_all(out).with_context(|| format!("making {}", out.display()))?;
    fs::write(out.join(MARK), "")?;
    Ok(out.canonicalize()?)
}

#[expect(clippy::print_stdout, reason = "the output of the command")]
fn say(text: &str) {
    println!("{text}");
}
