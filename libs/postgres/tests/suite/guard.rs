//! The guard against cancelled transactions (trap 1): whatever is dropped when, the
//! next borrower of the connection finds it idle.

use std::future::Future;
use std::pin::pin;
use std::task::Poll;
use std::time::Duration;

use postgres::{Database, DbError, Scope};
use stores::StopMode;
use testkit::TestCluster;

use crate::fixture::{OURS, THEIRS, balances, database, migrator, open_account};

/// Polls `work` up to `polls` times, as far as the network lets it, and drops it.
async fn cut_after<F: Future>(polls: usize, work: F) -> Option<F::Output> {
    let mut work = pin!(work);
    let mut left = polls;
    std::future::poll_fn(|context| match work.as_mut().poll(context) {
        Poll::Ready(output) => Poll::Ready(Some(output)),
        Poll::Pending if left == 0 => Poll::Ready(None),
        Poll::Pending => {
            left -= 1;
            Poll::Pending
        }
    })
    .await
}

async fn pay_in(db: &Database) -> Result<(), DbError> {
    let mut tx = db.begin(OURS).await?;
    sqlx::query("UPDATE account SET balance = balance + 1 WHERE tenant_id = $1 AND name = 'till'")
        .bind(OURS.uuid())
        .execute(&mut *tx)
        .await?;
    tx.commit().await
}

#[tokio::test]
async fn a_transaction_cut_at_any_moment_leaves_its_connection_idle() {
    let (_test, db) = database().await;
    open_account(&db, OURS, "till", 0).await;
    let (mut done, mut cut) = (0, 0);
    for polls in (0..6).cycle().take(600) {
        match cut_after(polls, pay_in(&db)).await {
            Some(outcome) => {
                outcome.unwrap();
                done += 1;
            }
            None => cut += 1,
        }
        // The one connection of the pool must be ours now, outside any transaction.
        let mut tx = db.begin(THEIRS).await.unwrap();
        let started_now: bool = sqlx::query_scalar(
            "SELECT pg_current_xact_id_if_assigned() IS NULL
                    AND current_setting('recoup.tenant_id') = $1",
        )
        .bind(THEIRS.to_string())
        .fetch_one(&mut *tx)
        .await
        .unwrap();
        assert!(
            started_now,
            "cut after {polls} polls, the next borrower was inside its transaction"
        );
        tx.rollback().await.unwrap();
    }
    assert!(
        done > 50 && cut > 50,
        "both must happen: {done} done, {cut} cut"
    );
    // A COMMIT that was cut may have been carried out or not; the balance is between.
    let balance = balances(&db, OURS).await[0].1;
    assert!(
        (done..=done + cut).contains(&balance),
        "{done} <= {balance} <= {done} + {cut}"
    );
}

#[tokio::test]
async fn a_dropped_transaction_is_rolled_back() {
    let (_test, db) = database().await;
    {
        let mut tx = db.begin(OURS).await.unwrap();
        sqlx::query("INSERT INTO account (tenant_id, name, balance) VALUES ($1, 'x', 1)")
            .bind(OURS.uuid())
            .execute(&mut *tx)
            .await
            .unwrap();
    }
    assert_eq!(balances(&db, OURS).await, []);
}

#[tokio::test]
async fn committing_a_failed_transaction_is_an_error_not_a_silent_rollback() {
    let (_test, db) = database().await;
    let mut tx = db.begin(OURS).await.unwrap();
    let failed = sqlx::query("SELECT 1 / 0").execute(&mut *tx).await;
    assert!(failed.is_err());
    assert!(tx.commit().await.is_err());
    // And the connection is usable again.
    open_account(&db, OURS, "x", 1).await;
}

#[tokio::test]
async fn a_statement_does_not_outlive_what_is_left_of_the_deadline() {
    let (_test, db) = database().await;
    let scope = Scope {
        tenant: OURS,
        left: Some(Duration::from_millis(50)),
    };
    let mut tx = db.begin(scope).await.unwrap();
    let slow = sqlx::query("SELECT pg_sleep(10)").execute(&mut *tx).await;
    assert!(DbError::from(slow.unwrap_err()).is_timeout());
    drop(tx);
    // The limit ended with its transaction.
    let mut tx = db.begin(OURS).await.unwrap();
    let limit: String = sqlx::query_scalar("SHOW statement_timeout")
        .fetch_one(&mut *tx)
        .await
        .unwrap();
    assert_eq!(limit, "5s");
    tx.rollback().await.unwrap();
}

#[tokio::test]
async fn after_a_restart_of_the_server_the_next_transaction_succeeds() {
    let cluster = TestCluster::own().await;
    let test = cluster.database("mechanisms", &migrator()).await;
    let config = postgres::PostgresConfig::with_urls(test.app_url(), test.background_url());
    let db = Database::connect(&config, "mechanisms").await.unwrap();
    open_account(&db, OURS, "till", 0).await;
    cluster
        .stores()
        .stop_postgres(StopMode::Immediate)
        .await
        .unwrap();
    cluster.stores().start_postgres().await.unwrap();
    pay_in(&db).await.unwrap();
    assert_eq!(balances(&db, OURS).await, [("till".to_owned(), 1)]);
}

async fn backend(db: &Database) -> i32 {
    let mut tx = db.begin(OURS).await.unwrap();
    let pid = sqlx::query_scalar("SELECT pg_backend_pid()");
    let pid = pid.fetch_one(&mut *tx).await.unwrap();
    tx.commit().await.unwrap();
    pid
}

#[tokio::test]
async fn a_connection_is_used_again_by_the_next_who_waits_no_longer_than_they_may() {
    let (_test, db) = database().await;
    let first = backend(&db).await;
    assert_eq!(backend(&db).await, first);
    // The only connection is taken: whoever comes is told, or gets it where it is free in time.
    let taken = db.begin(OURS).await.unwrap();
    assert!(matches!(db.begin(OURS).await, Err(DbError::PoolTimeout)));
    let (waited, freed) = tokio::join!(backend(&db), taken.commit());
    freed.unwrap();
    assert_eq!(waited, first);
    db.close();
    assert!(matches!(
        db.begin(OURS).await,
        Err(DbError::Unavailable(sqlx::Error::PoolClosed))
    ));
}
