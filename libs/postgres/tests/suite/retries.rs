//! Deadlocks and constraints, as the database really reports them.

use postgres::{Database, DbError, TenantId, retried};
use tokio::sync::Barrier;

use crate::fixture::{OURS, balances, database, open_account, roomy_database};

/// Moves one from account to account, locking them in the order given: two in
/// opposite directions deadlock.
async fn transfer(
    db: &Database,
    barrier: Option<&Barrier>,
    from: &str,
    to: &str,
) -> Result<(), DbError> {
    let mut tx = db.begin(OURS).await?;
    add_in_tx(&mut tx, OURS, from, -1).await?;
    if let Some(barrier) = barrier {
        barrier.wait().await;
    }
    add_in_tx(&mut tx, OURS, to, 1).await?;
    tx.commit().await
}

async fn add_in_tx(
    tx: &mut postgres::Tx,
    tenant: TenantId,
    name: &str,
    amount: i32,
) -> Result<(), DbError> {
    sqlx::query("UPDATE account SET balance = balance + $3 WHERE tenant_id = $1 AND name = $2")
        .bind(tenant.uuid())
        .bind(name)
        .bind(amount)
        .execute(&mut **tx)
        .await?;
    Ok(())
}

#[tokio::test]
async fn a_deadlock_is_done_again_and_never_shown() {
    let (_test, db) = roomy_database().await;
    for name in ["a", "b"] {
        open_account(&db, OURS, name, 10).await;
    }
    let barrier = Barrier::new(2);
    // The barrier only the first time round: it makes the deadlock certain.
    let once = |from: &'static str, to: &'static str| {
        let (db, barrier) = (&db, &barrier);
        let first = std::cell::Cell::new(true);
        retried(move || transfer(db, first.replace(false).then_some(barrier), from, to))
    };
    let (one, two) = tokio::join!(once("a", "b"), once("b", "a"));
    one.unwrap();
    two.unwrap();
    assert_eq!(
        balances(&db, OURS).await,
        [("a".to_owned(), 10), ("b".to_owned(), 10)]
    );
}

#[tokio::test]
async fn a_refusing_constraint_is_named_and_not_retried() {
    let (_test, db) = database().await;
    open_account(&db, OURS, "a", 0).await;
    let runs = std::cell::Cell::new(0);
    let refused = retried(|| {
        runs.set(runs.get() + 1);
        transfer(&db, None, "a", "b")
    })
    .await
    .unwrap_err();
    assert_eq!(refused.constraint(), Some("never_negative"));
    assert_eq!(runs.get(), 1);
}
