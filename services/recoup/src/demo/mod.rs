//! `recoup demo`: the story of a tenant, told through the public gRPC API on a clock of its own,
//! with what is claimed checked on the way. It starts clean and leaves nothing behind.
//!
//! Each chapter is a file; it makes its calls with request ids of its own, so that telling it
//! twice must change nothing, and returns the answers, which must be the same. Must not look into
//! a database or a service: what a caller cannot see, the demo does not claim.

mod client;
mod credit;
mod feed;
mod invoicing;

use std::time::Duration;

use anyhow::ensure;
use comfy_table::Table;
use comfy_table::presets::UTF8_HORIZONTAL_ONLY;
use indicatif::{ProgressBar, ProgressStyle};
use jiff::Timestamp;
use jiff::civil::date;
use jiff::tz::TimeZone;
use runtime::{Shutdown, Tasks, Telemetry};
use stores::ScratchDir;

use crate::demo::client::World;
use crate::installation::{Installation, Surroundings, Time};
use crate::settings::{self, Config, Listen};

/// Runs the whole story on data of its own and checks it; exits with 1 when anything is not so.
#[derive(Debug, Clone, clap::Args)]
pub struct Arguments {}

/// One line of what was done.
#[derive(Debug, Clone)]
pub struct Row {
    /// What.
    pub what: &'static str,
    /// How many.
    pub count: usize,
    /// What was checked of it.
    pub checked: &'static str,
}

/// How many steps the story has, for the progress bar.
const STEPS: u64 = 6;

/// Runs the command.
///
/// # Errors
/// What did not come out as it must.
pub async fn run(_: &Arguments) -> anyhow::Result<()> {
    let local = "127.0.0.1:0".parse()?;
    let listen = Listen {
        listen: Some(local),
        admin_listen: Some(local),
    };
    let config: Config = settings::of_server(listen)?.build()?;
    let telemetry = Telemetry::start("recoup", &config.telemetry)?;
    let shutdown = Shutdown::on_signals(config.server.drain_timeout(), &Tasks::new())?;
    let bar = ProgressBar::new(STEPS)
        .with_style(ProgressStyle::with_template("{bar:30} {pos}/{len} {msg}")?);
    bar.enable_steady_tick(Duration::from_millis(100));

    let rows = on_scratch_data(listen, (&telemetry, shutdown), &bar).await?;
    bar.finish_and_clear();
    let mut table = Table::new();
    table
        .load_style(UTF8_HORIZONTAL_ONLY)
        .set_header(["what", "how many", "checked"]);
    for row in rows {
        table.add_row([row.what, &row.count.to_string(), row.checked]);
    }
    #[expect(clippy::print_stdout, reason = "the output of the command")]
    {
        println!("{table}");
    }
    Ok(())
}

/// Tells the story on an installation of its own. A signal ends the installation, and the next
/// call of the story with it.
async fn on_scratch_data(
    listen: Listen,
    (telemetry, shutdown): (&Telemetry, Shutdown),
    bar: &ProgressBar,
) -> anyhow::Result<Vec<Row>> {
    bar.set_message("starting Postgres, Redis and the services");
    let scratch = ScratchDir::create()?;
    let start = beginning()?;
    let surroundings = Surroundings {
        listen,
        time: Time::Sandbox { start },
        ..Surroundings::default()
    };
    let running = (telemetry, shutdown);
    let installation = Installation::start(scratch.path(), surroundings, running).await?;
    bar.inc(1);
    let told = async { tell(&World::try_new(&installation, telemetry)?, bar).await }.await;
    installation.end().await?;
    told
}

/// The story begins on a Monday morning in Berlin.
fn beginning() -> anyhow::Result<Timestamp> {
    Ok(date(2026, 3, 2)
        .at(8, 0, 0, 0)
        .to_zoned(TimeZone::get("Europe/Berlin")?)?
        .timestamp())
}

async fn tell(world: &World, bar: &ProgressBar) -> anyhow::Result<Vec<Row>> {
    let step = |message: &'static str| {
        bar.set_message(message);
        bar.inc(1);
    };
    step("credit: tenant, policy, customers");
    let credit = credit::tell(world).await?;
    step("invoicing: customers by the feed, a number series");
    let invoicing = invoicing::tell(world, credit.customer_ids().len()).await?;
    let before = feed::read(world, "credit").await?;

    step("everything again, with the same request ids");
    ensure!(
        credit::tell(world).await? == credit,
        "credit answers a repeated request otherwise"
    );
    let again = invoicing::tell(world, credit.customer_ids().len()).await?;
    ensure!(
        again == invoicing,
        "invoicing answers a repeated request otherwise"
    );

    step("reading the feed of credit");
    let after = feed::read(world, "credit").await?;
    ensure!(
        after == before,
        "a repeated request announced something new"
    );
    feed::check(&after, &credit.customer_ids())?;

    let calls = credit.count() + invoicing.count();
    let mut rows = credit.rows();
    rows.extend(invoicing.rows());
    rows.push(Row {
        what: "requests repeated",
        count: calls,
        checked: "same answers, nothing new in lists and feed",
    });
    rows.push(Row {
        what: "events in the feed of credit",
        count: after.len(),
        checked: "positions rise, every change announced once, nothing parked",
    });
    Ok(rows)
}
