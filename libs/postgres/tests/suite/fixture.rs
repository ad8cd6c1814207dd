//! A service with one tenant table, to try the mechanisms on.

use postgres::{Database, PostgresConfig, TenantId, migrations};
use sqlx::migrate::{Migration, MigrationType, Migrator};
use testkit::TestDatabase;
use uuid::Uuid;

/// The tenant most tests act for.
pub const OURS: TenantId = TenantId::new(Uuid::from_u128(1));
/// Another tenant, with rows of its own.
pub const THEIRS: TenantId = TenantId::new(Uuid::from_u128(2));

const ACCOUNT: &str = "
    CREATE TABLE account (
        tenant_id uuid NOT NULL, name text NOT NULL, balance int NOT NULL,
        PRIMARY KEY (tenant_id, name),
        CONSTRAINT never_negative CHECK (balance >= 0)
    );
    SELECT recoup_protect('account', 'SELECT, INSERT, UPDATE');";

/// The mechanisms' migrations and the table of this service.
pub fn migrator() -> Migrator {
    let own = Migration::new(
        100,
        "account".into(),
        MigrationType::Simple,
        sqlx::SqlStr::from_static(ACCOUNT),
        false,
    );
    migrations::merged(&[
        &migrations::MECHANISMS,
        &Migrator::with_migrations(vec![own]),
    ])
}

/// A database of this test's own and the service's pools on it, each of one
/// connection: whatever a transaction leaves behind meets the next one.
pub async fn database() -> (TestDatabase, Database) {
    let test = TestDatabase::new("mechanisms", &migrator()).await;
    let mut config = PostgresConfig::with_urls(test.app_url(), test.background_url());
    config.pools = postgres::PoolSizes {
        write: 1,
        read: 1,
        report: 1,
        background: 1,
    };
    let db = Database::connect(&config, "mechanisms").await.unwrap();
    (test, db)
}

/// The same with the default number of connections.
pub async fn roomy_database() -> (TestDatabase, Database) {
    let test = TestDatabase::new("mechanisms", &migrator()).await;
    let config = PostgresConfig::with_urls(test.app_url(), test.background_url());
    let db = Database::connect(&config, "mechanisms").await.unwrap();
    (test, db)
}

/// Opens an account.
pub async fn open_account(db: &Database, tenant: TenantId, name: &str, balance: i32) {
    let mut tx = db.begin(tenant).await.unwrap();
    sqlx::query("INSERT INTO account (tenant_id, name, balance) VALUES ($1, $2, $3)")
        .bind(tenant.uuid())
        .bind(name)
        .bind(balance)
        .execute(&mut *tx)
        .await
        .unwrap();
    tx.commit().await.unwrap();
}

/// All balances a tenant sees, by name.
pub async fn balances(db: &Database, tenant: TenantId) -> Vec<(String, i32)> {
    let mut tx = db.begin_read(tenant).await.unwrap();
    let rows = sqlx::query_as("SELECT name, balance FROM account ORDER BY name")
        .fetch_all(&mut *tx)
        .await
        .unwrap();
    tx.commit().await.unwrap();
    rows
}
