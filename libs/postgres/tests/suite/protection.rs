//! What the runtime roles can and cannot do (P8, P28).

use postgres::{Database, DbError, PostgresConfig, audit};
use serde_json::json;
use sqlx::Connection as _;

use crate::fixture::{OURS, THEIRS, balances, database, open_account};

#[tokio::test]
async fn p28_a_tenant_sees_and_changes_its_own_rows_even_without_a_predicate() {
    let (_test, db) = database().await;
    open_account(&db, OURS, "till", 1).await;
    open_account(&db, THEIRS, "till", 2).await;
    assert_eq!(balances(&db, OURS).await, [("till".to_owned(), 1)]);

    let mut tx = db.begin(OURS).await.unwrap();
    let changed = sqlx::query("UPDATE account SET balance = 9")
        .execute(&mut *tx)
        .await
        .unwrap();
    assert_eq!(changed.rows_affected(), 1);
    tx.commit().await.unwrap();
    assert_eq!(balances(&db, THEIRS).await, [("till".to_owned(), 2)]);
}

#[tokio::test]
async fn p28_a_row_cannot_be_written_for_another_tenant() {
    let (_test, db) = database().await;
    let mut tx = db.begin(OURS).await.unwrap();
    let foreign = sqlx::query("INSERT INTO account (tenant_id, name, balance) VALUES ($1, 'x', 1)")
        .bind(THEIRS.uuid())
        .execute(&mut *tx)
        .await;
    assert!(
        foreign
            .unwrap_err()
            .to_string()
            .contains("row-level security")
    );
}

#[tokio::test]
async fn p28_without_a_tenant_the_serving_role_gets_an_error_not_an_empty_answer() {
    let (test, _db) = database().await;
    let mut connection = sqlx::PgConnection::connect(&test.app_url()).await.unwrap();
    let missing = sqlx::query("SELECT * FROM account")
        .execute(&mut connection)
        .await;
    assert!(missing.is_err(), "a missing setting must raise");
    // After a transaction that had one, the setting is there but empty.
    for statement in [
        "BEGIN",
        "SELECT set_config('recoup.tenant_id', gen_random_uuid()::text, true)",
        "COMMIT",
    ] {
        sqlx::query(statement)
            .execute(&mut connection)
            .await
            .unwrap();
    }
    let empty = sqlx::query("SELECT * FROM account")
        .execute(&mut connection)
        .await;
    assert!(empty.is_err(), "an empty setting must raise");
}

#[tokio::test]
async fn the_background_role_sees_all_tenants() {
    let (_test, db) = database().await;
    open_account(&db, OURS, "till", 1).await;
    open_account(&db, THEIRS, "till", 2).await;
    let mut tx = db.begin_background().await.unwrap();
    let all: i64 = sqlx::query_scalar("SELECT count(*) FROM account")
        .fetch_one(&mut *tx)
        .await
        .unwrap();
    assert_eq!(all, 2);
    tx.commit().await.unwrap();
}

#[tokio::test]
async fn p8_entries_of_the_audit_log_can_be_added_and_nothing_else() {
    let (_test, db) = database().await;
    let entry = audit::Entry {
        tenant: OURS,
        actor: "clerk".to_owned(),
        caller: "shop".to_owned(),
        method: "PayIn".to_owned(),
        request_id: "a".to_owned(),
        subject: "account/till".to_owned(),
        facts: json!({"by": 1}),
        traceparent: String::new(),
        recorded_time: "2026-03-01T09:00:00Z".parse().unwrap(),
    };
    let mut tx = db.begin(OURS).await.unwrap();
    audit::record_in_tx(&mut tx, &entry).await.unwrap();
    tx.commit().await.unwrap();
    for tampering in [
        "UPDATE audit_entry SET actor = 'nobody'",
        "DELETE FROM audit_entry",
        "TRUNCATE audit_entry",
    ] {
        let mut tx = db.begin(OURS).await.unwrap();
        let refused = sqlx::query(tampering).execute(&mut *tx).await.unwrap_err();
        assert!(
            refused.to_string().contains("permission denied"),
            "{tampering}: {refused}"
        );
    }
}

#[tokio::test]
async fn every_tenant_table_is_closed() {
    let (test, _db) = database().await;
    let mut connection = sqlx::PgConnection::connect(&test.superuser_url())
        .await
        .unwrap();
    let open: Vec<String> = sqlx::query_scalar(
        "SELECT c.relname::text FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid
          WHERE c.relkind = 'r' AND a.attname = 'tenant_id'
            AND NOT (c.relrowsecurity AND c.relforcerowsecurity)",
    )
    .fetch_all(&mut connection)
    .await
    .unwrap();
    assert_eq!(open, Vec::<String>::new());
}

#[tokio::test]
async fn a_role_that_passes_by_row_level_security_is_refused_at_start() {
    let (test, _db) = database().await;
    let config = PostgresConfig::with_urls(test.superuser_url(), test.background_url());
    let refused = Database::connect(&config, "mechanisms").await;
    assert!(
        matches!(&refused, Err(DbError::Unfit(why)) if why.contains("row-level security")),
        "{refused:?}"
    );
}

#[tokio::test]
async fn p2_a_server_that_acknowledges_before_it_is_durable_is_refused_at_start() {
    let (test, _db) = database().await;
    let mut connection = sqlx::PgConnection::connect(&test.superuser_url())
        .await
        .unwrap();
    let unsafe_database = format!(
        "ALTER DATABASE {} SET synchronous_commit = off",
        test.name()
    );
    sqlx::query(sqlx::AssertSqlSafe(unsafe_database))
        .execute(&mut connection)
        .await
        .unwrap();
    let config = PostgresConfig::with_urls(test.app_url(), test.background_url());
    let refused = Database::connect(&config, "mechanisms").await;
    assert!(
        matches!(&refused, Err(DbError::Unfit(why)) if why.contains("synchronous_commit")),
        "{refused:?}"
    );
}
