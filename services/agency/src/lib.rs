//! Agency: who collects for the tenant and on what terms, which debts are handed over and taken
//! back, and what comes of them.
//!
//! | module | what it owns |
//! |---|---|
//! | [`domain`] | the rules; pure |
//! | [`store`] | the SQL |
//! | [`rpc`] | one file an RPC; `wire` and `error` between contract and domain |
//! | [`events`] | what others announce to us and, in `outbound`, what we announce |
//! | [`jobs`] | what goes on by itself: placements driven on, runs judged, lines booked |
//! | [`clients`] | what we ask of reminders, invoicing and payments |
//! | [`app`] | what the handlers and the jobs work with |
//! | [`config`], [`metrics`] | settings; figures of operation |
//!
//! Whether a debtor may be contacted by us is reminders', what is owed is invoicing's, money that
//! came in is payments': all three are known here by their feeds, and asked where it counts.

pub mod app;
pub mod clients;
pub mod config;
pub mod domain;
pub mod events;
pub mod jobs;
pub mod metrics;
pub mod rpc;
pub mod store;

use calendar::Clock;
use postgres::migrations;
use runtime::{Health, Runner, Server, Shutdown, Tasks, Telemetry};
use sqlx::migrate::Migrator;
use tokio::net::TcpListener;

use crate::app::App;
use crate::config::Config;

/// The name of the service: in its feed, its tokens, its errors and its figures.
pub const SERVICE: &str = "agency";

/// The mechanisms' migrations and the service's own.
#[must_use]
pub fn migrations() -> Migrator {
    let own = sqlx::migrate!("./migrations");
    migrations::merged(&[
        &migrations::MECHANISMS,
        &::events::MIGRATIONS,
        &timers::MIGRATIONS,
        &own,
    ])
}

/// Serves on `listener` until the shutdown is asked for, and drains.
///
/// # Errors
/// A setting that is wrong, a database that is out of reach, unfit or behind, or a
/// server that cannot start.
pub async fn run(
    config: &Config,
    listener: TcpListener,
    clock: Clock,
    telemetry: &Telemetry,
    shutdown: Shutdown,
) -> anyhow::Result<()> {
    let tasks = Tasks::new();
    let app = App::start(config, clock, telemetry, &tasks, &shutdown).await?;
    let settings = (&config.server, &config.tls, &config.auth);
    let server = Server::from_config(SERVICE, settings, telemetry, &tasks, &shutdown).await?;
    let services = rpc::services(&app, &Runner::new(SERVICE, tasks.clone()));
    let health = Health::new().await;
    health.serving().await;
    Ok(server.serve(listener, services, &health).await?)
}
