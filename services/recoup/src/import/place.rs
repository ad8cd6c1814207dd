//! Where a replay happens: on a sandbox that runs, or on an installation of its own.
//!
//! Never on a clock of the wall: there, an invoice of last year would be reminded of between its
//! own import and that of its payment.

use anyhow::{Context as _, bail};
use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan as _};
use runtime::{Shutdown, Tasks, Telemetry};
use stores::ScratchDir;
use tonic::transport::Channel;

use crate::client::connection::{Calls, Credentials, authorized};
use crate::import::calendar::period;
use crate::import::mapping::Mapping;
use crate::import::rows::Book;
use crate::installation::{Installation, Surroundings, Time};
use crate::settings::{self, Config, Listen};
use crate::token::{self, Wish};

/// When a day begins here: before anybody may be reminded, so that whoever paid on it is not.
const MORNING: i8 = 5;

/// Where.
#[derive(Debug, Clone, clap::Args)]
pub struct Where {
    /// A running sandbox whose clock stands before the first invoice [default: an installation of
    /// its own]
    #[arg(long, env = "RECOUP_ADDRESS", value_name = "URL")]
    address: Option<String>,
    #[command(flatten)]
    credentials: Credentials,
}

impl Where {
    /// Does something there, with calls that may take as long as they like.
    ///
    /// # Errors
    /// What keeps the installation from being reached or started, or what was done from succeeding.
    pub async fn with<T>(
        &self,
        mapping: &Mapping,
        book: &Book,
        doing: impl AsyncFnOnce(Calls) -> anyhow::Result<T>,
    ) -> anyhow::Result<T> {
        if let Some(address) = &self.address {
            return doing(self.credentials.calls(address, None).await?).await;
        }
        let (first, _) = period(&book.receivables).context("no row to import")?;
        let eve = first.yesterday().context("before the first invoice")?;
        let start = morning(eve, &mapping.zone()?)?;
        match self.credentials.data_dir().chosen() {
            Some(folder) => own(folder, start, doing).await,
            None => own(ScratchDir::create()?.path(), start, doing).await,
        }
    }
}

/// An installation of its own in `folder`, which ends with what is done.
async fn own<T>(
    folder: &std::path::Path,
    start: Timestamp,
    doing: impl AsyncFnOnce(Calls) -> anyhow::Result<T>,
) -> anyhow::Result<T> {
    let anywhere = Some("127.0.0.1:0".parse()?);
    let listen = Listen {
        listen: anywhere,
        admin_listen: anywhere,
    };
    let config: Config = settings::of_server(listen)?.build()?;
    let telemetry = Telemetry::start("recoup", &config.telemetry)?;
    let shutdown = Shutdown::on_signals(config.server.drain_timeout(), &Tasks::new())?;
    let surroundings = Surroundings {
        listen,
        time: Time::Sandbox { start },
        ..Surroundings::default()
    };
    let running = (&telemetry, shutdown);
    let installation = Installation::start(folder, surroundings, running).await?;
    let done = async { doing(calls(&installation)?).await }.await;
    installation.end().await?;
    done
}

/// Calls of the development tenant.
///
/// # Errors
/// The installation's key cannot be read.
pub fn calls(installation: &Installation) -> anyhow::Result<Calls> {
    let token = token::signed(installation.keys(), &Wish::default())?;
    let address = format!("http://{}", installation.address());
    authorized(Channel::from_shared(address)?.connect_lazy(), &token, None)
}

/// The morning of a day.
///
/// # Errors
/// The day is beyond the calendar.
pub fn morning(date: Date, zone: &TimeZone) -> anyhow::Result<Timestamp> {
    let zoned = date.at(MORNING, 0, 0, 0).to_zoned(zone.clone());
    Ok(zoned
        .with_context(|| format!("the morning of {date}"))?
        .timestamp())
}

/// The morning after a day: everything that falls due on it is done.
///
/// # Errors
/// The day is beyond the calendar.
pub fn morning_after(date: Date, zone: &TimeZone) -> anyhow::Result<Timestamp> {
    match date.checked_add(1.day()) {
        Ok(next) => morning(next, zone),
        Err(_) => bail!("{date} is the last day there is"),
    }
}
