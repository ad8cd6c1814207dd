//! Credit: who the tenant and its customers are, on what terms they buy, what they may owe, and
//! whether an order gets credit.
//!
//! | module | what it owns |
//! |---|---|
//! | [`domain`] | the rules; pure |
//! | [`store`] | the SQL |
//! | [`rpc`] | one file an RPC; `wire` and `error` between contract and domain |
//! | [`events`] | what others announce to us, and what we announce |
//! | [`jobs`] | what timers do |
//! | [`app`] | what the handlers work with |
//! | [`config`], [`metrics`] | settings; figures of operation |
//!
//! Customers live here and nowhere else; the other services learn them, the tenant's profile, the
//! rates and the granted terms from this service's feed. What is open of an invoice is invoicing's.

pub mod app;
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
pub const SERVICE: &str = "credit";

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
