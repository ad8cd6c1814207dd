//! A database of one's own: migrated, closed to other services, gone afterwards.

use std::panic::AssertUnwindSafe;

use sqlx::migrate::{Migration, MigrationType, Migrator};
use sqlx::{Connection, PgConnection, SqlSafeStr};
use testkit::{TestCluster, TestDatabase, eventually};
use tokio::task::JoinSet;

use crate::DEADLINE;

fn migrations(sql: &'static str) -> Migrator {
    let create = Migration::new(
        1,
        "create".into(),
        MigrationType::Simple,
        sql.into_sql_str(),
        false,
    );
    Migrator::with_migrations(vec![create])
}

fn note_migrations() -> Migrator {
    migrations(
        "CREATE TABLE note (id int PRIMARY KEY, text text NOT NULL);
         GRANT SELECT, INSERT ON note TO recoup_app;
         GRANT SELECT ON note TO recoup_background;",
    )
}

async fn connect(url: &str) -> PgConnection {
    PgConnection::connect(url).await.unwrap()
}

async fn exists(database: &str) -> bool {
    let mut admin = connect(TestCluster::shared().await.superuser_url()).await;
    sqlx::query_scalar("SELECT EXISTS (SELECT FROM pg_database WHERE datname = $1)")
        .bind(database)
        .fetch_one(&mut admin)
        .await
        .unwrap()
}

#[tokio::test]
async fn two_databases_share_the_schema_and_nothing_else() {
    let migrator = note_migrations();
    let (one, other) = tokio::join!(
        TestDatabase::new("testkit", &migrator),
        TestDatabase::new("testkit", &migrator)
    );
    let mut app = connect(&one.app_url()).await;
    sqlx::query("INSERT INTO note VALUES (1, 'mine')")
        .execute(&mut app)
        .await
        .unwrap();
    let mut background = connect(&other.background_url()).await;
    let count = sqlx::query_scalar::<_, i64>("SELECT count(*) FROM note");
    assert_eq!(count.fetch_one(&mut background).await.unwrap(), 0);
}

#[tokio::test]
async fn logins_have_the_rights_of_their_groups_and_no_more() {
    let database = TestDatabase::new("testkit", &note_migrations()).await;
    let mut app = connect(&database.app_url()).await;
    let refused = sqlx::query("DELETE FROM note")
        .execute(&mut app)
        .await
        .unwrap_err();
    assert!(
        refused.to_string().contains("permission denied"),
        "{refused}"
    );
    let mut owner = connect(&database.owner_url()).await;
    sqlx::query("DELETE FROM note")
        .execute(&mut owner)
        .await
        .unwrap();
    let mut superuser = connect(&database.superuser_url()).await;
    let owner_of_note: String =
        sqlx::query_scalar("SELECT tableowner::text FROM pg_tables WHERE tablename = 'note'")
            .fetch_one(&mut superuser)
            .await
            .unwrap();
    assert_eq!(owner_of_note, "testkit_owner");
}

#[tokio::test]
async fn another_services_logins_stay_outside() {
    let migrator = note_migrations();
    let ours = TestDatabase::new("testkit", &migrator).await;
    let theirs = TestDatabase::new("testkit_two", &migrator).await;
    let intruder = ours.app_url().replace("testkit_app", "testkit_two_app");
    assert!(theirs.app_url().contains("testkit_two_app"));
    let refused = PgConnection::connect(&intruder).await.unwrap_err();
    assert!(
        refused
            .to_string()
            .contains("permission denied for database"),
        "{refused}"
    );
}

#[tokio::test]
async fn a_changed_migration_gets_a_template_of_its_own() {
    let _before = TestDatabase::new("testkit", &note_migrations()).await;
    let after = TestDatabase::new("testkit", &migrations("CREATE TABLE letter (id int)")).await;
    let mut owner = connect(&after.owner_url()).await;
    sqlx::query("SELECT id FROM letter")
        .fetch_all(&mut owner)
        .await
        .unwrap();
    assert!(
        sqlx::query("SELECT id FROM note")
            .fetch_all(&mut owner)
            .await
            .is_err()
    );
}

#[tokio::test]
async fn a_template_left_half_made_is_made_anew() {
    let migrator = note_migrations();
    let service = "testkit_half";
    let failing = migrations("CREATE TABLE note (id int); SELECT 1 / 0");
    let mut first = JoinSet::new();
    first.spawn(async move { TestDatabase::new(service, &failing).await });
    assert!(first.join_next().await.unwrap().unwrap_err().is_panic());
    let database = TestDatabase::new(service, &migrator).await;
    let mut app = connect(&database.app_url()).await;
    sqlx::query("SELECT text FROM note")
        .fetch_all(&mut app)
        .await
        .unwrap();
}

#[tokio::test]
async fn the_database_goes_with_the_value_though_sessions_are_open() {
    let database = TestDatabase::new("testkit", &note_migrations()).await;
    let name = database.name().to_owned();
    let _session = connect(&database.app_url()).await;
    assert!(exists(&name).await);
    drop(database);
    assert!(!exists(&name).await);
}

#[tokio::test]
async fn the_database_goes_when_the_test_panics() {
    let database = TestDatabase::new("testkit", &note_migrations()).await;
    let name = database.name().to_owned();
    let test = AssertUnwindSafe(move || {
        let _database = database;
        panic!("a failed test");
    });
    assert!(std::panic::catch_unwind(test).is_err());
    assert!(!exists(&name).await);
}

#[tokio::test]
async fn an_own_cluster_stops_and_starts_without_the_others_noticing() {
    let shared = TestDatabase::new("testkit", &note_migrations()).await;
    let cluster = TestCluster::own().await;
    let database = cluster.database("testkit", &note_migrations()).await;
    let mut app = connect(&database.app_url()).await;
    sqlx::query("INSERT INTO note VALUES (1, 'kept')")
        .execute(&mut app)
        .await
        .unwrap();

    cluster
        .stores()
        .stop_postgres(stores::StopMode::Immediate)
        .await
        .unwrap();
    assert!(PgConnection::connect(&database.app_url()).await.is_err());
    connect(&shared.app_url()).await.ping().await.unwrap();

    cluster.stores().start_postgres().await.unwrap();
    let app_url = database.app_url();
    eventually(DEADLINE, "the note is there again", async || {
        let mut app = connect(&app_url).await;
        let text = sqlx::query_scalar::<_, String>("SELECT text FROM note WHERE id = 1");
        text.fetch_optional(&mut app).await.unwrap().as_deref() == Some("kept")
    })
    .await;
}
