//! The five databases, as the superuser reads them: past row-level security, all tenants at once.

use anyhow::Context as _;
use sqlx::{Connection as _, PgConnection};
use stores::{SUPERUSER, Stores};

/// A connection to each.
#[derive(Debug)]
pub(super) struct Databases {
    pub credit: PgConnection,
    pub invoicing: PgConnection,
    pub payments: PgConnection,
    pub reminders: PgConnection,
    pub agency: PgConnection,
}

impl Databases {
    /// Connects to all of them.
    ///
    /// # Errors
    /// One does not answer.
    pub(super) async fn open(stores: &Stores) -> anyhow::Result<Self> {
        Ok(Self {
            credit: connected(stores, "credit").await?,
            invoicing: connected(stores, "invoicing").await?,
            payments: connected(stores, "payments").await?,
            reminders: connected(stores, "reminders").await?,
            agency: connected(stores, "agency").await?,
        })
    }
}

/// A connection that can only read.
async fn connected(stores: &Stores, database: &str) -> anyhow::Result<PgConnection> {
    let url = stores.postgres_url(database, SUPERUSER)?;
    let connection = PgConnection::connect(&url).await;
    let mut connection = connection.with_context(|| format!("the database of {database}"))?;
    let read_only = "SET SESSION CHARACTERISTICS AS TRANSACTION READ ONLY";
    sqlx::query(read_only).execute(&mut connection).await?;
    Ok(connection)
}
