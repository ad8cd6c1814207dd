//! The supervisor against real servers and real processes.

#![expect(
    clippy::unwrap_used,
    reason = "what a test needs and cannot have fails the test"
)]

mod lifecycle;
mod provision;
mod with_stores;

use std::time::Duration;

use sqlx::{Connection, PgConnection};
use stores::{ScratchDir, Stores, StoresConfig};

/// Long enough for two slow cores.
const DEADLINE: Duration = Duration::from_secs(30);

async fn start(scratch: &ScratchDir) -> Stores {
    Stores::start(StoresConfig::new(scratch.path()))
        .await
        .unwrap()
}

async fn connect(url: &str) -> PgConnection {
    PgConnection::connect(url).await.unwrap()
}

async fn run(url: &str, statement: &'static str) {
    sqlx::raw_sql(statement)
        .execute(&mut connect(url).await)
        .await
        .unwrap();
}

async fn redis(url: &str) -> redis::aio::MultiplexedConnection {
    redis::Client::open(url)
        .unwrap()
        .get_multiplexed_async_connection()
        .await
        .unwrap()
}
