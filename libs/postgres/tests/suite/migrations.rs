//! The runner: once at a time, never while serving, and what it found is checked.

use postgres::migrations::{self, MigrationError};
use postgres::{Database, PostgresConfig};
use sqlx::Connection as _;
use sqlx::migrate::Migrator;
use testkit::TestDatabase;

use crate::fixture::migrator;

/// Many times, without a pause: the end of a runner is the end of its lock.
#[tokio::test]
async fn running_again_at_once_changes_nothing() {
    let test = TestDatabase::new("mechanisms", &migrator()).await;
    for _ in 0..20 {
        migrations::run(&test.owner_url(), &migrator())
            .await
            .unwrap();
    }
}

#[tokio::test]
async fn two_runners_do_not_meet() {
    let test = TestDatabase::new("mechanisms", &migrator()).await;
    let mut first = sqlx::PgConnection::connect(&test.owner_url())
        .await
        .unwrap();
    sqlx::query("SELECT pg_advisory_lock(x'7265636f7570'::bigint)")
        .execute(&mut first)
        .await
        .unwrap();
    let second = migrations::run(&test.owner_url(), &migrator()).await;
    assert!(
        matches!(second, Err(MigrationError::AnotherRunner)),
        "{second:?}"
    );
    sqlx::query("SELECT pg_advisory_unlock_all()")
        .execute(&mut first)
        .await
        .unwrap();
    migrations::run(&test.owner_url(), &migrator())
        .await
        .unwrap();
}

#[tokio::test]
async fn a_schema_that_is_behind_is_refused_at_start_with_what_to_do() {
    let test = TestDatabase::new(
        "mechanisms",
        &migrations::merged(&[&migrations::MECHANISMS]),
    )
    .await;
    let config = PostgresConfig::with_urls(test.app_url(), test.background_url());
    let db = Database::connect(&config, "mechanisms").await.unwrap();
    migrations::check(&db, &migrations::MECHANISMS)
        .await
        .unwrap();
    let behind = migrations::check(&db, &migrator()).await.unwrap_err();
    assert_eq!(
        behind.to_string(),
        "the schema is at migration 4, this program needs 100: run the `migrate` subcommand first"
    );
}

#[test]
fn merged_migrations_stand_in_the_order_of_their_numbers() {
    let both: Migrator = migrator();
    let versions: Vec<i64> = both.iter().map(|migration| migration.version).collect();
    assert!(versions.is_sorted());
    assert_eq!(versions.last(), Some(&100));
}
