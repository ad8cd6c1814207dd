//! Operations of several transactions: one request, one operation, one answer.

use jiff::Timestamp;
use postgres::idempotency::{IdempotencyError, Key};
use postgres::operations::{self, Operation, Started};
use serde_json::json;

use crate::fixture::{OURS, THEIRS, roomy_database};

fn key(content: u8) -> Key {
    Key {
        tenant: OURS,
        caller: "shop".to_owned(),
        method: "Apply".to_owned(),
        request_id: "a".to_owned(),
        fingerprint: [content; 32],
    }
}

async fn start(db: &postgres::Database, key: &Key) -> Result<Started, IdempotencyError> {
    let now = "2026-03-01T09:00:00Z".parse().unwrap();
    let mut tx = db.begin(key.tenant).await?;
    let started =
        operations::start_in_tx(&mut tx, key, "apply", &json!({"step": "reserved"}), now).await?;
    tx.commit().await?;
    Ok(started)
}

fn later() -> Timestamp {
    "2026-03-01T09:00:05Z".parse().unwrap()
}

fn existing(started: Started) -> Operation {
    match started {
        Started::Existing(operation) => operation,
        Started::New(_) => panic!("a second operation was started for one request"),
    }
}

#[tokio::test]
async fn a_repeat_finds_the_operation_as_it_stands_and_later_its_answer() {
    let (_test, db) = roomy_database().await;
    let Started::New(operation) = start(&db, &key(0)).await.unwrap() else {
        panic!("nobody was before us");
    };
    assert_eq!(existing(start(&db, &key(0)).await.unwrap()), operation);

    let mut tx = db.begin(OURS).await.unwrap();
    let locked = operations::lock_in_tx(&mut tx, OURS, operation.operation_id)
        .await
        .unwrap()
        .unwrap();
    operations::advance_in_tx(&mut tx, &locked, &json!({"step": "applied"}))
        .await
        .unwrap();
    operations::finish_in_tx(&mut tx, &locked, b"answer", later())
        .await
        .unwrap();
    tx.commit().await.unwrap();

    let ended = existing(start(&db, &key(0)).await.unwrap());
    assert_eq!(ended.progress, json!({"step": "applied"}));
    assert_eq!(ended.answer.as_deref(), Some(b"answer".as_slice()));
}

#[tokio::test]
async fn other_content_under_the_same_id_is_refused() {
    let (_test, db) = roomy_database().await;
    drop(start(&db, &key(0)).await.unwrap());
    assert!(matches!(
        start(&db, &key(1)).await,
        Err(IdempotencyError::Reused)
    ));
}

#[tokio::test]
async fn while_somebody_drives_it_a_repeat_is_told_so() {
    let (_test, db) = roomy_database().await;
    let Started::New(operation) = start(&db, &key(0)).await.unwrap() else {
        panic!("nobody was before us");
    };
    let mut tx = db.begin(OURS).await.unwrap();
    operations::lock_in_tx(&mut tx, OURS, operation.operation_id)
        .await
        .unwrap()
        .unwrap();
    assert!(matches!(
        start(&db, &key(0)).await,
        Err(IdempotencyError::InProgress)
    ));
    tx.rollback().await.unwrap();
    existing(start(&db, &key(0)).await.unwrap());
}

#[tokio::test]
async fn what_has_ended_is_answered_also_while_somebody_looks_at_it() {
    let (_test, db) = roomy_database().await;
    let Started::New(operation) = start(&db, &key(0)).await.unwrap() else {
        panic!("nobody was before us");
    };
    let mut tx = db.begin(OURS).await.unwrap();
    operations::finish_in_tx(&mut tx, &operation, b"answer", later())
        .await
        .unwrap();
    tx.commit().await.unwrap();

    let mut timer = db.begin(OURS).await.unwrap();
    operations::lock_in_tx(&mut timer, OURS, operation.operation_id)
        .await
        .unwrap()
        .unwrap();
    let repeated = existing(start(&db, &key(0)).await.unwrap());
    assert_eq!(repeated.answer.as_deref(), Some(b"answer".as_slice()));
    assert!(matches!(
        start(&db, &key(1)).await,
        Err(IdempotencyError::Reused)
    ));
    timer.rollback().await.unwrap();
}

#[tokio::test]
async fn an_operation_is_not_found_by_another_tenant() {
    let (_test, db) = roomy_database().await;
    let Started::New(operation) = start(&db, &key(0)).await.unwrap() else {
        panic!("nobody was before us");
    };
    let mut tx = db.begin(THEIRS).await.unwrap();
    for tenant in [OURS, THEIRS] {
        let found = operations::lock_in_tx(&mut tx, tenant, operation.operation_id)
            .await
            .unwrap();
        assert_eq!(found, None);
    }
    tx.rollback().await.unwrap();
}
