//! One request id, one effect, the same answer (P3); other content, refused (P4).

use postgres::idempotency::{self, Begun, IdempotencyError, Key};
use postgres::{Database, DbError, TenantId, retried};

use crate::fixture::{OURS, THEIRS, balances, database, open_account, roomy_database};

fn key(tenant: TenantId, request_id: &str, content: u8) -> Key {
    Key {
        tenant,
        caller: "shop".to_owned(),
        method: "PayIn".to_owned(),
        request_id: request_id.to_owned(),
        fingerprint: [content; 32],
    }
}

/// Pays one in, once a key, and answers with the new balance.
async fn pay_in(db: &Database, key: &Key) -> Result<Vec<u8>, IdempotencyError> {
    retried(|| async {
        let mut tx = db.begin(key.tenant).await?;
        let first = match idempotency::begin_in_tx(&mut tx, key).await? {
            Begun::Replay(answer) => return Ok(answer),
            Begun::First(first) => first,
        };
        let balance: i32 = sqlx::query_scalar(
            "UPDATE account SET balance = balance + 1 WHERE tenant_id = $1 RETURNING balance",
        )
        .bind(key.tenant.uuid())
        .fetch_one(&mut *tx)
        .await?;
        let answer = balance.to_be_bytes().to_vec();
        first.finish_in_tx(&mut tx, &answer).await?;
        tx.commit().await?;
        Ok(answer)
    })
    .await
}

#[tokio::test]
async fn p3_a_repeat_gets_the_first_answer_and_does_nothing() {
    let (_test, db) = database().await;
    open_account(&db, OURS, "till", 0).await;
    let first = pay_in(&db, &key(OURS, "a", 0)).await.unwrap();
    pay_in(&db, &key(OURS, "b", 0)).await.unwrap();
    assert_eq!(pay_in(&db, &key(OURS, "a", 0)).await.unwrap(), first);
    assert_eq!(
        idempotency::stored(&db, &key(OURS, "a", 0)).await.unwrap(),
        Some(first)
    );
    assert_eq!(
        idempotency::stored(&db, &key(OURS, "c", 0)).await.unwrap(),
        None
    );
    assert_eq!(balances(&db, OURS).await, [("till".to_owned(), 2)]);
}

#[tokio::test]
async fn p3_twins_at_the_same_moment_act_once() {
    let (_test, db) = roomy_database().await;
    open_account(&db, OURS, "till", 0).await;
    for round in 0..50 {
        let key = key(OURS, &format!("twin-{round}"), 0);
        let (one, two) = tokio::join!(pay_in(&db, &key), pay_in(&db, &key));
        for outcome in [&one, &two] {
            assert!(
                matches!(outcome, Ok(_) | Err(IdempotencyError::InProgress)),
                "{outcome:?}"
            );
        }
        assert!(one.is_ok() || two.is_ok());
        if let (Ok(one), Ok(two)) = (one, two) {
            assert_eq!(one, two);
        }
    }
    assert_eq!(balances(&db, OURS).await, [("till".to_owned(), 50)]);
}

#[tokio::test]
async fn p4_a_request_that_is_still_running_is_named_as_such() {
    let (_test, db) = roomy_database().await;
    let key = key(OURS, "slow", 0);
    let mut tx = db.begin(OURS).await.unwrap();
    let Begun::First(first) = idempotency::begin_in_tx(&mut tx, &key).await.unwrap() else {
        panic!("nobody was before us");
    };
    assert!(matches!(
        pay_in(&db, &key).await,
        Err(IdempotencyError::InProgress)
    ));
    first.finish_in_tx(&mut tx, b"done").await.unwrap();
    tx.commit().await.unwrap();
    assert_eq!(pay_in(&db, &key).await.unwrap(), b"done");
}

