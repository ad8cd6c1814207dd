//! Statements without a transaction around them, and what this process knows of its transactions.

use std::time::Duration;

use postgres::{Activity, Database, OwnConnection};
use sqlx::{Connection as _, Row as _};
use testkit::{TestDatabase, eventually};

use crate::fixture::{OURS, THEIRS, balances, database, open_account};

/// How many accounts all tenants have.
async fn accounts(own: &mut OwnConnection) -> i64 {
    let rows = own.rows(|| sqlx::query("SELECT count(*) AS accounts FROM account"));
    rows.await.unwrap()[0].get("accounts")
}

async fn terminate(test: &TestDatabase, backend: i32) {
    let mut admin = sqlx::PgConnection::connect(&test.superuser_url())
        .await
        .unwrap();
    let ended: bool = sqlx::query_scalar("SELECT pg_terminate_backend($1, 5000)")
        .bind(backend)
        .fetch_one(&mut admin)
        .await
        .unwrap();
    assert!(ended);
}

#[tokio::test]
async fn an_own_connection_sees_all_tenants_and_each_time_what_is_committed_by_then() {
    let (_test, db) = database().await;
    let mut own = db.own_connection();
    open_account(&db, OURS, "till", 0).await;
    assert_eq!(accounts(&mut own).await, 1);
    open_account(&db, THEIRS, "till", 0).await;
    assert_eq!(accounts(&mut own).await, 2);
}

#[tokio::test]
async fn an_own_connection_that_died_looks_through_a_new_one() {
    let (test, db) = database().await;
    let mut own = db.own_connection();
    assert_eq!(accounts(&mut own).await, 0);
    let backend = own.rows(|| sqlx::query("SELECT pg_backend_pid() AS pid"));
    let backend: i32 = backend.await.unwrap()[0].get("pid");
    terminate(&test, backend).await;
    assert_eq!(accounts(&mut own).await, 0);
}

#[tokio::test]
async fn a_look_that_is_given_up_leaves_nothing_to_the_next_one() {
    let (_test, db) = database().await;
    let mut own = db.own_connection();
    assert_eq!(accounts(&mut own).await, 0);
    let slow = own.rows(|| sqlx::query("SELECT pg_sleep(10)"));
    let given_up = tokio::time::timeout(Duration::from_millis(50), slow).await;
    assert!(given_up.is_err());
    assert_eq!(accounts(&mut own).await, 0);
}

#[tokio::test]
async fn a_change_stands_at_once_and_is_not_repeated_where_the_connection_died() {
    let (test, db) = database().await;
    open_account(&db, OURS, "till", 1).await;
    let mut own = db.own_connection();
    let raise = || {
        sqlx::query("UPDATE account SET balance = balance + 1 RETURNING pg_backend_pid() AS pid")
    };
    let backend: i32 = own.change(raise()).await.unwrap()[0].get("pid");
    assert_eq!(balances(&db, OURS).await, [("till".to_owned(), 2)]);
    terminate(&test, backend).await;
    assert!(own.change(raise()).await.unwrap_err().is_unavailable());
    assert_eq!(own.change(raise()).await.unwrap().len(), 1);
    assert_eq!(balances(&db, OURS).await, [("till".to_owned(), 3)]);
}

#[tokio::test]
async fn a_commit_tells_its_news_and_nothing_else_does() {
    let (_test, db) = database().await;
    let news = db.news();
    let told = || news.has_changed().unwrap();
    db.begin(OURS).await.unwrap().commit().await.unwrap();
    let mut given_up = db.begin(OURS).await.unwrap();
    given_up.note_news();
    given_up.rollback().await.unwrap();
    let mut tx = db.begin_background().await.unwrap();
    tx.note_news();
    assert!(!told());
    tx.commit().await.unwrap();
    assert!(told());
}

#[tokio::test]
async fn a_transaction_goes_from_tenant_to_tenant_and_back() {
    let (_test, db) = database().await;
    open_account(&db, OURS, "till", 1).await;
    open_account(&db, THEIRS, "till", 2).await;
    let mut tx = db.begin(OURS).await.unwrap();
    for (tenant, balance) in [(OURS, 1), (THEIRS, 2), (THEIRS, 2), (OURS, 1)] {
        tx.set_tenant(tenant).await.unwrap();
        let seen: Vec<i32> = sqlx::query_scalar("SELECT balance FROM account")
            .fetch_all(&mut *tx)
            .await
            .unwrap();
        assert_eq!(seen, [balance]);
    }
    tx.commit().await.unwrap();
}

/// What was opened since `before`, and what is open.
fn since(before: Activity, db: &Database) -> (u64, u64) {
    let now = db.activity();
    (now.opened - before.opened, now.open)
}

#[tokio::test]
async fn transactions_that_may_change_something_are_counted_until_they_have_ended() {
    let (_test, db) = database().await;
    let before = db.activity();
    let writing = db.begin(OURS).await.unwrap();
    let background = db.begin_background().await.unwrap();
    assert_eq!(since(before, &db), (2, 2));
    writing.commit().await.unwrap();
    assert_eq!(since(before, &db), (2, 1));
    // Dropped, it counts as open until it is rolled back.
    drop(background);
    eventually(Duration::from_secs(5), "the roll back ends", async || {
        since(before, &db) == (2, 0)
    })
    .await;
    assert_eq!(balances(&db, OURS).await, []);
    assert_eq!(since(before, &db), (2, 0), "a read is not counted");
}
