//! `recoup up`: an installation for development, until Ctrl-C.

use calendar::Clock;
use jiff::Timestamp;
use runtime::{Shutdown, Tasks, Telemetry};

use crate::data_dir::DataDir;
use crate::installation::{Installation, Surroundings, Time};
use crate::settings::{self, Config, Listen};
use crate::token::{self, DEVELOPMENT_TENANT, Wish};

/// Starts every service with a private Postgres and Redis, and serves until Ctrl-C.
#[derive(Debug, Clone, clap::Args)]
pub struct Arguments {
    #[command(flatten)]
    data_dir: DataDir,
    #[command(flatten)]
    listen: Listen,
    /// Give all services one clock that stands still until ClockService.Advance moves it
    #[arg(long)]
    sandbox: bool,
    /// Where the clock of a new sandbox stands [default: now]
    #[arg(long, requires = "sandbox", value_name = "INSTANT")]
    start: Option<Timestamp>,
}

/// Runs the command: until SIGTERM or SIGINT.
///
/// # Errors
/// What keeps the installation from starting, or made its server fail.
pub async fn run(arguments: &Arguments) -> anyhow::Result<()> {
    let config: Config = settings::of_server(arguments.listen)?.build()?;
    let telemetry = Telemetry::start("recoup", &config.telemetry)?;
    let background = Tasks::new();
    // Before anything is started: from here on no signal ends this process unseen.
    let shutdown = Shutdown::on_signals(config.server.drain_timeout(), &background)?;
    let data_dir = arguments.data_dir.path();
    let running = (&telemetry, shutdown);
    let time = arguments.time();
    let surroundings = Surroundings {
        listen: arguments.listen,
        time,
        ..Surroundings::default()
    };
    let installation = Installation::start(&data_dir, surroundings, running).await?;
    greet(&installation, time)?;
    let outcome = installation.ended().await;
    telemetry.flush().await;
    outcome
}

impl Arguments {
    fn time(&self) -> Time {
        if self.sandbox {
            let start = self.start.unwrap_or_else(|| Clock::system().now());
            Time::Sandbox { start }
        } else {
            Time::OfTheSystem
        }
    }
}

fn greet(installation: &Installation, time: Time) -> anyhow::Result<()> {
    let token = token::signed(installation.keys(), &Wish::default())?;
    let (address, admin) = (installation.address(), installation.admin_address());
    let data_dir = installation.stores().data_dir().display();
    let mail = match installation.mail_dir() {
        Some(folder) => folder.display().to_string(),
        None => "leaves by the server of reminders' settings".to_owned(),
    };
    let hint = match time {
        Time::OfTheSystem => "",
        Time::Sandbox { .. } => {
            "A sandbox: its clock moves by recoup.sandbox.v1.ClockService/Advance alone.\n"
        }
    };
    let greeting = format!(
        "recoup is up at http://{address} (gRPC, gRPC-Web, reflection); http://{admin}/metrics\n\
         data   {data_dir}\n\
         mail   {mail}\n\
         tenant {DEVELOPMENT_TENANT}\n\
         token  {token}\n\
         \n\
         A call, for example with buf (.venv/bin/buf after `make install`) or grpcurl:\n\
         \n  \
         buf curl --protocol grpc --http2-prior-knowledge \\\n    \
         --header \"authorization: Bearer $(recoup token --data-dir {data_dir})\" \\\n    \
         http://{address}/recoup.invoicing.v1.NumberSeriesService/ListNumberSeries\n\
         \n\
         {hint}Ctrl-C ends it; the data stays.",
    );
    #[expect(clippy::print_stdout, reason = "the output of the command")]
    {
        println!("{greeting}");
    }
    Ok(())
}