#[tokio::test]
async fn p4_the_same_id_with_other_content_is_refused() {
    let (_test, db) = database().await;
    open_account(&db, OURS, "till", 0).await;
    pay_in(&db, &key(OURS, "a", 0)).await.unwrap();
    let mutated = key(OURS, "a", 1);
    assert!(matches!(
        pay_in(&db, &mutated).await,
        Err(IdempotencyError::Reused)
    ));
    assert!(matches!(
        idempotency::stored(&db, &mutated).await,
        Err(IdempotencyError::Reused)
    ));
    assert_eq!(balances(&db, OURS).await, [("till".to_owned(), 1)]);
}

#[tokio::test]
async fn p4_the_key_is_scoped_by_tenant_caller_and_method() {
    let (_test, db) = database().await;
    open_account(&db, OURS, "till", 0).await;
    open_account(&db, THEIRS, "till", 0).await;
    let ours = key(OURS, "a", 0);
    let other_caller = Key {
        caller: "bank".to_owned(),
        fingerprint: [9; 32],
        ..ours.clone()
    };
    let other_method = Key {
        method: "PayOut".to_owned(),
        fingerprint: [9; 32],
        ..ours.clone()
    };
    for key in [&ours, &key(THEIRS, "a", 9), &other_caller, &other_method] {
        pay_in(&db, key).await.unwrap();
    }
    assert_eq!(balances(&db, OURS).await, [("till".to_owned(), 3)]);
    assert_eq!(balances(&db, THEIRS).await, [("till".to_owned(), 1)]);
}

#[tokio::test]
async fn a_refused_request_leaves_no_trace_and_is_judged_afresh() {
    let (_test, db) = database().await;
    let key = key(OURS, "a", 0);
    // No account yet: the update finds no row.
    assert!(matches!(
        pay_in(&db, &key).await,
        Err(IdempotencyError::Db(_))
    ));
    assert_eq!(idempotency::stored(&db, &key).await.unwrap(), None);
    open_account(&db, OURS, "till", 0).await;
    pay_in(&db, &key).await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_refused_request_comes_again_at_once_and_does_not_meet_itself() {
    let (_test, db) = database().await;
    let key = key(OURS, "again", 1);
    for _ in 0..200 {
        let refused: Result<(), IdempotencyError> = retried(|| async {
            let mut tx = db.begin(OURS).await?;
            assert!(matches!(
                idempotency::begin_in_tx(&mut tx, &key).await?,
                Begun::First(_)
            ));
            Err(IdempotencyError::Reused)
        })
        .await;
        assert!(
            matches!(refused, Err(IdempotencyError::Reused)),
            "{refused:?}"
        );
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn p3_a_repeat_that_follows_an_answer_at_once_gets_it_too() {
    let (_test, db) = database().await;
    open_account(&db, OURS, "till", 0).await;
    let key = key(OURS, "again", 1);
    let first = pay_in(&db, &key).await.unwrap();
    for _ in 0..200 {
        assert_eq!(pay_in(&db, &key).await.unwrap(), first);
    }
}

#[tokio::test]
async fn answers_are_forgotten_after_30_days_and_not_before() {
    let (test, db) = database().await;
    open_account(&db, OURS, "till", 0).await;
    for id in ["old", "new"] {
        pay_in(&db, &key(OURS, id, 0)).await.unwrap();
    }
    let age = |id: &'static str, days: i32| {
        let url = test.superuser_url();
        async move {
            let pool = sqlx::PgPool::connect(&url)
                .await
                .map_err(DbError::from)
                .unwrap();
            sqlx::query(
                "UPDATE idempotency SET created_time = now() - make_interval(days => $2)
                  WHERE request_id = $1",
            )
            .bind(id)
            .bind(days)
            .execute(&pool)
            .await
            .unwrap();
            pool.close().await;
        }
    };
    age("old", 31).await;
    age("new", 29).await;
    assert_eq!(idempotency::forget_old(&db, 1_000).await.unwrap(), 1);
    assert_eq!(
        idempotency::stored(&db, &key(OURS, "old", 0))
            .await
            .unwrap(),
        None
    );
    assert!(
        idempotency::stored(&db, &key(OURS, "new", 0))
            .await
            .unwrap()
            .is_some()
    );
}
