//! Payments: money that came in, what it pays for, and what of it is left.
//!
//! | module | what it owns |
//! |---|---|
//! | [`domain`] | the rules; pure |
//! | [`store`] | the SQL |
//! | [`rpc`] | one file an RPC; `wire` and `error` between contract and domain |
//! | [`jobs`] | what goes on over several transactions, and the timers that drive it |
//! | [`clients`] | what is asked of invoicing |
//! | [`events`] | what others announce to us and, in `outbound`, what we announce |
//! | [`app`] | what the handlers work with |
//! | [`config`], [`metrics`] | settings; figures of operation |
//!
//! Money received lives here and nowhere else. What an invoice still owes is invoicing's: an amount
//! is set aside here, invoicing decides what it settles, and its answer is booked here.

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
pub const SERVICE: &str = "payments";

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
